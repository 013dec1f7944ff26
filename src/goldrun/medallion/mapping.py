"""A source's expressions over the text columns of its records, in the mapping language."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.errors import SettingsError
from goldrun.medallion.expressions.binding import read
from goldrun.medallion.expressions.kinds import ExpressionError, Kind, Record, Value
from goldrun.medallion.expressions.numbers import number_text
from goldrun.medallion.text import trimmed

LINEAGE = lineage.LINEAGE
UNREADABLE = "unreadable"
"""Text in place of a time that an expression can't make of the text of a record."""


def columns_needed(expressions: Mapping[str, str], where: str) -> list[str]:
    """Check expressions, and find the file columns that they read, without an engine.

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
    """The contract columns whose expressions make ISO 8601 text of a time.

    They carry ``Z`` where they are instants and no zone where they are local; a source's
    ``timestamp_format`` is for the others, which are text as a file has it.
    """
    return frozenset(name for name, sql in expressions.items() if read(sql).kind is Kind.TIME)


def text_of(name: str) -> SparkColumn:
    """Text of a record by file column; null where the record has no such column.

    By position: the lookup in the map takes twenty times as long in Sail, and as long in Spark.
    """
    record = F.col(lineage.RECORD)
    position = F.array_position(F.map_keys(record), F.lit(name)) - 1
    return F.get(F.map_values(record), position.cast("int"))


def apply_mapping(
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
    zone: str | None = None,
) -> DataFrame:
    """Evaluate a source's expressions on bronze records.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        expressions: Contract column to expression, checked by ``columns_needed``.
        needed: File columns that they read (``columns_needed``).
        zone: The source's time zone, whose abbreviations are read; None where it has none.

    Returns:
        One row a record: the mapped columns, text or of whatever type the expression gave
        (``UNREADABLE`` where it makes no time of text that is there, unless by a condition), and
        ``LINEAGE``, a struct of all bronze columns.
    """
    # By place and not by name: a shop's names may be ours, or differ in case alone.
    places = {name: f"_{place}" for place, name in enumerate(needed)}
    text = [text_of(name).alias(place) for name, place in places.items()]
    origin = F.struct(*[F.col(c) for c in bronze.columns]).alias(LINEAGE)
    record = Record({name: F.col(place) for name, place in places.items()}, zone)
    mapped = [_column(read(sql), record).alias(name) for name, sql in expressions.items()]
    return bronze.select(origin, *text).select(F.col(LINEAGE), *mapped)


def _column(value: Value, record: Record) -> SparkColumn:
    column = value.build(record)
    if value.kind is Kind.TIME and value.reads and not value.null_is_intended:
        # Else the text of the file would be lost and replaced by a default.
        texts = F.concat_ws("", *[trimmed(record.columns[name]) for name in sorted(value.reads)])
        column = F.coalesce(column, F.when(F.length(texts) > 0, F.lit(UNREADABLE)))
    if value.kind is Kind.NUMBER and value.type.is_wide:
        return number_text(column, value.type)
    return column
