"""What a value of the mapping language is: its kind, its number type, and how it is computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import Column
from pyspark.sql import types as T


@dataclass(frozen=True)
class Record:
    """What an expression is computed of.

    Attributes:
        columns: Text columns of a record by the file's own names.
        zone: The source's time zone, whose abbreviations are read; None where it has none.
    """

    columns: Mapping[str, Column]
    zone: str | None = None


Build = Callable[[Record], Column]

MOST_DIGITS = 38
"""Digits that a decimal has at most, in every engine."""


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    """Computed as ISO 8601 text: with ``Z`` or an offset an instant, without a local time."""
    LIST = "list of texts"
    """Of ``split`` and ``array``; an index takes one text of it."""
    ROW = "struct"
    """Of ``struct``; ``to_json`` makes text of it."""
    NULL = "null"


@dataclass(frozen=True)
class NumberType:
    """Digits of a number.

    Attributes:
        precision: Digits in all, at most 38.
        scale: Digits after the point.
        is_wide: Whether it is the type of ``double``, whose values are as long as they are
            written: more decimals than it has are cut, so that rounding the value to fewer digits
            is right, and its text has no zeros at the end.
    """

    precision: int
    scale: int
    is_wide: bool = False

    @property
    def whole(self) -> int:
        """Digits before the point."""
        return self.precision - self.scale

    @property
    def spark(self) -> T.DecimalType:
        """The type that engines compute with."""
        return T.DecimalType(self.precision, self.scale)


WIDE = NumberType(MOST_DIGITS, 18, is_wide=True)
"""Of ``double``, of quotients, and of what has too many digits for a type of its own."""
INTEGERS = {
    "tinyint": NumberType(3, 0),
    "smallint": NumberType(5, 0),
    "int": NumberType(10, 0),
    "bigint": NumberType(19, 0),
}
"""Integer types by name, each with its digits."""


@dataclass(frozen=True)
class Value:
    """A checked expression.

    Attributes:
        kind: What it gives.
        build: Makes the column that computes it.
        reads: File columns that it reads.
        number: Type of a number; None for other kinds.
        literal: What is written, for a literal text, integer or boolean; None for all else.
        size: Parts that its column has: a value that is used twice counts twice.
        null_is_meant: Whether the expression makes null of some texts, by ``nullif`` or a
            condition; otherwise a time that is null of a text that is there is a fault.
    """

    kind: Kind
    build: Build
    reads: frozenset[str] = frozenset()
    number: NumberType | None = None
    literal: str | int | bool | None = None
    size: int = 1
    null_is_meant: bool = False

    @property
    def type(self) -> NumberType:
        """Type of a number."""
        if self.number is None:
            raise TypeError(f"a {self.kind} has no number type")
        return self.number


class ExpressionError(ValueError):
    """Part of an expression is not of the language; the message says what to write instead."""
