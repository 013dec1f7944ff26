"""Values of each kind, and the conversion of several values to one kind."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.medallion.expressions.kinds import (
    MOST_DIGITS,
    WIDE,
    ExpressionError,
    Kind,
    NumberType,
    Record,
    Value,
)
from goldrun.medallion.expressions.numbers import exact, number_text
from goldrun.medallion.times import iso_text

_LONGEST_SHOWN = 40
_MOST_PARTS = 5_000
READ = 30
"""How often what reads a number or a time of a text writes out the text."""
_WRITTEN = r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"


def computed(
    kind: Kind,
    parts: Sequence[Value],
    make: Callable[..., Column],
    number: NumberType | None = None,
    *,
    copies: int = 1,
) -> Value:
    """Build a value whose column ``make`` computes from the columns of its parts.

    Args:
        kind: Kind of the value.
        parts: Values that it is computed from.
        make: Function that computes a column from the columns of the parts.
        number: Type of a number; None for other kinds.
        copies: Number of times that each part occurs in the plan of ``make``.

    Raises:
        ExpressionError: The expression has so many parts that an engine would take minutes to plan
            it.
    """
    return _built(kind, parts, lambda _, *columns: make(*columns), number, copies)


def in_zone(value: Value, make: Callable[[Column, str | None], Column], copies: int = 1) -> Value:
    """Build a time that ``make`` computes from a value and the source's time zone."""
    return _built(Kind.TIME, [value], lambda zone, column: make(column, zone), None, copies)


def _built(
    kind: Kind,
    parts: Sequence[Value],
    make: Callable[..., Column],
    number: NumberType | None,
    copies: int,
) -> Value:
    """Build a value that ``make`` computes from the source's time zone and its parts' columns."""
    size = 1 + copies * sum(part.size for part in parts)
    if size > _MOST_PARTS:
        raise ExpressionError(
            f"becomes more than {_MOST_PARTS:,} parts; nest less, and use functions of many "
            "values, such as concat_ws or an IN list"
        )

    def build(record: Record) -> Column:
        return make(record.zone, *[part.build(record) for part in parts])

    reads = frozenset().union(*[part.reads for part in parts])
    is_meant = any(part.null_is_intended for part in parts)
    return Value(kind, build, reads, number, size=size, null_is_intended=is_meant)


def time_of(text: Value, pattern: str | None) -> Value:
    """Parse a text as a time by a pattern, or as ISO 8601."""
    return in_zone(text, lambda c, zone: iso_text(c, pattern, zone), copies=READ)


def with_intended_null(value: Value) -> Value:
    """Mark a value as null on purpose, by ``nullif`` or a condition: null is no parse error."""
    return replace(value, null_is_intended=True)


def file_column(name: str) -> Value:
    """Build the text of a file's column."""
    return Value(Kind.TEXT, lambda record: record.columns[name], frozenset([name]))


