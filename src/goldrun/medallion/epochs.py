"""Rewrite numbers of seconds, milliseconds or microseconds since 1970 as ISO 8601."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

_NUMBER = r"\A(-?)([0-9]{1,18})(?:\.([0-9]*))?\z"
_SECOND = 1_000_000
_YEAR_1, _YEAR_10000 = -62_135_596_800 * _SECOND, 253_402_300_800 * _SECOND


def since_1970(text: Column, decimals: int) -> Column:
    """Write the instant of a number since 1970-01-01T00:00:00Z, with all its digits.

    Args:
        text: Trimmed text of a number, without a power of ten.
        decimals: Number of decimals of its unit down to a microsecond: 6 of a second.

    Returns:
        ``2024-06-01T02:00:00.123000Z``; with one digit more than a timestamp stores, if
        the number has digits beyond microseconds. Null if the text is no number, or outside the
        years 1 to 9999.
    """
    sign, whole, fraction = (F.regexp_extract(text, _NUMBER, group) for group in (1, 2, 3))
    down_to_micros = F.rpad(F.substring(fraction, 1, decimals), decimals, "0") if decimals else ""
    digits = F.concat(sign, whole, down_to_micros) if decimals else F.concat(sign, whole)
    micros = F.when(text.rlike(_NUMBER), digits).try_cast(T.LongType())
    micros = F.when((micros >= _YEAR_1) & (micros < _YEAR_10000), micros)
    within = (micros % _SECOND + _SECOND) % _SECOND
    second = F.date_format(F.timestamp_micros(micros), "yyyy-MM-dd'T'HH:mm:ss")
    beyond = F.substring(fraction, decimals + 1, 64).rlike("[1-9]")
    rest = F.concat(F.lpad(within.cast(T.StringType()), 6, "0"), F.when(beyond, "1").otherwise(""))
    return F.concat(second, F.lit("."), rest, F.lit("Z"))
