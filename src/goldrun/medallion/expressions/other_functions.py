"""Functions that choose between values of any kind."""

from collections.abc import Callable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.medallion.expressions.arithmetic import cast, compare
from goldrun.medallion.expressions.function import Function, Parameter
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.values import (
    as_text,
    computed,
    of_kind,
    one_kind,
    with_intended_null,
)

_VALUES = (Parameter("value", repeated=True),)


def choose(name: str, values: Sequence[Value], make: Callable[..., Column]) -> Value:
    """Apply a function that selects one of several values of one kind."""
    alike = one_kind(values, name)
    # An engine may expand each twice: once for its null check, once for its value.
    return computed(alike[0].kind, alike, make, alike[0].number, copies=2)


def case_when(conditions: Sequence[Value], values: Sequence[Value]) -> Value:
    """Select the value of the first true condition; the last value if none is true."""
    alike = one_kind(values, "the results of a condition")
    true = [of_kind(value, Kind.BOOLEAN, "a condition") for value in conditions]
    count = len(true)

    def make(*columns: Column) -> Column:
        whens, results = columns[:count], columns[count:]
        chain = F.when(whens[0], results[0])
        for when, result in zip(whens[1:], results[1:-1], strict=True):
            chain = chain.when(when, result)
        return chain.otherwise(results[-1])

    return with_intended_null(computed(alike[0].kind, [*true, *alike], make, alike[0].number))


def _coalesce(given: Sequence[Value]) -> Value:
    return choose("coalesce", given, F.coalesce)


def _nullif(given: Sequence[Value]) -> Value:
    left, right = given
    if left.kind is Kind.TIME:
        raise ExpressionError("compares times; compare their text: cast(x as string)")
    if left.kind is Kind.TEXT and right.kind is Kind.TEXT:
        # Engines agree on the equality of texts, and the value is computed once.
        return with_intended_null(computed(Kind.TEXT, given, F.nullif, copies=2))
    equal = compare("=", left, right)

    def make(value: Column, same: Column) -> Column:
        return F.when(~F.coalesce(same, F.lit(False)), value)

    return with_intended_null(computed(left.kind, [left, equal], make, left.number))


def _extreme(name: str, make: Callable[..., Column]) -> Callable[[Sequence[Value]], Value]:
    def bind(given: Sequence[Value]) -> Value:
        if len(given) < 2:
            raise ExpressionError(f"gives {name} one value; it takes two or more")
        if any(value.kind in (Kind.TIME, Kind.BOOLEAN) for value in given):
            raise ExpressionError(f"takes {name} of times or conditions; it is of texts or numbers")
        return choose(name, given, make)

    return bind


def is_null(value: Value) -> Value:
    """Compute whether a value is null."""
    if value.kind is Kind.ROW:
        raise ExpressionError("tests a struct for null; test its parts")
    return computed(Kind.BOOLEAN, [value], lambda c: c.isNull())


def logical_not(value: Value) -> Value:
    """Negate a condition."""
    return computed(Kind.BOOLEAN, [of_kind(value, Kind.BOOLEAN, "not")], lambda c: ~c)


OTHER_FUNCTIONS = (
    Function(
        "coalesce",
        _VALUES,
        "as its values",
        _coalesce,
        "The first value that is not null; `nullif(x, '')` makes null of empty text.",
        "coalesce(nullif(a, ''), b)",
    ),
    Function("nvl", _VALUES, "as its values", _coalesce, "As `coalesce`.", "nvl(a, 'none')"),
    Function("ifnull", _VALUES, "as its values", _coalesce, "As `coalesce`.", "ifnull(a, b)"),
    Function(
        "nullif",
        (Parameter("value"), Parameter("other")),
        "as its value",
        _nullif,
        "Null where both are equal, else the value.",
        "nullif(a, '')",
    ),
    Function(
        "if",
        (Parameter("condition", Kind.BOOLEAN), Parameter("value"), Parameter("other")),
        "as its values",
        lambda given: case_when(given[:1], given[1:]),
        "The value where the condition is true, else the other; as `case when ... end`.",
        "if(a = '' or b is null, 'none', a)",
    ),
    Function(
        "greatest",
        _VALUES,
        "as its values",
        _extreme("greatest", F.greatest),
        "The largest value that is not null; texts by code points.",
        "greatest(a, b, 'm')",
    ),
    Function(
        "least",
        _VALUES,
        "as its values",
        _extreme("least", F.least),
        "The smallest value that is not null; texts by code points.",
        "least(try_cast(a as double), try_cast(b as int))",
    ),
    Function(
        "isnull",
        (Parameter("value"),),
        "boolean",
        lambda given: is_null(given[0]),
        "As `value is null`.",
        "isnull(a)",
    ),
    Function(
        "isnotnull",
        (Parameter("value"),),
        "boolean",
        lambda given: logical_not(is_null(given[0])),
        "As `value is not null`.",
        "isnotnull(a)",
    ),
    Function(
        "string",
        (Parameter("value"),),
        "text",
        lambda given: as_text(given[0]),
        "As `cast(value as string)`.",
        "string(try_cast(a as double))",
    ),
    Function(
        "boolean",
        (Parameter("value"),),
        "boolean",
        lambda given: cast(given[0], "boolean", []),
        "As `cast(value as boolean)`: true, t, yes, y, 1 and false, f, no, n, 0.",
        "boolean(a)",
    ),
)
"""Their entries of the table."""
