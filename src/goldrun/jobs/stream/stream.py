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
from goldrun.jobs.refine import silver
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.stream.maintenance import compacting
from goldrun.jobs.stream.micro_batch import MicroBatches
from goldrun.jobs.stream.query import asked_to_end, follow
from goldrun.jobs.time_zone import check_zone
from goldrun.monitoring.stream_counts import Totals

_PATIENCE = 600
"""Seconds that a stream waits for another process to finish writing a table."""


def run(
    ctx: Context, limits: Limits, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Totals:
    """Take records through all layers until a limit is reached, or Ctrl-C is pressed.

    Args:
        ctx: The context; its tracker has an active run.
        limits: When to end.
        clock: Returns the time, UTC.

    Raises:
        SettingsError: The engine has no streams.
        ForeignModelError: The champion of segmentation is another shop's.
        StreamError: The source can't give all that it should, or the checkpoint is damaged.
    """
    lake, source = ctx.lake, ctx.source
    # Later a champion that can't be used only stops the scoring.
    check_models(ctx, SEGMENTATION)
    check_zone(ctx)
    require(lake.engine, "streams", "following a source")
    updater = GoldUpdater(ctx.tracker.run_id, Scorer(SEGMENTATION, streaming=True))
    series = ctx.tracker.series()
    batches = MicroBatches(ctx, updater, series, limits.rows, clock)
    # Opened first, so that an error of the source is raised before anything is written.
    stream = read_stream(lake.session, source, limits.batch_rows)
    checkpoint = f"_checkpoints/{source.name}"
    with lake.writing(checkpoint), asked_to_end() as asked:
        # A second stream fails at once; locks of other processes, such as training, are awaited.
        lake.wait_for_others(_PATIENCE)
        batches.begin()
        series.log({"rows_caught_up": _catch_up(ctx, updater)}, 0)
        with listening(lake.session, series), compacting(ctx, limits.compact_every):
            log.info("Following %s; Ctrl-C ends after the micro-batch at work", source.name)
            follow(ctx, stream, batches, checkpoint, limits, asked)
        # Even when nothing came: the stop before this start may have left these to us.
        ended = replace(ctx, now=clock())
        silver.derive(lake, source)
        updater.publish_snapshot(ended)
    _sum_up(batches.totals)
    rejections.log_above_share(ended, batches.totals.refined)
    return batches.totals


def _catch_up(ctx: Context, updater: GoldUpdater) -> int:
    """Give every record in bronze its fate, and gold what silver has: a stop may be behind us.

    Returns:
        How many records had none. They are in no micro-batch, and without them the rows of all
        runs would be fewer than the tables'.
    """
    for entity in ctx.source.with_files:
        with ctx.lake.writing(lineage.bronze_table(entity).name):
            ctx.lake.create(lineage.bronze_table(entity))
    with step("catching up with what is in bronze"):
        refined = silver.run(ctx)
        updater.backfill(ctx)
    return sum(one.records for one in refined.values())


def _sum_up(totals: Totals) -> None:
    log.info(
        "%s rows: %s accepted, %s duplicates, %s in quarantine, %s read before",
        *(f"{totals.rows:,}", f"{totals.accepted:,}", f"{totals.duplicates:,}"),
        *(f"{totals.quarantined:,}", f"{totals.repeated:,}"),
    )
    for rule, count in totals.rejected.most_common():
        log.info("  %-32s %10s", rule, f"{count:,}")
