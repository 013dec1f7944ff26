"""Explain how one record is mapped: the text and the value of each column, and what it breaks."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.source import Source
from goldrun.contracts.table import Column
from goldrun.medallion.parse import parse_records
from goldrun.medallion.parsed import Parsed
from goldrun.medallion.silver import validate
from goldrun.medallion.source_columns import columns_read


@dataclass(frozen=True)
class Mapped:
    """One column of a record.

    Attributes:
        column: Name of the contract's column.
        expression: The source's expression; the contract's default if the source has none, and
            empty if both have none.
        is_default: Whether the expression is the contract's default.
        text: What the expression gives, as text; None for null, and for a default.
        value: The typed value, as text; None for null.
        faults: Reasons for which the text has no value.
    """

    column: str
    expression: str
    is_default: bool
    text: str | None
    value: str | None
    faults: Sequence[str]


@dataclass(frozen=True)
class Explanation:
    """How a record is mapped by the current settings.

    Attributes:
        columns: Its columns, in the order of the contract.
        reasons: Rejecting rules that it breaks by itself, without other tables.
    """

    columns: Sequence[Mapped]
    reasons: Sequence[str]


def explain(record: DataFrame, source: Source, entity: str) -> Explanation:
    """Map one record by the current settings.

    Args:
        record: One row of ``bronze/<entity>``.
        source: The shop.
        entity: Name of the entity.
    """
    mapping, table = source.with_files[entity], source.contract(entity)
    mapped = [table.column(name) for name in mapping.columns]
    needed = list(columns_read(source, entity))
    settings = source.timezone, source.phone_region
    frame, parsed = parse_records(record, mapping, mapped, needed, *settings)
    texts = frame.select(*[F.col(c.name).cast("string") for c in mapped]).collect()[0]
    faults = frame.select(*[_names(parsed[c.name]).alias(c.name) for c in mapped]).collect()[0]
    validated = validate(record, mapping, needed, table, *settings)
    values = [F.col(name).cast("string") for name in table.names]
    typed = validated.select(*values, lineage.REASONS).collect()[0]
    columns = [_mapped(c, mapping.columns.get(c.name), texts, faults, typed) for c in table.columns]
    return Explanation(columns, list(typed[lineage.REASONS]))


def _names(parsed: Parsed) -> SparkColumn:
    """Return the names of the faults of a value, joined by commas."""
    return F.concat_ws(",", *[F.when(is_so, F.lit(name)) for name, is_so in parsed.faults.items()])


def _mapped(c: Column, expression: str | None, texts: Row, faults: Row, typed: Row) -> Mapped:
    if expression is None:
        return Mapped(c.name, c.default or "", True, None, typed[c.name], ())
    found = tuple(name for name in faults[c.name].split(",") if name)
    return Mapped(c.name, expression, False, texts[c.name], typed[c.name], found)
