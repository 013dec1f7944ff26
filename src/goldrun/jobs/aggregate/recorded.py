"""The rows of ``ops/gold_tables``: what gold has recorded of its tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from goldrun.contracts.ops import (
    CHANGED_FROM,
    DEFINITIONS,
    GOLD_TABLES,
    TABLE,
    TABLE_ID,
    VERSION,
)
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.jobs.context import Context


@dataclass(frozen=True)
class Recorded:
    """A row of ``ops/gold_tables``."""

    table_id: str
    version: int | None
    definitions: str | None
    changed_from: date | None


def read_recorded(ctx: Context) -> dict[str, Recorded]:
    """Read the rows, by table."""
    rows = ctx.lake.read_or_empty(GOLD_TABLES).collect()
    return {
        row[TABLE]: Recorded(row[TABLE_ID], row[VERSION], row[DEFINITIONS], row[CHANGED_FROM])
        for row in rows
    }


def write_recorded(ctx: Context, found: Mapping[str, Recorded], run_id: str) -> None:
    """Write the rows of some tables in place of those that are stored.

    The caller holds the lock of ``ops/gold_tables`` since it has read them.
    """
    if not found:
        return
    rows = [
        (name, r.table_id, r.version, r.definitions, r.changed_from, ctx.now, run_id)
        for name, r in found.items()
    ]
    ctx.lake.upsert(GOLD_TABLES, ctx.lake.frame(GOLD_TABLES, rows))


def changed_from(ctx: Context) -> date | None:
    """Earliest day whose change stored snapshots may lack; None if they have all changes.

    If ``gold/customer_features`` is not recorded, it is the earliest day that there is.
    """
    row = read_recorded(ctx).get(CUSTOMER_FEATURES.name)
    return row.changed_from if row else date.min


def record_changed_from(ctx: Context, day: date, run_id: str) -> date:
    """Record the earliest day that snapshots may lack once activity is written, and return it.

    Nothing is recorded if ``gold/customer_features`` is not, because all snapshots are computed
    again then. The caller holds the locks of the tables of activity from here until it has written
    them, so that the day is not deleted in between.
    """
    # Locked before the row is read, or a day that another process records could be overwritten.
    with ctx.lake.writing(GOLD_TABLES.name):
        row = read_recorded(ctx).get(CUSTOMER_FEATURES.name)
        earliest = min(day, row.changed_from or day) if row else day
        if row and earliest != row.changed_from:
            new = {CUSTOMER_FEATURES.name: replace(row, changed_from=earliest)}
            write_recorded(ctx, new, run_id)
    return earliest
