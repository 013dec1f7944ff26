"""Compaction of small files during a stream, without delaying it."""

import contextlib
import threading
from collections.abc import Iterator

from goldrun.contracts import gold, lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import GOLD_PROGRESS, GOLD_TABLES
from goldrun.contracts.table import Table
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.compaction import compact_if_free
from goldrun.jobs.context import Context, log


@contextlib.contextmanager
def compacting(ctx: Context, every_seconds: float) -> Iterator[None]:
    """Compact the tables of a source periodically, in a separate thread.

    The lake repeats a MERGE that conflicts with a compaction; a compaction that conflicts with a
    MERGE is repeated in the next period.
    """
    over = threading.Event()

    def work() -> None:
        while not over.wait(every_seconds):
            for table in tables_of(ctx):
                if over.is_set():
                    return
                try:
                    _compact(ctx, table)
                # The stream itself raises errors of the lake. A failed compaction ends neither the
                # stream nor the compaction of the other tables.
                except Exception as error:  # noqa: BLE001
                    log.warning("    %s could not be compacted: %s", table.name, error)

    thread = threading.Thread(target=work, name="compaction", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _compact(ctx: Context, table: Table) -> None:
    if ctx.lake.exists(table.name) and not compact_if_free(ctx.lake, table):
        log.debug("    %s is locked; its compaction is repeated in the next period", table.name)


def tables_of(ctx: Context) -> list[Table]:
    """Return the contracts of the tables that a stream of the source writes to."""
    tables = [lineage.QUARANTINE, lineage.WARNED, lineage.DUPLICATES]
    for entity in ctx.source.with_files:
        silver = ENTITIES[entity]
        tables += [lineage.bronze_table(entity), lineage.silver_table(silver)]
        tables += [lineage.history_table(silver)]
    tables += [*feature_tables.ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES]
    return [*tables, GOLD_PROGRESS, GOLD_TABLES, gold.SEGMENTS, gold.SEGMENT_CHANGES]