def literal_text(text: str) -> Value:
    """Build a literal text."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ExpressionError("has half of a surrogate pair, which is no character") from error
    return Value(Kind.TEXT, lambda _: F.lit(text), literal=text)


def literal_number(written: str) -> Value:
    """Build a literal number with all its digits."""
    digits, scale = _digits_and_scale(written)
    number = NumberType(max(len(digits), scale, 1), scale)
    padded = digits.rjust(scale + 1, "0")
    text = f"{padded[:-scale]}.{padded[-scale:]}" if scale else padded
    literal = int(digits) if scale == 0 else None
    return Value(
        Kind.NUMBER, lambda _: F.lit(text).cast(number.spark), number=number, literal=literal
    )


def _digits_and_scale(written: str) -> tuple[str, int]:
    """Split a literal number into its significant digits and their number after the point."""
    if not re.fullmatch(_WRITTEN, written):
        raise ExpressionError(f"has {written!r}, which is no number; write it as 1.5")
    whole, _, power = written.lower().partition("e")
    before, _, after = whole.partition(".")
    digits, shift = (before + after).lstrip("0") or "0", int(power or 0)
    scale = len(after) - shift
    if abs(shift) <= MOST_DIGITS and scale < 0:
        digits, scale = digits + "0" * -scale, 0
    if abs(shift) > MOST_DIGITS or max(len(digits), scale) > MOST_DIGITS:
        raise ExpressionError(
            f"has the number {written}, which has more than {MOST_DIGITS} digits; write fewer"
        )
    return digits, scale


def literal_boolean(value: bool) -> Value:
    """Build the literal ``true`` or ``false``."""
    return Value(Kind.BOOLEAN, lambda _: F.lit(value), literal=value)


def null_literal() -> Value:
    """Build the literal ``null``."""
    return Value(Kind.NULL, lambda _: F.lit(None).cast(T.StringType()))


def as_text(value: Value) -> Value:
    """Convert any single value to text."""
    if value.kind in (Kind.TEXT, Kind.NULL, Kind.TIME):
        return replace(value, kind=Kind.TEXT, number=None)
    if value.kind is Kind.NUMBER:
        return computed(Kind.TEXT, [value], lambda c: number_text(c, value.type))
    if value.kind is Kind.BOOLEAN:
        return computed(
            Kind.TEXT, [value], lambda c: F.when(c, F.lit("true")).when(~c, F.lit("false"))
        )
    raise ExpressionError(f"uses a {value.kind} as text; {_remedy(value.kind)}")


def of_kind(value: Value, kind: Kind, where: str) -> Value:
    """Return a value as a kind: unchanged if it has it or is null, otherwise only as text.

    Raises:
        ExpressionError: It has another kind.
    """
    if value.kind is kind:
        return value
    if kind is Kind.TEXT:
        return as_text(value)
    if value.kind is Kind.NULL:
        return _null_of(kind)
    raise ExpressionError(
        f"gives {where} a {value.kind}, which takes a {kind}; {_advice(value, kind)}"
    )


def _null_of(kind: Kind, number: NumberType = WIDE) -> Value:
    types = {Kind.BOOLEAN: T.BooleanType(), Kind.NUMBER: number.spark}
    type_ = types.get(kind, T.StringType())
    given = number if kind is Kind.NUMBER else None
    return Value(kind, lambda _: F.lit(None).cast(type_), number=given)


def _advice(value: Value, kind: Kind) -> str:
    if kind is Kind.NUMBER and value.kind is Kind.TEXT:
        name = next(iter(sorted(value.reads)), "x")[:_LONGEST_SHOWN]
        return f"write try_cast({name} as decimal(18,4))"
    if kind is Kind.TIME and value.kind is Kind.TEXT:
        return "write cast(x as timestamp), or to_timestamp(x, 'dd/MM/yyyy HH:mm')"
    if kind is Kind.BOOLEAN:
        return "write a comparison, such as x = 'true'"
    return _remedy(value.kind)


def _remedy(kind: Kind) -> str:
    return {
        Kind.LIST: "take one by its index, x[0]",
        Kind.ROW: "write to_json(struct(...))",
    }.get(kind, "write cast(x as string)")


def one_kind(values: Sequence[Value], where: str) -> list[Value]:
    """Convert alternatives to one kind, and numbers to one type.

    Raises:
        ExpressionError: They have several kinds.
    """
    kinds = sorted({value.kind for value in values if value.kind is not Kind.NULL})
    if not kinds:
        return list(values)
    if len(kinds) > 1:
        raise ExpressionError(
            f"mixes {' and '.join(kinds)} in {where}; make them one kind, by cast(x as string), "
            "cast(x as decimal(18,4)) or cast(x as timestamp), or by quotes: '0' is a text"
        )
    if kinds[0] in (Kind.LIST, Kind.ROW):
        raise ExpressionError(f"uses a {kinds[0]} in {where}; {_remedy(kinds[0])}")
    if kinds[0] is Kind.NUMBER:
        return one_type(values)
    return [_null_of(kinds[0]) if v.kind is Kind.NULL else v for v in values]


def one_type(values: Sequence[Value]) -> list[Value]:
    """Convert numbers and nulls to one type that keeps all their digits, or to the wide type."""
    common = reduce(common_type, [v.type for v in values if v.kind is Kind.NUMBER])
    return [
        _null_of(Kind.NUMBER, common) if v.kind is Kind.NULL else widen(v, common) for v in values
    ]


def common_type(left: NumberType, right: NumberType) -> NumberType:
    """Return the smallest type that holds all numbers of both; the wide type if none does."""
    if left == right:
        return left
    scale = max(left.scale, right.scale)
    precision = max(left.whole, right.whole) + scale
    if left.is_wide or right.is_wide or precision > MOST_DIGITS:
        return WIDE
    return NumberType(precision, scale)


def widen(value: Value, number: NumberType) -> Value:
    """Convert a number to a type with as many digits on both sides or more, or to the wide one."""
    if value.type == number:
        return value
    if value.type.scale <= number.scale and value.type.whole <= number.whole:
        return computed(Kind.NUMBER, [value], lambda c: c.try_cast(number.spark), number)
    return computed(
        Kind.NUMBER, [value], lambda c: exact("+", c, F.lit("0").cast("decimal(1,0)")), number
    )
