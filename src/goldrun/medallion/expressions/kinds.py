"""Values of the mapping language: kind, number type, and the column that computes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import Column
from pyspark.sql import types as T


@dataclass(frozen=True)
class Record:
    """The input of an expression.

    Attributes:
        columns: Text columns of a record, by their names in the file.
        zone: The source's time zone, whose abbreviations are accepted; None if none is declared.
    """

    columns: Mapping[str, Column]
    zone: str | None = None


Build = Callable[[Record], Column]

MOST_DIGITS = 38
"""Digits that a decimal has at most, in every engine."""


class Kind(StrEnum):
    """Kind of a value."""

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
        is_wide: Whether it is the type of ``double``, whose values keep the decimals of their text:
            further decimals are cut such that rounding to fewer digits stays right, and its
            text has no trailing zeros.
    """

    precision: int
    scale: int
    is_wide: bool = False

    @property
    def whole(self) -> int:
        """Number of digits before the decimal point."""
        return self.precision - self.scale

    @property
    def spark(self) -> T.DecimalType:
        """Spark type of the number."""
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
        kind: Kind of the value.
        build: Builds the column that computes it from a record.
        reads: File columns that it reads.
        number: Type of a number; None for other kinds.
        literal: The value of a literal text, integer or boolean; None for every other value.
        size: Number of nodes of its column; a part that is used twice counts twice.
        null_is_meant: Whether the expression turns some texts into null on purpose, by ``nullif``
            or a condition; otherwise a null time of a text that is not null is a parse error.
    """

    kind: Kind
    build: Build
    reads: frozenset[str] = frozenset()
    number: NumberType | None = None
    literal: str | int | bool | None = None
    size: int = 1
    null_is_intended: bool = False

    @property
    def type(self) -> NumberType:
        """Number type of the value; an error for other kinds."""
        if self.number is None:
            raise TypeError(f"a {self.kind} has no number type")
        return self.number


class ExpressionError(ValueError):
    """An expression is invalid; the message names the part and a replacement."""
