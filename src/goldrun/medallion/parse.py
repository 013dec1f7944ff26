"""Text to typed values that never fail and never change silently: what can't be kept is named."""

from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import reasons as R
from goldrun.contracts.table import Column, Standard
from goldrun.medallion.standard import standardise
from goldrun.medallion.text import trimmed
from goldrun.medallion.times import castable, is_zoned
from goldrun.medallion.zones import to_utc

_BEYOND_MICROS = r"\.[0-9]{6}[0-9]*[1-9]"
"""A fraction of a second that has more digits than a timestamp keeps."""
_MICROS_LENGTH = len("2011-07-01T10:00:00.123456")
_LONG_FRACTION = "SSSSSSS"
_PLAIN = r"\A[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\z"
_SCIENTIFIC = r"\A([+-]?)([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]{1,3})\z"
_ZEROS_BEFORE = r"\A([+-]?)0+([0-9])"
_DIGITS_BEHIND = r"(\.[0-9]{20})[0-9]+\z"
_MOST_CAST = 30
_MOST_POWER = 999


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
    text = trimmed(raw.cast(T.StringType()))
    text = F.when(text != "", text)
    if isinstance(column.type, T.StringType):
        value = standardise(text, column, phone_region)
        if column.standard in (None, Standard.CATEGORY):
            return Parsed(value, text.isNull(), {})
        return Parsed(value, text.isNull(), {R.unparsed(column): text.isNotNull() & value.isNull()})
    if isinstance(column.type, T.TimestampType):
        return _timestamp(text, column, timezone, timestamp_format)
    if isinstance(column.type, T.DecimalType):
        return _decimal(text, column, column.type)
    value = text.try_cast(column.type)
    return Parsed(value, text.isNull(), {R.unparsed(column): text.isNotNull() & value.isNull()})


def _decimal(text: SparkColumn, column: Column, kind: T.DecimalType) -> Parsed:
    plain = F.when(text.rlike(_PLAIN), text).when(text.rlike(_SCIENTIFIC), _without_power(text))
    # Not every engine casts a number of hundreds of digits.
    short = F.regexp_replace(plain, _ZEROS_BEFORE, "$1$2")
    short = F.regexp_replace(short, _DIGITS_BEHIND, "$1")
    value = F.when(F.length(plain) > _MOST_CAST, short).otherwise(plain).try_cast(kind)
    faults = {R.unparsed(column): text.isNotNull() & value.isNull()}
    # Few have so many characters after the point, or without one; to match more is expensive.
    is_long = F.length(plain) - F.instr(plain, ".") > kind.scale
    lost = value.isNotNull() & plain.rlike(rf"\.[0-9]{{{kind.scale}}}[0-9]*[1-9]")
    faults[R.digits_lost(column)] = F.when(is_long, lost)
    return Parsed(value, text.isNull(), faults)


def _without_power(text: SparkColumn) -> SparkColumn:
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
    return F.when(F.length(F.concat(whole, fraction)) > 0, number)


def _timestamp(
    text: SparkColumn, column: Column, timezone: str | None, timestamp_format: str | None
) -> Parsed:
    # The session's zone is UTC, so a local time is first read as if it were UTC, then moved.
    written = castable(text, timestamp_format, timezone)
    read = written.try_cast(T.TimestampType())
    zoned = is_zoned(written)
    if timezone is None:
        value = F.when(zoned, read)
        faults = {R.without_zone(column): read.isNotNull() & ~zoned}
    else:
        value = F.when(zoned, read).otherwise(to_utc(read, timezone))
        faults = {}
    faults[R.unparsed(column)] = text.isNotNull() & read.isNull()
    if timestamp_format is None or _LONG_FRACTION in timestamp_format:
        too_long = (F.length(written) > _MICROS_LENGTH) & written.rlike(_BEYOND_MICROS)
        faults[R.digits_lost(column)] = read.isNotNull() & too_long
    return Parsed(value, text.isNull(), faults)
