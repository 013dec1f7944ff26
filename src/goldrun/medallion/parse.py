"""Parse text to typed values; text without an exact value is null and has a fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.table import Column, Standard
from goldrun.medallion.mapping import apply_mapping, time_columns
from goldrun.medallion.standard_forms import to_standard_form
from goldrun.medallion.text import trimmed
from goldrun.medallion.times import castable, completed, is_zoned
from goldrun.medallion.zones import to_utc

_TEXT, _COMPLETED, _WRITTEN = "_text_", "_completed_", "_written_"
"""Prefixes of the columns that ``with_castable_text`` adds: the trimmed text, a time with its
seconds, and text that every engine casts to the same value."""
_BEYOND_MICROS = r"\.[0-9]{6}[0-9]*[1-9]"
"""A fraction of a second with more digits than a timestamp stores."""
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
    """A typed value and its faults.

    Attributes:
        value: The value; null where the text is empty or has no value of the type.
        empty: Whether the text is empty.
        faults: Condition by reason.
    """

    value: SparkColumn
    empty: SparkColumn
    faults: dict[str, SparkColumn]


def parse_records(
    bronze: DataFrame,
    mapping: EntityMapping,
    columns: Sequence[Column],
    needed: Sequence[str],
    timezone: str | None,
    phone_region: str | None = None,
) -> tuple[DataFrame, dict[str, Parsed]]:
    """Evaluate a mapping on raw records and parse each of its columns.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        mapping: The expressions, and the pattern of times that are mapped without conversion.
        columns: Contracts of the mapped columns.
        needed: File columns that the expressions read.
        timezone: Zone of times that carry none.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        One row a record with the lineage of ``apply_mapping``, and each column by name as an
        expression over these rows.
    """
    frame = apply_mapping(bronze, mapping.columns, needed, timezone)
    computed = time_columns(mapping.columns)
    patterns = {c.name: None if c.name in computed else mapping.timestamp_format for c in columns}
    frame = with_castable_text(frame, columns, timezone, patterns)
    return frame, {
        c.name: parse(frame, c, timezone, patterns[c.name], phone_region) for c in columns
    }


def with_castable_text(
    mapped: DataFrame,
    columns: Sequence[Column],
    timezone: str | None,
    patterns: Mapping[str, str | None],
) -> DataFrame:
    """Add columns that ``parse`` reads several times, so that each is computed once.

    ``parse`` has the same result without them, but repeats their expressions: planning the times
    of one table then takes seconds.

    Args:
        mapped: Frame with the mapped columns.
        columns: Contracts of the columns.
        timezone: Zone of times that carry none.
        patterns: Spark pattern of times by column; ISO 8601 where None.

    Returns:
        The frame with the trimmed text of each column, and for numbers and times the text that
        every engine casts to the same value.
    """
    texts = [c for c in columns if not _is_typed(mapped, c)]
    times = [c for c in texts if isinstance(c.type, T.TimestampType)]
    numbers = [c for c in texts if isinstance(c.type, T.DecimalType)]
    frame = _with_columns(mapped, {_TEXT + c.name: _text(mapped, c) for c in texts})
    iso = [c.name for c in times if patterns[c.name] is None]
    frame = _with_columns(frame, {_COMPLETED + n: completed(F.col(_TEXT + n)) for n in iso})
    written = {_WRITTEN + c.name: _written(frame, c, timezone, patterns[c.name]) for c in times}
    written |= {_WRITTEN + c.name: _plain(F.col(_TEXT + c.name)) for c in numbers}
    return _with_columns(frame, written)


def _with_columns(frame: DataFrame, columns: dict[str, SparkColumn]) -> DataFrame:
    """Add columns; unlike ``withColumns``, also none."""
    return frame.withColumns(columns) if columns else frame


def _is_typed(mapped: DataFrame, column: Column) -> bool:
    """Whether the mapped column has the contract's type already and needs no parsing."""
    mapped_type = mapped.schema[column.name].dataType
    return mapped_type == column.type and not isinstance(mapped_type, T.StringType)


def _text(mapped: DataFrame, column: Column) -> SparkColumn:
    if _TEXT + column.name in mapped.columns:
        return F.col(_TEXT + column.name)
    return F.nullif(trimmed(F.col(column.name).cast(T.StringType())), F.lit(""))


def _written(
    mapped: DataFrame, column: Column, timezone: str | None, pattern: str | None
) -> SparkColumn:
    if _WRITTEN + column.name in mapped.columns:
        return F.col(_WRITTEN + column.name)
    text = _text(mapped, column)
    if _COMPLETED + column.name in mapped.columns:
        return castable(text, pattern, timezone, F.col(_COMPLETED + column.name))
    return castable(text, pattern, timezone)


