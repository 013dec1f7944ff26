"""Defences of the stream switched off, one at a time: the harness must notice each."""

from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.jobs.aggregate.activity import record_progress
from goldrun.jobs.aggregate.affected import AffectedRows
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context
from goldrun.jobs.stream import messages, stream
from goldrun.medallion.offsets import Span


def bronze_repeats() -> None:
    """What is read again is taken again."""

    def nothing_known(bronze: DataFrame, spans: Sequence[Span]) -> DataFrame:
        return bronze.select(lineage.RECORD_ID).limit(0)

    messages.records_in_spans = nothing_known  # type: ignore[attr-defined]


def silver_repeats() -> None:
    """Silver adds rows instead of merging them by key."""
    Lake.upsert = Lake.append_unless_empty  # type: ignore[method-assign]


def gold_hurries() -> None:
    """Gold says that it has followed before it has."""
    compute = GoldUpdater._compute

    def hasty(self: GoldUpdater, ctx: Context, affected: AffectedRows) -> None:
        record_progress(ctx, ctx.lake.versions(list(self._progress)), self.run_id)
        compute(self, ctx, affected)

    GoldUpdater._compute = hasty  # type: ignore[method-assign]


def nothing_caught_up() -> None:
    """A start does not look for what a stop has left between bronze and silver."""

    def only_gold(ctx: Context, updater: GoldUpdater) -> int:
        updater.backfill(ctx)
        return 0

    stream._backfill = only_gold


BREAKS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (bronze_repeats, silver_repeats, gold_hurries, nothing_caught_up)
}
