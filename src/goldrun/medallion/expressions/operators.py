"""Infix and postfix operators: and, or, in, between, like, is, and trim."""

from collections.abc import Callable, Sequence
from operator import and_, or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.medallion.expressions.arithmetic import compare
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.other_functions import is_null
from goldrun.medallion.expressions.values import as_text, computed, of_kind

_ESCAPES = ("\\\\", "\\%", "\\_")


def and_or(is_and: bool, conditions: Sequence[Value]) -> Value:
    """Combine two or more conditions by ``and`` or by ``or``."""
    parts = [of_kind(part, Kind.BOOLEAN, "and, or") for part in conditions]
    return computed(Kind.BOOLEAN, parts, lambda *each: _reduced(and_ if is_and else or_, each))


def is_in(value: Value, candidates: Sequence[Value]) -> Value:
    """Compute ``value in (...)``: whether the value equals one of the candidates."""
    found = [compare("=", value, one) for one in candidates]
    return computed(Kind.BOOLEAN, found, lambda *equal: _reduced(or_, equal))


def _reduced(join: Callable[[Column, Column], Column], parts: Sequence[Column]) -> Column:
    """Join conditions pairwise as a balanced tree, because engines limit the depth of a plan."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(_reduced(join, parts[:middle]), _reduced(join, parts[middle:]))


def between(value: Value, low: Value, high: Value) -> Value:
    """Compute whether a value lies between two bounds, both included."""
    parts = [compare(">=", value, low), compare("<=", value, high)]
    return computed(Kind.BOOLEAN, parts, lambda a, b: a & b)


def like(value: Value, pattern: Value) -> Value:
    """Compute whether a text matches a pattern; ``%`` is any text, ``_`` one character."""
    form = pattern.literal
    if not isinstance(form, str):
        raise ExpressionError("uses like with a pattern that is computed; write it in quotes")
    bare = form
    for escape in _ESCAPES:
        bare = bare.replace(escape, "")
    if "\\" in bare:
        raise ExpressionError(r"uses like with a backslash before a character other than \, % or _")
    return computed(Kind.BOOLEAN, [as_text(value)], lambda c: c.like(form))


def is_boolean(value: Value, wanted: bool) -> Value:
    """Compute ``condition is true`` or ``is false``; null is neither."""
    condition = of_kind(value, Kind.BOOLEAN, "is")
    return computed(
        Kind.BOOLEAN, [condition], lambda c: F.coalesce(c if wanted else ~c, F.lit(False))
    )


def null_safe_equal(left: Value, right: Value) -> Value:
    """Compute whether two values are equal or both null."""
    parts = [compare("=", left, right), is_null(left), is_null(right)]
    return computed(
        Kind.BOOLEAN, parts, lambda equal, a, b: F.coalesce(equal, F.lit(False)) | (a & b)
    )


def trim(name: str, value: Value, characters: Value) -> Value:
    """Compile trim, ltrim or rtrim of the mapping language, as ``name`` says, to a column."""
    cut = characters.literal
    if not isinstance(cut, str) or not cut:
        raise ExpressionError("trims characters that are computed, or none; write them in quotes")
    take = {"ltrim": F.ltrim, "rtrim": F.rtrim}.get(name, F.trim)
    return computed(Kind.TEXT, [as_text(value)], lambda c: take(c, F.lit(cut)))
