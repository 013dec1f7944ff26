"""Values of Arrow arrays as text: exact decimals, ISO 8601, nested values as JSON."""

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Convert = Callable[[pa.Array], pa.Array]
_ZERO_FRACTION = r"\.0+$"
_NO_NUMBERS = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def as_text(values: pa.Array) -> pa.Array:
    """Convert an array to text; null stays null.

    - Numbers: decimals as they are, floats with the fewest digits that give the same float, whole
      ones without a point; ``NaN``, ``Infinity`` and ``-Infinity`` as in JSON.
    - Times: ``2024-05-01T10:00:00.123``, in UTC with ``Z`` if the type has a zone; a time that
      has none stays local. Dates: ``2024-05-01``.
    - Booleans: ``true`` and ``false``. Bytes: their UTF-8, an invalid byte as U+FFFD.
    - Lists, structs and maps: compact JSON, a map as an object.
    """
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return _by_value(values)
    if pa.types.is_dictionary(kind):
        return as_text(values.dictionary_decode())
    for tests, convert in _CONVERTED:
        if any(test(kind) for test in tests):
            return convert(values)
    return _by_value(values)


def _times(values: pa.Array) -> pa.Array:
    local = values.cast(pa.timestamp(values.type.unit)).cast(pa.large_string())
    text = pc.replace_substring_regex(local, _ZERO_FRACTION, "")
    text = pc.replace_substring(text, " ", "T")
    if values.type.tz is None:
        return text
    zone, nothing = (pa.scalar(each, pa.large_string()) for each in ("Z", ""))
    return pc.binary_join_element_wise(text, zone, nothing)


def _times_of_day(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values.cast(pa.large_string()), _ZERO_FRACTION, "")


def _floats(values: pa.Array) -> pa.Array:
    # Widened, 0.1 of 32 bits would become 0.10000000149011612.
    whole = values.cast(pa.float32()) if pa.types.is_float16(values.type) else values
    text = pc.replace_substring_regex(whole.cast(pa.large_string()), _ZERO_FRACTION, "")
    for spelled, name in _NO_NUMBERS.items():
        text = pc.if_else(pc.equal(text, spelled), pa.scalar(name, pa.large_string()), text)
    return text


def _as_it_is(values: pa.Array) -> pa.Array:
    return values.cast(pa.large_string())


def _texts(values: pa.Array) -> pa.Array:
    data = values.cast(pa.large_binary())
    try:
        return data.cast(pa.large_string())
    except pa.ArrowInvalid:
        found = data.to_pylist()
    valid = (each if each is None else each.decode(errors="replace") for each in found)
    return pa.array(valid, pa.large_string())


def _by_value(values: pa.Array) -> pa.Array:
    return pa.array(
        [_text(value) for value in values.to_pylist(maps_as_pydicts="lossy")], pa.large_string()
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return _json(value)
    return _scalar(value)


def _json(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{_quoted(_text(key) or '')}:{_json(each)}" for key, each in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float | Decimal):
        return _scalar(value)
    return _quoted(_text(value) or "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _scalar(value: Any) -> str:
    """Write a value of a Parquet file, or one inside a list, struct or map, as text for bronze."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return time_text(value) if isinstance(value, date | time) else str(value)


def number_text(value: float) -> str:
    """Write a number with the fewest digits that give the same number; whole ones without point."""
    if math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1 << 53 else repr(value)
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def time_text(value: date | time) -> str:
    """Write a date, a time or both in ISO 8601, with ``Z`` for UTC."""
    text = value.isoformat()
    zoned = isinstance(value, datetime) and value.utcoffset() is not None
    return text.replace("+00:00", "Z") if zoned else text


_CONVERTED: tuple[tuple[tuple[Callable[[pa.DataType], bool], ...], Convert], ...] = (
    ((pa.types.is_timestamp,), _times),
    ((pa.types.is_time,), _times_of_day),
    ((pa.types.is_floating,), _floats),
    ((pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view), _texts),
    ((pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view), _texts),
    ((pa.types.is_fixed_size_binary,), _texts),
    ((pa.types.is_integer, pa.types.is_boolean, pa.types.is_decimal), _as_it_is),
    ((pa.types.is_date, pa.types.is_null), _as_it_is),
)
"""Tests of a type, and how its arrays become text."""
