"""Find stored rows by key, without reading files that can't contain the key."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.table import Table

_FEW = 500_000
"""Largest number of rows to broadcast."""


def empty_rows(any_frame: DataFrame, table: Table) -> DataFrame:
    """Return a frame with the columns of a table and without rows, in the session of a frame."""
    columns = [F.lit(None).cast(c.type).alias(c.name) for c in table.columns]
    return any_frame.limit(0).select(*columns)


def few_in_memory(rows: DataFrame, count: int) -> DataFrame:
    """Mark rows to be broadcast in joins if they are few.

    Args:
        rows: Rows with few columns.
        count: Number of rows.
    """
    return F.broadcast(rows) if count < _FEW else rows


def rows_of(stored: DataFrame, wanted: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Return the stored rows whose columns have the values of a wanted row.

    The range of the wanted values is collected first and filters the table as literals. Values that
    grow with time, as most ids do, are in few files, and the other files are skipped by their
    statistics. If the values have a wide range, all files are read.

    Args:
        stored: Rows of a table.
        wanted: Rows with ``columns``; read twice, so checkpoint it if it is expensive.
        columns: Columns to compare; a null equals no value.

    Returns:
        Rows of ``stored``, each once.
    """
    spans = [each(name) for name in columns for each in (F.min, F.max)]
    found = wanted.agg(*[span.alias(f"b{n}") for n, span in enumerate(spans)]).collect()[0]
    for n, name in enumerate(columns):
        stored = stored.where(F.col(name).between(F.lit(found[2 * n]), F.lit(found[2 * n + 1])))
    return stored.join(wanted.select(*columns), list(columns), "left_semi")
