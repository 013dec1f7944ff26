"""Operators on numbers, comparisons, and casts."""

from collections.abc import Callable
from dataclasses import replace

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.medallion.expressions.kinds import (
    INTEGERS,
    MOST_DIGITS,
    WIDE,
    ExpressionError,
    Kind,
    NumberType,
    Value,
)
from goldrun.medallion.expressions.numbers import (
    exact,
    read_integer,
    read_number,
    remainder,
    whole_number,
    whole_part,
)
from goldrun.medallion.expressions.times import midnight
from goldrun.medallion.expressions.values import (
    READ,
    as_text,
    common_type,
    computed,
    in_zone,
    literal_number,
    null_literal,
    of_kind,
    one_kind,
    time_of,
    widen,
)
from goldrun.medallion.text import trimmed

MOST_DIGITS_TURNED = 34
"""Digits up to which Spark changes a sign exactly; it rounds the numbers that have more."""
_NATIVE: dict[str, Callable[[Column, Column], Column]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": remainder,
}
_COMPARISONS: dict[str, Callable[[Column, Column], Column]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_TYPES = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "dec": "decimal",
    "numeric": "decimal",
    "float": "double",
    "real": "double",
    "timestamp_ntz": "timestamp",
    "timestamp_ltz": "timestamp",
}
TYPE_NAMES = (*INTEGERS, "decimal", "double", "string", "boolean", "timestamp", "date")
"""Types that ``cast`` knows."""


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """Apply an arithmetic operator to two numbers: exact, null if the result is too large."""
    left, right = (
        of_kind(value, Kind.NUMBER, f"the operator {operator}") for value in (left, right)
    )
    number = _result(operator, left.type, right.type)
    if number.is_wide:
        return computed(Kind.NUMBER, [left, right], lambda a, b: exact(operator, a, b), WIDE)
    if operator != "*":
        shared = common_type(left.type, right.type)
        left, right = widen(left, shared), widen(right, shared)
    native = _NATIVE[operator]
    return computed(
        Kind.NUMBER,
        [left, right],
        lambda a, b: native(a, b).try_cast(number.spark),
        number,
        copies=2 if operator == "%" else 1,
    )


def _result(operator: str, left: NumberType, right: NumberType) -> NumberType:
    """Return the type that holds the exact result; the wide type for quotients or if none does."""
    if left.is_wide or right.is_wide or operator in ("/", "div"):
        return WIDE
    if operator == "*":
        precision, scale = left.precision + right.precision + 1, left.scale + right.scale
    elif operator == "%":
        return common_type(left, right)
    else:
        scale = max(left.scale, right.scale)
        precision = max(left.whole, right.whole) + scale + 1
    return WIDE if precision > MOST_DIGITS else NumberType(precision, scale)


def negate(value: Value) -> Value:
    """Negate a number."""
    value = of_kind(value, Kind.NUMBER, "the operator -")
    if value.type.precision > MOST_DIGITS_TURNED:
        return arithmetic("-", literal_number("0"), value)
    type_ = value.type.spark
    negative = computed(Kind.NUMBER, [value], lambda c: (-c).try_cast(type_), value.number)
    if isinstance(value.literal, int):
        return replace(negative, literal=-value.literal)
    return negative


def compare(operator: str, left: Value, right: Value) -> Value:
    """Compare two values of one kind; the result is null if one of them is."""
    left, right = one_kind([left, right], f"a comparison by {operator}")
    if left.kind is Kind.TIME:
        raise ExpressionError("compares times; compare their text: cast(x as string)")
    if left.kind is Kind.BOOLEAN and operator not in ("=", "<>"):
        raise ExpressionError(f"compares conditions by {operator}; use and, or, not")
    comparison = _COMPARISONS[operator]
    if left.kind is Kind.NUMBER:
        return _compare_numbers(comparison, left, right)
    return computed(Kind.BOOLEAN, [left, right], comparison)


def _compare_numbers(
    comparison: Callable[[Column, Column], Column], left: Value, right: Value
) -> Value:
    # Sail compares a rounded number by its value before rounding, so the difference
    # is compared, which Sail computes from the rounded one.
    is_long = left.type.is_wide or left.type.precision == MOST_DIGITS
    differ = exact if is_long else _difference

    def make(a: Column, b: Column) -> Column:
        return comparison(differ("<=>", a, b), F.lit("0").cast("decimal(1,0)"))

    return computed(Kind.BOOLEAN, [left, right], make)


