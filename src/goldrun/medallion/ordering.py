"""Sort keys that are one plain value, for ``max_by`` and ``min_by``.

Not every engine compares structs fast in an aggregate: Sail keeps a whole batch of rows for each
group and counts it as many times as there are groups, so a million groups need the memory of
thousands of millions. A text of fixed width in front of another text sorts as the struct would.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

_MIDDLE = 1 << 62
"""Added to microseconds since 1970, which are less than this either way, none is negative."""
_DIGITS = 19


def ascending(time: str, text: str) -> SparkColumn:
    """Return a text that sorts by a time, then by a text; null where either is null."""
    return _key(F.unix_micros(time) + _MIDDLE, text)


def newest_first(time: str, text: str) -> SparkColumn:
    """Return a text that sorts by a time in reverse, then by a text; null where either is null."""
    return _key(F.lit(_MIDDLE) - F.unix_micros(time), text)


def _key(number: SparkColumn, text: str) -> SparkColumn:
    return F.concat(F.lpad(number.cast("string"), _DIGITS, "0"), F.col(text))
