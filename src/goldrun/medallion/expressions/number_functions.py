"""Functions on numbers."""

from collections.abc import Sequence

from pyspark.sql import functions as F

from goldrun.medallion.expressions.arithmetic import MOST_DIGITS_TURNED, arithmetic, cast
from goldrun.medallion.expressions.function import Function, Parameter, whole_number
from goldrun.medallion.expressions.kinds import MOST_DIGITS, WIDE, Kind, NumberType, Value
from goldrun.medallion.expressions.numbers import absolute_value
from goldrun.medallion.expressions.values import computed

_NUMBER = Parameter("number", Kind.NUMBER)
_OTHER = Parameter("other", Kind.NUMBER)
_DIGITS = Parameter("digits", Kind.NUMBER, optional=True, literal=True)


def _round(given: Sequence[Value]) -> Value:
    value, number = given[0], given[0].type
    digits = whole_number(given[1], 0, WIDE.scale, "number of decimals") if given[1:] else 0
    if digits >= number.scale:
        return value
    result = NumberType(min(number.whole + digits + 1, MOST_DIGITS), digits)
    return computed(Kind.NUMBER, [value], lambda c: c.try_cast(result.spark), result)


def _whole(given: Sequence[Value], *, up: bool) -> Value:
    value, number = given[0], given[0].type
    if number.scale == 0:
        return value
    result = NumberType(min(number.whole + 1, MOST_DIGITS), 0)
    toward = F.ceil if up else F.floor
    return computed(Kind.NUMBER, [value], lambda c: toward(c).try_cast(result.spark), result)


def _abs(given: Sequence[Value]) -> Value:
    number = given[0].type
    if number.precision > MOST_DIGITS_TURNED:
        return computed(Kind.NUMBER, given, lambda c: absolute_value(c, number), number)
    return computed(Kind.NUMBER, given, lambda c: F.abs(c).try_cast(number.spark), number)


def _operator(name: str, operator: str, meaning: str) -> Function:
    """Declare a function of two numbers that computes what an operator does."""
    return Function(
        name,
        (_NUMBER, _OTHER),
        "number",
        lambda given: arithmetic(operator, given[0], given[1]),
        meaning,
        example=f"{name}(try_cast(a as double), try_cast(b as decimal(18,4)))",
    )


def _type(name: str, digits: list[int], meaning: str) -> Function:
    return Function(
        name,
        (Parameter("value"),),
        "number",
        lambda given: cast(given[0], name, digits),
        meaning,
        f"{name}(a)",
    )


NUMBER_FUNCTIONS = (
    Function(
        "round",
        (_NUMBER, _DIGITS),
        "number",
        _round,
        "Rounded half up to a number of decimals, 0 if not given.",
        "round(try_cast(a as double) * try_cast(b as double), 2)",
    ),
    Function(
        "floor",
        (_NUMBER,),
        "number",
        lambda given: _whole(given, up=False),
        "The largest whole number that is not above it.",
        "floor(try_cast(a as double))",
    ),
    Function(
        "ceil",
        (_NUMBER,),
        "number",
        lambda given: _whole(given, up=True),
        "The smallest whole number that is not below it.",
        "ceil(try_cast(a as decimal(18,4)))",
    ),
    Function(
        "abs",
        (_NUMBER,),
        "number",
        _abs,
        "Without its sign.",
        "abs(try_cast(a as decimal(18,4)))",
    ),
    _operator("mod", "%", "The rest of a division, with the sign of the first; as `a % b`."),
    _operator("try_add", "+", "The sum; as `a + b`."),
    _operator("try_subtract", "-", "The difference; as `a - b`."),
    _operator("try_multiply", "*", "The product; as `a * b`."),
    _operator("try_divide", "/", "The quotient; as `a / b`."),
    _type("int", [], "As `cast(value as int)`."),
    _type("bigint", [], "As `cast(value as bigint)`."),
    _type("double", [], "As `cast(value as double)`."),
    _type("decimal", [], "As `cast(value as decimal(10,0))`."),
)
"""Their entries of the table."""
