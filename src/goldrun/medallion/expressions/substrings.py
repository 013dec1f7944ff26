"""Parts of a text by position or separator."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.medallion.expressions.function import literal_text_of, whole_number
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Value
from goldrun.medallion.expressions.values import computed

_LONGEST = 1000
_MOST = 2**31 - 1


def substring(given: Sequence[Value]) -> Value:
    """Compute ``substring``: a text from a start, from 1 or from -1 at the end."""
    start = whole_number(given[1], -_MOST, _MOST, "start")
    length = whole_number(given[2], 0, _MOST, "length") if given[2:] else _MOST
    if start < 0 and length < -start:
        # Engines disagree if the start lies before the text.
        return computed(Kind.TEXT, given[:1], lambda c: _from_end(c, -start, length))
    return computed(Kind.TEXT, given[:1], lambda c: F.substring(c, F.lit(start), F.lit(length)))


def _from_end(text: Column, back: int, length: int) -> Column:
    missing = F.greatest(F.lit(back) - F.length(text), F.lit(0))
    start = F.greatest(F.length(text) - back, F.lit(0)) + 1
    return F.substring(text, start, F.greatest(F.lit(length) - missing, F.lit(0)))


def ends(given: Sequence[Value], *, left: bool) -> Value:
    """Compute ``left`` and ``right``: the first or last characters of a text."""
    length = whole_number(given[1], 0, _MOST, "length")
    take = F.left if left else F.right
    # Sail's left and right return a text type that its other functions do not accept.
    return computed(Kind.TEXT, given[:1], lambda c: take(c, F.lit(length)).cast(T.StringType()))


def split_part(given: Sequence[Value]) -> Value:
    """Compute ``split_part``: one part of a text between separators."""
    separator = literal_text_of(given[1])
    number = whole_number(given[2], -_LONGEST, _LONGEST, "part")
    if not separator or not number:
        raise ExpressionError(
            "takes part 0, or has an empty separator; the first part is 1, the last -1"
        )
    return computed(
        Kind.TEXT, given[:1], lambda c: F.split_part(c, F.lit(separator), F.lit(number))
    )
