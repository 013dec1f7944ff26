"""JSON lines taken apart in this process, as ``json_files`` has Spark do it."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from goldrun.io.engines.sail.arrow_lines import RECORDS, Taken

_NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPES = str.maketrans({chr(code): f"\\u{code:04X}" for code in range(32)} | _NAMED)


_LONGEST_NUMBER, _LONGEST_KEY = 1_000, 50_000
"""What Spark's parser takes no more than."""


class _Number(str):
    """A number as it is written."""

    __slots__ = ()

    def __new__(cls, text: str) -> "_Number":
        if len(text) > _LONGEST_NUMBER:
            raise ValueError("too long a number")
        return super().__new__(cls, text)


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, in order, repeats and all."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        if any(len(key) > _LONGEST_KEY for key, _ in pairs):
            raise ValueError("too long a key")
        super().__init__(pairs)


def take_json_apart(lines: pa.Array) -> Taken:
    """Make records of lines; see ``json_files.parse_json`` for which are malformed."""
    found = [_record(line) for line in lines.to_pylist()]
    records = pa.array([record or [] for record in found], RECORDS)
    good = pa.array([record is not None for record in found], pa.bool_())
    return records, pc.if_else(good, pa.scalar(None, pa.large_string()), lines)


def _record(line: str) -> list[tuple[str, str | None]] | None:
    """Text by key of the object that a line is; None when it is not exactly one."""
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
            # Half a character is no text.
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
