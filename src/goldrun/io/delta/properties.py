"""What Delta is told of a table, and which of its rows differ from others."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts import table as contract
from goldrun.contracts.check import breaks
from goldrun.contracts.stacked import stacked
from goldrun.contracts.table import Table

_PROPERTIES = {
    # A model's evidence names table versions; they stay readable for a year.
    "delta.logRetentionDuration": "interval 365 days",
    "delta.deletedFileRetentionDuration": "interval 365 days",
}
GONE = "_gone"
KNOWN = "_known"
WRONG = "_wrong"
_NOW, _BEFORE = "_now", "_before"
CHANGE_FEED = "delta.enableChangeDataFeed"
_RAW_TEXT = (lineage.RECORD, lineage.MALFORMED)
_TOLD_BY_DELTA = 32
_WITH_RANGE = (T.StringType, T.NumericType, T.DateType, T.TimestampType)


def properties(table: Table) -> dict[str, str]:
    """Table properties: retention, statistics, and whether changes are kept for reading."""
    feed = {CHANGE_FEED: "true"} if table.change_feed else {}
    return _PROPERTIES | feed | _statistics(table)


def _statistics(table: Table) -> dict[str, str]:
    """Which columns the log tells of, where it is not the first of them."""
    if not any(_is_private(column) for column in table.columns):
        return {}
    told = ",".join(f"`{name}`" for name in columns_told(table))
    return {"delta.dataSkippingStatsColumns": told}


def columns_told(table: Table) -> list[str]:
    """Columns whose smallest and largest values are in the log: no personal one.

    Without any to hide, they are as many of the first as Delta takes by itself.
    """
    private = [c.name for c in table.columns if _is_private(c)]
    columns = table.columns if private else table.columns[:_TOLD_BY_DELTA]
    with_range = [c.name for c in columns if isinstance(c.type, _WITH_RANGE)]
    return [name for name in with_range if name not in private]


def _is_private(column: contract.Column) -> bool:
    return column.personal or column.name in _RAW_TEXT


def named(path: str) -> str:
    """How SQL names the table that is at a path."""
    return f"delta.`{path.replace('`', '``')}`"


def content(rows: DataFrame) -> tuple[object, ...]:
    """Count and two order-free checksums: equal for equal rows, whatever their order."""
    hashed = row_hash(rows)
    total = F.sum(hashed.cast("decimal(38,0)"))
    return tuple(rows.agg(F.count("*"), total, F.bit_xor(hashed)).collect()[0])


def row_hash(rows: DataFrame) -> Column:
    """64 bits of all columns, equal for equal rows."""
    # A hash passes over nulls, so where they are is hashed as well.
    names = [f"`{name}`" for name in rows.columns]
    return F.expr(f"xxhash64({', '.join([*names, *[f'isnull({name})' for name in names]])})")


def changed_rows(fresh: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Find what turns the stored rows into the fresh ones, in one grouping by key.

    Args:
        fresh: Rows of the contract's columns.
        stored: Rows of the table.
        table: Their contract.

    Returns:
        The contract's columns; ``GONE``: false for a row to insert or update, true for the key of
        one to delete, whose other columns are null; ``KNOWN``: whether the key is stored; and
        ``WRONG``: whether the row breaks the contract or its key stands twice among the fresh.
    """
    key = list(table.key)
    others = [name for name in table.names if name not in key]
    new = fresh.select(*table.names, row_hash(fresh).alias(_NOW), breaks(table).alias(WRONG))
    old = stored.select(*key, row_hash(stored.select(*table.names)).alias(_BEFORE))
    # Of each key one fresh row at most has values, or it is wrong: the largest is the only one.
    grouped = (
        stacked([new, old])
        .groupBy(*key)
        .agg(
            *[F.max(name).alias(name) for name in (*others, _NOW, _BEFORE)],
            (F.bool_or(WRONG) | (F.count(_NOW) > 1)).alias(WRONG),
        )
    )
    differs = F.col(WRONG) | ~F.col(_NOW).eqNullSafe(F.col(_BEFORE))
    return grouped.where(F.coalesce(differs, F.lit(True))).select(
        *table.names,
        F.col(_NOW).isNull().alias(GONE),
        F.col(_BEFORE).isNotNull().alias(KNOWN),
        F.coalesce(WRONG, F.lit(False)).alias(WRONG),
    )
