"""Delta table properties of a contract."""

from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.table import Column, Table

CHANGE_FEED = "delta.enableChangeDataFeed"
APPEND_ONLY = "delta.appendOnly"
_RETENTION = {
    # Models record table versions as evidence, which stay readable for a year.
    "delta.logRetentionDuration": "interval 365 days",
    "delta.deletedFileRetentionDuration": "interval 365 days",
}
_RAW_TEXT = (lineage.RECORD, lineage.MALFORMED)
_DEFAULT_COLUMNS = 32
"""Number of first columns of which Delta keeps statistics by default."""
_WITH_SPAN = (T.StringType, T.NumericType, T.DateType, T.TimestampType)


def properties(table: Table) -> dict[str, str]:
    """Build the table properties: retention, change feed, append-only, columns with statistics."""
    feed = {CHANGE_FEED: "true"} if table.change_feed else {}
    append_only = {APPEND_ONLY: "true"} if table.append_only else {}
    return _RETENTION | feed | append_only | _statistics(table)


def _statistics(table: Table) -> dict[str, str]:
    """Return the property that keeps personal columns and raw text out of Delta's statistics.

    Statistics copy a column's smallest and largest value into the log. The result is empty if the
    table has neither personal columns nor raw text.
    """
    if not any(_is_private(column) for column in table.columns):
        return {}
    names = ",".join(f"`{name}`" for name in columns_with_statistics(table))
    return {"delta.dataSkippingStatsColumns": names}


def columns_with_statistics(table: Table) -> list[str]:
    """List the columns whose smallest and largest values are in the log.

    Personal columns and raw text are never among them. A table without such columns has statistics
    of as many of its first columns as Delta takes by default.
    """
    private = [c.name for c in table.columns if _is_private(c)]
    columns = table.columns if private else table.columns[:_DEFAULT_COLUMNS]
    with_span = [c.name for c in columns if isinstance(c.type, _WITH_SPAN)]
    return [name for name in with_span if name not in private]


def _is_private(column: Column) -> bool:
    return column.personal or column.name in _RAW_TEXT


def named(path: str) -> str:
    """Name the table at a path in SQL."""
    return f"delta.`{path.replace('`', '``')}`"
