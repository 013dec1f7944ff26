"""JSON parsed by Python's parser: values, and records with text by key."""

import json
from collections.abc import Sequence
from typing import Any

LONGEST_NUMBER, LONGEST_KEY = 1_000, 50_000
"""Limits of Spark's parser, in characters."""
Record = list[tuple[str, str | None]]
_NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_ESCAPES = str.maketrans({chr(code): f"\\u{code:04X}" for code in range(32)} | _NAMED)


class Number(str):
    """A number exactly as written."""

    __slots__ = ()

    def __new__(cls, text: str) -> "Number":
        """Check the length.

        Raises:
            ValueError: The number is too long.
        """
        if len(text) > LONGEST_NUMBER:
            raise ValueError("the number is too long")
        return super().__new__(cls, text)


class Pairs(list[tuple[str, Any]]):
    """The keys and values of an object in order, with repeated keys."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """Check the keys.

        Raises:
            ValueError: A key is too long.
        """
        if any(len(key) > LONGEST_KEY for key, _ in pairs):
            raise ValueError("a key is too long")
        super().__init__(pairs)


DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=Number
)
ANY_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where a value ends that ``DECODER`` refuses for its keys or numbers."""


def records_of(value: Any, text: str, path: Sequence[str] = ()) -> list[Record] | None:
    """Convert a parsed object into records of text by key.

    Args:
        value: The value.
        text: The JSON that it was parsed from.
        path: Keys to the list whose elements are records (``each``); else the object is one record.

    Returns:
        The records; None for another value than an object, a key twice, or half a character.
    """
    if not isinstance(value, Pairs):
        return None
    records = _unnested(value, path, "") if path else [_texts(value, "")]
    if len(dict(value)) < len(value) or any(len(dict(one)) < len(one) for one in records):
        return None
    return records if "\\u" not in text or _is_text(records) else None


def _is_text(records: list[Record]) -> bool:
    try:
        "".join(f"{key}{text}" for record in records for key, text in record).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnested(parent: Pairs, path: Sequence[str], prefix: str) -> list[Record]:
    key, *deeper = path
    own = _texts(Pairs([(name, value) for name, value in parent if name != key]), prefix)
    found = dict(parent).get(key)
    elements = found if isinstance(found, list) and not isinstance(found, Pairs) else [found]
    if found is None or not elements:
        return [own]
    inner = [_element(element, deeper, prefix + key) for element in elements]
    return [own + record for records in inner for record in records]


def _element(value: Any, path: Sequence[str], name: str) -> list[Record]:
    if not isinstance(value, Pairs):
        return [[(name, _text(value))]]
    return _unnested(value, path, f"{name}.") if path else [_texts(value, f"{name}.")]


def _texts(pairs: Pairs, prefix: str) -> Record:
    return [(prefix + key, _text(value)) for key, value in pairs]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value) if isinstance(value, str) else compact(value)


def compact(value: Any) -> str:
    """Write a value as compact JSON, numbers as they are written in the file."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{compact(key)}:{compact(each)}" for key, each in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]