def _difference(_: str, left: Column, right: Column) -> Column:
    return left - right


def cast(value: Value, name: str, digits: list[int]) -> Value:
    """Cast a value to a type; null if the value has no form of that type."""
    name = _TYPES.get(name, name)
    if name not in TYPE_NAMES:
        raise ExpressionError(f"casts to {name}; write one of {', '.join(TYPE_NAMES)}")
    if value.kind in (Kind.LIST, Kind.ROW):
        raise ExpressionError(f"casts a {value.kind}; take one text of a list by its index, x[0]")
    if name == "string":
        return as_text(value)
    if name == "boolean":
        return _to_boolean(value)
    if name in ("timestamp", "date"):
        return _to_time(value, name)
    if value.kind is Kind.TIME:
        raise ExpressionError("casts a time to a number; map the time itself")
    if name in INTEGERS:
        return _to_integer(value, name)
    return _to_decimal(value, _number_type(name, digits))


def _number_type(name: str, digits: list[int]) -> NumberType:
    if name == "double":
        return WIDE
    precision, scale = (*digits, 0)[:2] if digits else (10, 0)
    if not (1 <= precision <= MOST_DIGITS and 0 <= scale <= precision):
        raise ExpressionError(
            f"casts to decimal({precision},{scale}); write at most {MOST_DIGITS} digits"
        )
    return NumberType(precision, scale)


def _to_decimal(value: Value, number: NumberType) -> Value:
    if value.kind is Kind.NUMBER:
        if number.is_wide:
            return widen(value, number)
        return computed(Kind.NUMBER, [value], lambda c: c.try_cast(number.spark), number)
    if value.kind is Kind.BOOLEAN:
        raise ExpressionError("casts a condition to a number; write if(condition, 1, 0)")
    text = as_text(value)
    return computed(Kind.NUMBER, [text], lambda c: read_number(c, number), number, copies=READ)


def _to_integer(value: Value, name: str) -> Value:
    number = INTEGERS[name]
    if value.kind is Kind.NUMBER:
        # Decimals are cut, as SQL does.
        cut = _cut(value) if value.type.scale else value
        return computed(Kind.NUMBER, [cut], lambda c: whole_number(c, name), number)
    if value.kind is Kind.BOOLEAN:
        raise ExpressionError("casts a condition to a number; write if(condition, 1, 0)")
    return computed(
        Kind.NUMBER, [as_text(value)], lambda c: read_integer(c, name), number, copies=READ
    )


def _cut(value: Value) -> Value:
    if value.type.is_wide:
        return computed(Kind.NUMBER, [value], lambda c: whole_part(c, WIDE), WIDE)
    whole = NumberType(value.type.whole + 1, 0)

    def make(number: Column) -> Column:
        # Prevents rounding up in engines that cast through a double.
        down = number < F.lit("0").cast("decimal(1,0)")
        return F.when(down, F.ceil(number)).otherwise(F.floor(number)).try_cast(whole.spark)

    return computed(Kind.NUMBER, [value], make, whole, copies=3)


def _to_boolean(value: Value) -> Value:
    if value.kind is Kind.BOOLEAN:
        return value
    if value.kind not in (Kind.TEXT, Kind.NULL):
        raise ExpressionError(
            f"casts a {value.kind} to a boolean; write a comparison, such as x = 1"
        )

    def read(text: Column) -> Column:
        word = F.lower(trimmed(text))
        return F.when(word.isin("true", "t", "yes", "y", "1"), F.lit(True)).when(
            word.isin("false", "f", "no", "n", "0"), F.lit(False)
        )

    return computed(Kind.BOOLEAN, [value], read, copies=2)


def _to_time(value: Value, name: str) -> Value:
    if value.kind is Kind.NUMBER:
        raise ExpressionError(
            "casts a number to a time; write timestamp_seconds(x), timestamp_millis(x) or "
            "timestamp_micros(x)"
        )
    if value.kind is Kind.BOOLEAN:
        raise ExpressionError("casts a condition to a time")
    if value.kind is not Kind.TIME:
        text = null_literal() if value.kind is Kind.NULL else value
        value = time_of(text, None)
    return value if name == "timestamp" else in_zone(value, midnight)
