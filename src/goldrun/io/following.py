"""Beside a writer: its changes followed, its small files compacted."""

from pyspark.sql import DataFrame

from goldrun.contracts.table import Table
from goldrun.errors import LakeBusyError
from goldrun.io.delta import CHANGE_FEED
from goldrun.io.lake import Lake
from goldrun.io.spark_storage import CONFLICTS


def changes(lake: Lake, table: str, since: int) -> DataFrame:
    """Read what was inserted, updated (before and after) and deleted after a version.

    Args:
        lake: The tables.
        table: One whose changes are kept.
        since: Delta version after which to begin; must be older than the newest.
    """
    reader = lake.spark.read.format("delta").option("readChangeFeed", "true")
    return reader.option("startingVersion", since + 1).load(lake.path(table))


def keep_changes(lake: Lake, table: str) -> bool:
    """Keep a table's changes from now on; return whether they were not kept before."""
    place = f"delta.`{lake.path(table)}`"
    detail = lake.spark.sql(f"DESCRIBE DETAIL {place}").collect()[0]
    if detail["properties"].get(CHANGE_FEED) == "true":
        return False
    lake.spark.sql(f"ALTER TABLE {place} SET TBLPROPERTIES ('{CHANGE_FEED}' = 'true')")
    return True


def compact_if_free(lake: Lake, table: Table) -> bool:
    """Compact beside other writers; False when one was quicker or another process writes."""
    try:
        with lake.writing(table.name, wait_seconds=0):
            lake.compact(table)
    except (*CONFLICTS, LakeBusyError):
        return False
    return True
