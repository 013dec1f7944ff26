"""Evaluate a source's mapping expressions on the text columns of its records."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage, row_context
from goldrun.contracts.value_words import no_value_form
from goldrun.errors import SettingsError
from goldrun.medallion.expressions.binding import read
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Record, Value
from goldrun.medallion.expressions.numbers import number_text
from goldrun.medallion.text import trimmed

LINEAGE = lineage.LINEAGE
UNREADABLE = "unreadable"
"""Text in place of a time that an expression can't compute from the text of a record."""


def columns_needed(expressions: Mapping[str, str], where: str) -> list[str]:
    """Check expressions, and return the file columns that they read, without an engine.

    Args:
        expressions: Contract column to expression.
        where: File and section of the expressions, for messages.

    Returns:
        Column names as the expressions spell them, sorted.

    Raises:
        SettingsError: An expression is not of the mapping language.
    """
    needed: set[str] = set()
    for name, sql in expressions.items():
        try:
            needed |= read(sql).reads
        except ExpressionError as error:
            raise SettingsError(f"{where} {name} = {sql!r} {error}") from error
    return sorted(needed)


def time_columns(expressions: Mapping[str, str]) -> frozenset[str]:
    """Return the contract columns whose expressions compute a time as ISO 8601 text.

    The text ends in ``Z`` for an instant and has no zone for a local time. A source's
    ``timestamp_format`` applies to the other columns, which have the text of the file.
    """
    return frozenset(name for name, sql in expressions.items() if read(sql).kind is Kind.TIME)


def text_of(name: str) -> SparkColumn:
    """Return the text that an expression reads: of a file column, or of the record's place.

    Args:
        name: Name of a column (see ``cell``), or ``_file`` or ``_row`` (``row_context``). ``_line``
            is a column, because a file has it only with the others of its group.
    """
    if name == row_context.FILE_NAME:
        return F.substring_index(F.col(lineage.FILE), "/", -1)
    if name == row_context.ROW_NUMBER:
        return (F.col(lineage.OFFSET) + 1).cast("string")
    return cell(name)


def cell(name: str) -> SparkColumn:
    """Return the text of a file column of a record; null if the record has no such column.

    The value is found by position, because a lookup in the map takes twenty times as long in Sail,
    and as long in Spark.
    """
    record = F.col(lineage.RECORD)
    position = F.array_position(F.map_keys(record), F.lit(name)) - 1
    return F.get(F.map_values(record), position.cast("int"))


def without_no_value(text: SparkColumn, no_value: Sequence[str]) -> SparkColumn:
    """Return a text of a file; null if it is one of the texts that are no value.

    Args:
        text: The text.
        no_value: The texts; case and invisible characters around them do not count.
    """
    if not no_value:
        return text
    forms = sorted({no_value_form(each) for each in no_value})
    return F.when(~F.lower(trimmed(text)).isin(*forms), text)


def apply_mapping(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    zone: str | None = None,
    no_value: Sequence[str] = (),
) -> DataFrame:
    """Evaluate a source's expressions on bronze records.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: Contract column to expression, checked by ``columns_needed``.
        needed: File columns that they read (``columns_needed``).
        zone: The source's time zone, whose abbreviations are read; None if it has none.
        no_value: Texts of a file column that expressions read as null (``without_no_value``).

    Returns:
        One row a record: the mapped columns, of text or of the type of the expression
        (``UNREADABLE`` if a time can't be computed from text that is not empty, except by a
        condition), and ``LINEAGE``, a struct of all bronze columns.
    """
    # By position and not by name: a shop's names may equal bronze columns, or differ in case only.
    places = {name: f"_{place}" for place, name in enumerate(needed)}
    text = [_known_text(name, no_value).alias(place) for name, place in places.items()]
    origin = F.struct(*[F.col(c) for c in bronze.columns]).alias(LINEAGE)
    record = Record({name: F.col(place) for name, place in places.items()}, zone)
    mapped = [_column(read(sql), record).alias(name) for name, sql in expressions.items()]
    return bronze.select(origin, *text).select(F.col(LINEAGE), *mapped)


def _known_text(name: str, no_value: Sequence[str]) -> SparkColumn:
    """Return the text that expressions read; the place of a record is never no value."""
    text = text_of(name)
    return text if name in row_context.PLACE_NAMES else without_no_value(text, no_value)


def _column(value: Value, record: Record) -> SparkColumn:
    column = value.build(record)
    if value.kind is Kind.TIME and value.reads and not value.null_is_intended:
        # Without this, a default would replace the text of the file.
        texts = F.concat_ws("", *[trimmed(record.columns[name]) for name in sorted(value.reads)])
        column = F.coalesce(column, F.when(F.length(texts) > 0, F.lit(UNREADABLE)))
    if value.kind is Kind.NUMBER and value.type.is_wide:
        return number_text(column, value.type)
    return column
