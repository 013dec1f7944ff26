"""Compaction of a table while others write it."""

from goldrun.contracts.table import Table
from goldrun.errors import LakeBusyError
from goldrun.io.delta.lake import Lake


def compact_if_free(lake: Lake, table: Table) -> bool:
    """Compact a table without waiting; return False if another writer holds or changes it."""
    try:
        with lake.writing(table.name, wait_seconds=0):
            lake.compact(table)
    except LakeBusyError:
        return False
    return True
