"""Parse text to typed values; text without an exact value is null and has a fault."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.table import Column, Standard
from goldrun.contracts.time_formats import EPOCHS, ISO, TimeFormat, formats_of
from goldrun.medallion.decimals import parse_decimal, plain_number
from goldrun.medallion.mapping import apply_mapping, time_columns
from goldrun.medallion.parsed import Parsed
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
_LONG = (ISO, *EPOCHS)
"""Formats, and the letters of a pattern, that may have more digits than a timestamp stores."""


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
        mapping: The expressions, the formats of times that are mapped without conversion, and the
            shop's words.
        columns: Contracts of the mapped columns.
        needed: File columns that the expressions read.
        timezone: Zone of times that carry none.
        phone_region: Country of telephone numbers that carry none.

    Returns:
        One row a record with the lineage of ``apply_mapping``, and each column by name as an
        expression over these rows.
    """
    frame = apply_mapping(bronze, mapping.columns, needed, timezone, mapping.no_value)
    computed = time_columns(mapping.columns)
    formats = {c.name: None if c.name in computed else mapping.timestamp_format for c in columns}
    frame = with_castable_text(frame, columns, timezone, formats)
    rounds = mapping.extra_digits == "round"
    return frame, {
        c.name: parse(
            *(frame, c, timezone, formats[c.name], phone_region),
            values=mapping.values.get(c.name, {}),
            rounds=rounds,
        )
        for c in columns
    }


def with_castable_text(
    mapped: DataFrame,
    columns: Sequence[Column],
    timezone: str | None,
    formats: Mapping[str, TimeFormat],
) -> DataFrame:
    """Add columns that ``parse`` reads several times, so that each is computed once.

    ``parse`` has the same result without them, but repeats their expressions: planning the times
    of one table then takes seconds.

    Args:
        mapped: Frame with the mapped columns.
        columns: Contracts of the columns.
        timezone: Zone of times that carry none.
        formats: Formats of times by column; ISO 8601 if None.

    Returns:
        The frame with the trimmed text of each column, and for numbers and times the text that
        every engine casts to the same value.
    """
    texts = [c for c in columns if not _is_typed(mapped, c)]
    times = [c for c in texts if isinstance(c.type, T.TimestampType)]
    numbers = [c for c in texts if isinstance(c.type, T.DecimalType)]
    frame = _with_columns(mapped, {_TEXT + c.name: _text(mapped, c) for c in texts})
    iso = [c.name for c in times if ISO in formats_of(formats[c.name])]
    frame = _with_columns(frame, {_COMPLETED + n: completed(F.col(_TEXT + n)) for n in iso})
    written = {_WRITTEN + c.name: _written(frame, c, timezone, formats[c.name]) for c in times}
    written |= {_WRITTEN + c.name: plain_number(F.col(_TEXT + c.name)) for c in numbers}
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
    mapped: DataFrame, column: Column, timezone: str | None, declared: TimeFormat
) -> SparkColumn:
    if _WRITTEN + column.name in mapped.columns:
        return F.col(_WRITTEN + column.name)
    text = _text(mapped, column)
    has_completed = _COMPLETED + column.name in mapped.columns
    whole = F.col(_COMPLETED + column.name) if has_completed else None
    ways = [castable(text, each, timezone, whole) for each in formats_of(declared)]
    return ways[0] if len(ways) == 1 else F.coalesce(*ways)


def parse(
    mapped: DataFrame,
    column: Column,
    timezone: str | None,
    timestamp_format: TimeFormat,
    phone_region: str | None = None,
    *,
    values: Mapping[str, str] | None = None,
    rounds: bool = False,
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
        timestamp_format: Formats of times; ISO 8601 when None. The first that a text has applies.
        phone_region: Country of telephone numbers that carry none.
        values: The shop's words, each with the value of the contract that it means.
        rounds: Whether a number with more decimals than the type stores is rounded.

    Returns:
        The value as an expression over ``mapped``, and its faults.
    """
    if _is_typed(mapped, column):
        return Parsed(F.col(column.name), F.col(column.name).isNull(), {})
    text = _text(mapped, column)
    if isinstance(column.type, T.StringType):
        return _standardised(text, column, phone_region, values or {})
    if isinstance(column.type, T.TimestampType):
        written = _written(mapped, column, timezone, timestamp_format)
        return _timestamp(text, written, column, timezone, timestamp_format)
    if isinstance(column.type, T.DecimalType):
        exists = _WRITTEN + column.name in mapped.columns
        plain = F.col(_WRITTEN + column.name) if exists else plain_number(text)
        return parse_decimal(text, plain, column, column.type, rounds=rounds)
    return _with_fault(text, text.try_cast(column.type), column)


def _standardised(
    text: SparkColumn, column: Column, phone_region: str | None, values: Mapping[str, str]
) -> Parsed:
    value = to_standard_form(text, column, phone_region, values)
    if column.standard in (None, Standard.CATEGORY):
        return Parsed(value, text.isNull(), {})
    return _with_fault(text, value, column)


def _with_fault(text: SparkColumn, value: SparkColumn, column: Column) -> Parsed:
    """Return a value with the fault ``unparsed`` if it is null and its text is not."""
    fault = text.isNotNull() & value.isNull()
    return Parsed(value, text.isNull(), {quarantine_reasons.unparsed(column): fault})


def _timestamp(
    text: SparkColumn,
    written: SparkColumn,
    column: Column,
    timezone: str | None,
    timestamp_format: TimeFormat,
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
    if any(each in _LONG or _LONG_FRACTION in each for each in formats_of(timestamp_format)):
        too_long = (F.length(written) > _MICROS_LENGTH) & written.rlike(_BEYOND_MICROS)
        faults[quarantine_reasons.digits_lost(column)] = read.isNotNull() & too_long
    return Parsed(value, text.isNull(), faults)
