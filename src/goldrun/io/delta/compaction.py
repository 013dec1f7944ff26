"""Beside a writer: its small files compacted."""

from pyspark.errors import PySparkException

from goldrun.contracts.table import Table
from goldrun.errors import LakeBusyError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.spark.staged_write import is_conflict


def compact_if_free(lake: Lake, table: Table) -> bool:
    """Compact beside other writers; False when one was quicker or another process writes."""
    try:
        with lake.writing(table.name, wait_seconds=0):
            lake.compact(table)
    except LakeBusyError:
        return False
    except PySparkException as error:
        if is_conflict(error):
            return False
        raise
    return True
