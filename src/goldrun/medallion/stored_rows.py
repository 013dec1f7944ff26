"""Stored rows found by key, without reading the files that can't hold them."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_FEW = 500_000
"""Largest number of rows to broadcast."""


def few_in_memory(rows: DataFrame, count: int) -> DataFrame:
    """Broadcast rows in joins, where they are few.

    Args:
        rows: Narrow rows.
        count: Number of rows.
    """
    return F.broadcast(rows) if count < _FEW else rows


def rows_of(stored: DataFrame, wanted: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Find the stored rows whose columns have the values of a wanted row.

    The span of the wanted values is collected first and filters the table as literals: values
    that grow with time, as most ids do, are in few files, and the other files are skipped by their
    statistics. Values from all over the table need every file.

    Args:
        stored: Rows of a table.
        wanted: Rows with ``columns``; read twice, so checkpoint it if it is expensive.
        columns: What to compare; a null equals nothing.

    Returns:
        Rows of ``stored``, each once.
    """
    spans = [each(name) for name in columns for each in (F.min, F.max)]
    found = wanted.agg(*[span.alias(f"b{n}") for n, span in enumerate(spans)]).collect()[0]
    for n, name in enumerate(columns):
        stored = stored.where(F.col(name).between(F.lit(found[2 * n]), F.lit(found[2 * n + 1])))
    return stored.join(wanted.select(*columns), list(columns), "left_semi")
