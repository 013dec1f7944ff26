"""JSON lines parsed with Python's parser into Arrow, as ``json_files`` defines records."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from goldrun.io.sources.arrow_lines import RECORDS, Parsed
from goldrun.io.sources.json_files import LONGEST_KEY, LONGEST_NUMBER

_NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPES = str.maketrans({chr(code): f"\\u{code:04X}" for code in range(32)} | _NAMED)


class _Number(str):
    """A number exactly as written."""

    __slots__ = ()

    def __new__(cls, text: str) -> "_Number":
        if len(text) > LONGEST_NUMBER:
            raise ValueError("the number is too long")
        return super().__new__(cls, text)


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object in order, with repeated keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        if any(len(key) > LONGEST_KEY for key, _ in pairs):
            raise ValueError("a key is too long")
        super().__init__(pairs)


def parse_json(lines: pa.Array) -> Parsed:
    """Parse lines without line ends."""
    found = [_record(line) for line in lines.to_pylist()]
    records = pa.array([record or [] for record in found], RECORDS)
    accepted = pa.array([record is not None for record in found], pa.bool_())
    return records, pc.if_else(accepted, pa.scalar(None, pa.large_string()), lines)


def _record(line: str) -> list[tuple[str, str | None]] | None:
    """Parse a line into text by key; None for a malformed line."""
    try:
        value = json.loads(
            line,
            object_pairs_hook=_Pairs,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
        )
        if not isinstance(value, _Pairs) or len(dict(value)) < len(value):
            return None
        record = [(key, _text(each)) for key, each in value]
        if "\\u" in line:
            # Encoding fails on half a character.
            "".join(f"{key}{text}" for key, text in record).encode()
    except (ValueError, RecursionError):
        return None
    return record


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value) if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{_compact(key)}:{_compact(each)}" for key, each in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]