def parse(
    mapped: DataFrame,
    column: Column,
    timezone: str | None,
    timestamp_format: str | None,
    phone_region: str | None = None,
) -> Parsed:
    """Parse one mapped column into its contract's type.

    Empty text is null. Other text that is not of the type becomes null with the fault
    ``<name>_unparsed``; a number with more decimals than the type stores, or a time with more than
    microseconds, has ``<name>_digits_lost``. A time without a zone is read in ``timezone``; without
    a ``timezone`` it has ``<name>_without_zone``. Text is converted to the column's standard form;
    text without one has ``<name>_unparsed`` too.

    Args:
        mapped: Frame with the mapped column.
        column: Contract of the column.
        timezone: Zone of times that carry none.
        timestamp_format: Spark pattern of times; ISO 8601 when None.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        The value as an expression over ``mapped``, and its faults.
    """
    if _is_typed(mapped, column):
        return Parsed(F.col(column.name), F.col(column.name).isNull(), {})
    text = _text(mapped, column)
    if isinstance(column.type, T.StringType):
        return _standardised(text, column, phone_region)
    if isinstance(column.type, T.TimestampType):
        written = _written(mapped, column, timezone, timestamp_format)
        return _timestamp(text, written, column, timezone, timestamp_format)
    if isinstance(column.type, T.DecimalType):
        exists = _WRITTEN + column.name in mapped.columns
        plain = F.col(_WRITTEN + column.name) if exists else _plain(text)
        return _decimal(text, plain, column, column.type)
    return _with_fault(text, text.try_cast(column.type), column)


def _standardised(text: SparkColumn, column: Column, phone_region: str | None) -> Parsed:
    value = to_standard_form(text, column, phone_region)
    if column.standard in (None, Standard.CATEGORY):
        return Parsed(value, text.isNull(), {})
    return _with_fault(text, value, column)


def _with_fault(text: SparkColumn, value: SparkColumn, column: Column) -> Parsed:
    """Return a value with the fault ``unparsed`` where it is null and its text is not."""
    fault = text.isNotNull() & value.isNull()
    return Parsed(value, text.isNull(), {quarantine_reasons.unparsed(column): fault})


def _plain(text: SparkColumn) -> SparkColumn:
    return F.when(text.rlike(_PLAIN), text).when(text.rlike(_SCIENTIFIC), _without_power(text))


def _decimal(text: SparkColumn, plain: SparkColumn, column: Column, kind: T.DecimalType) -> Parsed:
    # Some engines do not cast a number of hundreds of digits.
    short = F.regexp_replace(plain, _ZEROS_BEFORE, "$1$2")
    short = F.regexp_replace(short, _DIGITS_BEHIND, "$1")
    value = F.when(F.length(plain) > _MOST_CAST, short).otherwise(plain).try_cast(kind)
    faults = {quarantine_reasons.unparsed(column): text.isNotNull() & value.isNull()}
    # Few numbers have so many characters after the point; only these are matched, which is
    # expensive.
    is_long = F.length(plain) - F.instr(plain, ".") > kind.scale
    lost = value.isNotNull() & plain.rlike(rf"\.[0-9]{{{kind.scale}}}[0-9]*[1-9]")
    faults[quarantine_reasons.digits_lost(column)] = F.when(is_long, lost)
    return Parsed(value, text.isNull(), faults)


def _without_power(text: SparkColumn) -> SparkColumn:
    """Write a number without its power of ten, because some engines do not cast ``1.5e3``."""
    sign, whole, fraction, power = (
        F.regexp_extract(text, _SCIENTIFIC, group) for group in (1, 2, 3, 4)
    )
    # With these zeros the point has digits on both sides for every power.
    zeros = "0" * _MOST_POWER
    digits = F.concat(F.lit(zeros), whole, fraction, F.lit(zeros))
    point = F.length(whole) + power.try_cast(T.IntegerType()) + _MOST_POWER
    before = F.ltrim(F.substring(digits, F.lit(1), point), F.lit("0"))
    after = F.rtrim(F.substring(digits, point + 1, F.length(digits)), F.lit("0"))
    number = F.concat(sign, F.lit("0"), before, F.lit("."), after, F.lit("0"))
    return F.when(F.length(F.concat(whole, fraction)) > 0, number)


def _timestamp(
    text: SparkColumn,
    written: SparkColumn,
    column: Column,
    timezone: str | None,
    timestamp_format: str | None,
) -> Parsed:
    # The session's zone is UTC, so a local time is first read as UTC, then converted.
    read = written.try_cast(T.TimestampType())
    zoned = is_zoned(written)
    if timezone is None:
        value = F.when(zoned, read)
        faults = {quarantine_reasons.without_zone(column): read.isNotNull() & ~zoned}
    else:
        value = F.when(zoned, read).otherwise(to_utc(read, timezone))
        faults = {}
    faults[quarantine_reasons.unparsed(column)] = text.isNotNull() & read.isNull()
    if timestamp_format is None or _LONG_FRACTION in timestamp_format:
        too_long = (F.length(written) > _MICROS_LENGTH) & written.rlike(_BEYOND_MICROS)
        faults[quarantine_reasons.digits_lost(column)] = read.isNotNull() & too_long
    return Parsed(value, text.isNull(), faults)
