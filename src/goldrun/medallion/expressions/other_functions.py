"""Functions that choose between values of any kind."""

from collections.abc import Callable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.medallion.expressions.arithmetic import cast, compared
from goldrun.medallion.expressions.function import Function, Takes
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.values import (
    as_text,
    computed,
    of_kind,
    one_kind,
    that_may_be_null,
)

_VALUES = (Takes("value", repeated=True),)


def chosen(name: str, values: Sequence[Value], make: Callable[..., Column]) -> Value:
    """A value that is one of several of one kind."""
    alike = one_kind(values, name)
    # An engine may write each out twice: once to look whether it is null, once to take it.
    return computed(alike[0].kind, alike, make, alike[0].number, copies=2)


def cases(conditions: Sequence[Value], values: Sequence[Value]) -> Value:
    """The first value whose condition is true; the last value, without one, where none is."""
    alike = one_kind(values, "the results of a condition")
    true = [of_kind(value, Kind.BOOLEAN, "a condition") for value in conditions]
    count = len(true)

    def make(*columns: Column) -> Column:
        whens, results = columns[:count], columns[count:]
        chain = F.when(whens[0], results[0])
        for when, result in zip(whens[1:], results[1:-1], strict=True):
            chain = chain.when(when, result)
        return chain.otherwise(results[-1])

    return that_may_be_null(computed(alike[0].kind, [*true, *alike], make, alike[0].number))


def _coalesce(given: Sequence[Value]) -> Value:
    return chosen("coalesce", given, F.coalesce)


def _nullif(given: Sequence[Value]) -> Value:
    left, right = given
    if left.kind is Kind.TIME:
        raise ExpressionError("compares times; compare their text: cast(x as string)")
    if left.kind is Kind.TEXT and right.kind is Kind.TEXT:
        # Texts are equal alike in every engine, and the value is computed once.
        return that_may_be_null(computed(Kind.TEXT, given, F.nullif, copies=2))
    equal = compared("=", left, right)

    def make(value: Column, same: Column) -> Column:
        return F.when(~F.coalesce(same, F.lit(False)), value)

    return that_may_be_null(computed(left.kind, [left, equal], make, left.number))


def _extreme(name: str, make: Callable[..., Column]) -> Callable[[Sequence[Value]], Value]:
    def bind(given: Sequence[Value]) -> Value:
        if len(given) < 2:
            raise ExpressionError(f"gives {name} one value; it takes two or more")
        if any(value.kind in (Kind.TIME, Kind.BOOLEAN) for value in given):
            raise ExpressionError(f"takes {name} of times or conditions; it is of texts or numbers")
        return chosen(name, given, make)

    return bind


def is_null(value: Value) -> Value:
    """Whether there is no value."""
    if value.kind is Kind.ROW:
        raise ExpressionError("asks whether a struct is null; ask for its parts")
    return computed(Kind.BOOLEAN, [value], lambda c: c.isNull())


def negation(value: Value) -> Value:
    """Whether a condition is false."""
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
        (Takes("value"), Takes("other")),
        "as its value",
        _nullif,
        "Null where both are equal, else the value.",
        "nullif(a, '')",
    ),
    Function(
        "if",
        (Takes("condition", Kind.BOOLEAN), Takes("value"), Takes("other")),
        "as its values",
        lambda given: cases(given[:1], given[1:]),
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
        (Takes("value"),),
        "boolean",
        lambda given: is_null(given[0]),
        "As `value is null`.",
        "isnull(a)",
    ),
    Function(
        "isnotnull",
        (Takes("value"),),
        "boolean",
        lambda given: negation(is_null(given[0])),
        "As `value is not null`.",
        "isnotnull(a)",
    ),
    Function(
        "string",
        (Takes("value"),),
        "text",
        lambda given: as_text(given[0]),
        "As `cast(value as string)`.",
        "string(try_cast(a as double))",
    ),
    Function(
        "boolean",
        (Takes("value"),),
        "boolean",
        lambda given: cast(given[0], "boolean", []),
        "As `cast(value as boolean)`: true, t, yes, y, 1 and false, f, no, n, 0.",
        "boolean(a)",
    ),
)
"""Their entries of the table."""
