"""Stream a source's rows, messages or files from bronze to gold."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from goldrun.contracts import lineage
from goldrun.io.engines.registry import require
from goldrun.io.streaming.listener import listening
from goldrun.io.streaming.readers import read_stream
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.monitor import rejections
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.promote.champions import check_models
from goldrun.jobs.refine import mappings, silver
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.stream.maintenance import compacting
from goldrun.jobs.stream.micro_batch import MicroBatches
from goldrun.jobs.stream.query import end_on_signals, run_query
from goldrun.jobs.time_zone import check_zone
from goldrun.monitoring.stream_counts import Totals

_PATIENCE = 600
"""Seconds that a stream waits for another process to finish writing a table."""


def run(
    ctx: Context, limits: Limits, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Totals:
    """Process records through all layers until a limit is reached or Ctrl-C is pressed.

    Args:
        ctx: The context; its tracker has an active run.
        limits: When to end.
        clock: Returns the time, UTC.

    Raises:
        SettingsError: The engine has no streams.
        ForeignModelError: The champion of segmentation belongs to another shop.
        StreamError: The source lacks topics or messages, or the checkpoint is damaged.
    """
    lake, source = ctx.lake, ctx.source
    # Checked at the start; during the stream, a champion that can't be used only stops scoring.
    check_models(ctx, SEGMENTATION)
    check_zone(ctx)
    require(lake.engine, "streams", "streaming a source")
    updater = GoldUpdater(ctx.tracker.run_id, Scorer(SEGMENTATION, streaming=True))
    series = ctx.tracker.series()
    batches = MicroBatches(ctx, updater, series, limits.rows, clock)
    # Opened first, so that an error of the source is raised before a table is written.
    stream = read_stream(lake.session, source, limits.batch_rows)
    checkpoint = f"_checkpoints/{source.name}"
    with lake.writing(checkpoint), end_on_signals() as end_requested:
        # A second stream fails at once; the locks of other processes, such as training, are
        # waited for.
        lake.wait_for_others(_PATIENCE)
        batches.begin()
        series.log({"rows_caught_up": _backfill(ctx, updater)}, 0)
        with listening(lake.session, series), compacting(ctx, limits.compact_every):
            log.info("Streaming %s; Ctrl-C ends after the current micro-batch", source.name)
            run_query(ctx, stream, batches, checkpoint, limits, end_requested)
        # Also without new records: an interrupted stream may not have done this.
        ended = replace(ctx, now=clock())
        silver.derive(lake, source)
        updater.publish_snapshot(ended, ending=True)
    _log_totals(batches.totals)
    rejections.log_reasons(ended, batches.totals.refined)
    return batches.totals


def _backfill(ctx: Context, updater: GoldUpdater) -> int:
    """Refine all pending records in bronze and update gold, as after an interrupted stream.

    Returns:
        Number of pending records. No micro-batch of this run counts them, so they are logged
        separately: the logged rows of all runs then add up to the rows of the tables.
    """
    for entity in ctx.source.with_files:
        with ctx.lake.writing(lineage.bronze_table(entity).name):
            ctx.lake.create(lineage.bronze_table(entity))
    with step("stream: pending records in bronze"):
        refined = silver.run(ctx)
        mappings.record_start(ctx)
        mappings.report(ctx)
        updater.backfill(ctx)
    return sum(one.records for one in refined.values())


def _log_totals(totals: Totals) -> None:
    log.info(
        "%s rows: %s accepted, %s duplicates, %s in quarantine, %s read before",
        *(f"{totals.rows:,}", f"{totals.accepted:,}", f"{totals.duplicates:,}"),
        *(f"{totals.quarantined:,}", f"{totals.repeated:,}"),
    )
    for rule, count in totals.rejected.most_common():
        log.info("  %-32s %10s", rule, f"{count:,}")
