"""Defences of the stream switched off, one at a time: the harness must notice each."""

from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.jobs.aggregate.affected import AffectedRows
from goldrun.jobs.aggregate.progress import record_progress
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context
from goldrun.jobs.stream import messages, stream
from goldrun.medallion.offsets import Span


def bronze_appends() -> None:
    """Bronze appends messages that it already has."""

    def no_known_records(bronze: DataFrame, spans: Sequence[Span]) -> DataFrame:
        return bronze.select(lineage.RECORD_ID).limit(0)

    messages.records_in_spans = no_known_records  # type: ignore[attr-defined]


def silver_appends() -> None:
    """Silver adds rows instead of merging them by key."""
    Lake.upsert = Lake.append_unless_empty  # type: ignore[method-assign]


def gold_progress_first() -> None:
    """Gold records its progress before it computes its tables."""
    compute = GoldUpdater._compute

    def record_then_compute(self: GoldUpdater, ctx: Context, affected: AffectedRows) -> None:
        record_progress(ctx, ctx.lake.versions(list(self._progress)), self.run_id)
        compute(self, ctx, affected)

    GoldUpdater._compute = record_then_compute  # type: ignore[method-assign]


def no_backfill() -> None:
    """A start does not compute silver for records that bronze holds already."""

    def only_gold(ctx: Context, updater: GoldUpdater) -> int:
        updater.backfill(ctx)
        return 0

    stream._backfill = only_gold


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (bronze_appends, silver_appends, gold_progress_first, no_backfill)
}
