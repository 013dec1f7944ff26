"""Text to typed values that never fail and never change silently: what can't be kept is named."""

import re
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import reasons as R
from goldrun.contracts.table import Column, Standard
from goldrun.medallion.standard import standardise

_STARTS_WITH_DATE = r"^\d{4}-\d{1,2}-\d{1,2}"
_ZONED = r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*[A-Za-z+-].*$"
"""In ISO 8601, what follows the time of day is its zone."""
_QUOTED = re.compile("'[^']*'")
_BEYOND_MICROS = r"\d{6}\d*[1-9]"
"""Digits of a fraction of a second that has more than a timestamp keeps."""
_SCIENTIFIC = r"^\s*([+-]?)([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]{1,3})\s*$"
_MOST_POWER = 999
_LONG_FRACTION = re.compile("([A-Za-z]*?)S{7,}")
_ZONE_LETTERS = set("VzOXxZ")
"""Letters of a Spark pattern that stand for a zone or an offset."""


@dataclass(frozen=True)
class Parsed:
    """A typed value and what was found on the way.

    Attributes:
        value: The value; null when it is not there or is no such value.
        empty: Whether there was nothing to parse.
        faults: Condition by reason.
    """

    value: SparkColumn
    empty: SparkColumn
    faults: dict[str, SparkColumn]


def parse(
    mapped: DataFrame,
    column: Column,
    timezone: str | None,
    timestamp_format: str | None,
    phone_region: str | None = None,
) -> Parsed:
    """Parse one mapped column into its contract's type.

    Empty text is null. Text that is there but is not of the type becomes null with the fault
    ``<name>_unparsed``; a number with more decimals than the type keeps, or a time with more than
    microseconds, has ``<name>_digits_lost``. A time without a zone is taken in ``timezone``;
    without one it has ``<name>_without_zone``. Text is brought into the column's standard form;
    what has none is ``<name>_unparsed`` too.

    Args:
        mapped: Frame with the mapped column in it.
        column: Contract of the column.
        timezone: Zone of times that carry none.
        timestamp_format: Spark pattern of times; ISO 8601 when None.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        The value as an expression over ``mapped``, and its faults.
    """
    raw = F.col(column.name)
    if mapped.schema[column.name].dataType == column.type and not isinstance(
        column.type, T.StringType
    ):
        return Parsed(raw, raw.isNull(), {})
    text = F.trim(raw.cast(T.StringType()))
    text = F.when(text != "", text)
    if isinstance(column.type, T.StringType):
        value = standardise(text, column, phone_region)
        if column.standard in (None, Standard.CATEGORY):
            return Parsed(value, text.isNull(), {})
        return Parsed(value, text.isNull(), {R.unparsed(column): text.isNotNull() & value.isNull()})
    if isinstance(column.type, T.TimestampType):
        return _timestamp(text, column, timezone, timestamp_format)
    plain = _plain(text) if isinstance(column.type, T.DecimalType) else text
    value = plain.try_cast(column.type)
    faults = {R.unparsed(column): text.isNotNull() & value.isNull()}
    if isinstance(column.type, T.DecimalType):
        scale = column.type.scale
        # Few have so many characters after the point, or without one; to look closely is dear.
        is_long = F.length(plain) - F.instr(plain, ".") > scale
        exact = plain.try_cast(T.DecimalType(38, 18))
        # The wide type has its own last digit, so plain notation is looked at as well.
        too_long = text.rlike(rf"^[^eE]*\.\d{{{scale}}}\d*[1-9]\d*$")
        lost = (exact != value) | (value.isNotNull() & too_long)
        faults[R.digits_lost(column)] = F.when(is_long, lost)
    return Parsed(value, text.isNull(), faults)


def _plain(text: SparkColumn) -> SparkColumn:
    """Write a number without its power of ten: not every engine reads 1.5e3 as a decimal."""
    sign, whole, fraction, power = (
        F.regexp_extract(text, _SCIENTIFIC, group) for group in (1, 2, 3, 4)
    )
    # Between so many zeros the point has digits on both sides, wherever it moves to.
    zeros = "0" * _MOST_POWER
    digits = F.concat(F.lit(zeros), whole, fraction, F.lit(zeros))
    point = F.length(whole) + power.try_cast(T.IntegerType()) + _MOST_POWER
    before = F.ltrim(F.substring(digits, F.lit(1), point), F.lit("0"))
    after = F.rtrim(F.substring(digits, point + 1, F.length(digits)), F.lit("0"))
    number = F.concat(sign, F.lit("0"), before, F.lit("."), after, F.lit("0"))
    is_scientific = text.rlike(_SCIENTIFIC) & (F.length(F.concat(whole, fraction)) > 0)
    return F.when(is_scientific, number).otherwise(text)


def _timestamp(
    text: SparkColumn, column: Column, timezone: str | None, timestamp_format: str | None
) -> Parsed:
    # The session's zone is UTC, so a local time is first read as if it were UTC, then moved.
    if timestamp_format:
        read = F.try_to_timestamp(text, F.lit(timestamp_format))
        letters = set(_QUOTED.sub("", timestamp_format))
        zoned = F.lit(bool(letters & _ZONE_LETTERS))
        too_long = _too_long(timestamp_format)
    else:
        # A time of day alone would be read as today's.
        read = F.when(text.rlike(_STARTS_WITH_DATE), text.try_cast(T.TimestampType()))
        zoned = text.rlike(_ZONED)
        too_long = rf":\d{{1,2}}\.{_BEYOND_MICROS}"
    if timezone is None:
        value = F.when(zoned, read)
        bare = text.isNotNull() & read.isNotNull() & ~zoned
        faults = {R.without_zone(column): bare}
    else:
        value = F.when(zoned, read).otherwise(F.to_utc_timestamp(read, timezone))
        faults = {}
    faults[R.unparsed(column)] = text.isNotNull() & read.isNull()
    if too_long:
        faults[R.digits_lost(column)] = read.isNotNull() & text.rlike(too_long)
    return Parsed(value, text.isNull(), faults)


def _too_long(timestamp_format: str) -> str:
    """What finds, in a time of a shop's own pattern, digits that a timestamp does not keep.

    Empty when the pattern reads no more than microseconds. The fraction is known by what stands
    before it: a sign, or the digits of the units that it follows without one.
    """
    plain = _QUOTED.sub("'", timestamp_format).replace("[", "").replace("]", "")
    fraction = _LONG_FRACTION.search(plain)
    if fraction is None:
        return ""
    before = plain[: fraction.start()]
    sign = r"\D" if before.endswith("'") else re.escape(before[-1:])
    return rf"{sign}\d{{{len(fraction[1])}}}{_BEYOND_MICROS}"
