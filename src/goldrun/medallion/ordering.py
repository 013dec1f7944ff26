"""Sort keys of one text value, for ``max_by`` and ``min_by``.

Sail compares structs slowly in an aggregate: it keeps a batch of rows for each group and counts the
batch's memory once for each group, so a million groups exhaust the memory. A text that begins with
the time in a fixed width has the same order as a struct of time and text.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

_MIDDLE = 1 << 62
"""Added to microseconds since 1970, whose absolute value is less, so that no sum is negative."""
_DIGITS = 19


def ascending(time: str, text: str) -> SparkColumn:
    """Return a text that sorts by a time, then by a text; null if either is null."""
    return _key(F.unix_micros(time) + _MIDDLE, text)


def newest_first(time: str, text: str) -> SparkColumn:
    """Return a text that sorts by a time in reverse, then by a text; null if either is null."""
    return _key(F.lit(_MIDDLE) - F.unix_micros(time), text)


def _key(number: SparkColumn, text: str) -> SparkColumn:
    return F.concat(F.lpad(number.cast("string"), _DIGITS, "0"), F.col(text))
