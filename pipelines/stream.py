"""Follow a source: rows, messages or files as they come, from bronze to fresh gold."""

import argparse
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from pyspark.sql.streaming.query import StreamingQuery

from goldrun.contracts import lineage as L
from goldrun.errors import GoldrunError
from goldrun.io.failures import storage_failure
from goldrun.io.stream_listener import listening
from goldrun.io.streams import Enough, failure, read_stream, start
from pipelines import silver
from pipelines._command import Context, add_flag, log, parser, run_script, step
from pipelines._follow import Follower
from pipelines._limits import Limits, limits_of
from pipelines._microbatch import MicroBatches, Totals
from pipelines._segments import Scorer
from pipelines._upkeep import compacting

_LOOK_EVERY = 0.1
_PATIENCE = 600
"""Seconds that a stream waits for another process to finish writing a table."""


def run(
    ctx: Context, limits: Limits, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Totals:
    """Take records through all layers until a limit is reached, or Ctrl-C is pressed.

    Args:
        ctx: The context; its tracker has an active run.
        limits: When to end.
        clock: Tells the time, UTC.

    Raises:
        StreamError: The source can't give all that it should.
    """
    lake, source = ctx.lake, ctx.source
    follower = Follower(ctx.tracker.run_id, Scorer(following=True))
    series = ctx.tracker.series()
    batches = MicroBatches(ctx, follower, series, limits.rows, clock)
    # Asked for first: what is missing is told before anything is done.
    stream = read_stream(lake.spark, source, limits.batch_rows)
    checkpoint = f"_checkpoints/{source.name}"
    with lake.writing(checkpoint), _asked_to_end() as asked:
        # A second stream is told at once; a training run beside this one is waited for.
        lake.wait_for_others(_PATIENCE)
        batches.begin()
        series.log({"rows_caught_up": _catch_up(ctx, follower)}, 0)
        with listening(lake.spark, series), compacting(ctx, limits.compact_every):
            log.info("Following %s; Ctrl-C ends after the micro-batch at work", source.name)
            query = start(
                stream,
                batches.handle,
                lake.path(checkpoint),
                available_now=limits.available_now,
                every_seconds=limits.every,
            )
            _wait(query, batches, limits.seconds, asked)
            batches.end(query.stop)
        _raise_failure(batches.error or query.exception(), ctx, lake.path(checkpoint))
        # Even when nothing came: the stop before this start may have left these to us.
        ended = replace(ctx, now=clock())
        silver.derive(ended)
        follower.round_off(ended)
    _sum_up(batches.totals)
    return batches.totals


def _catch_up(ctx: Context, follower: Follower) -> int:
    """Give every record in bronze its fate, and gold what silver has: a stop may be behind us.

    Returns:
        How many records had none. They are in no micro-batch, and without them the rows of all
        runs would be fewer than the tables'.
    """
    for entity in ctx.source.landed:
        with ctx.lake.writing(L.bronze_table(entity).name):
            ctx.lake.create(L.bronze_table(entity))
    with step("catching up with what is in bronze"):
        refined = silver.run(ctx)
        follower.catch_up(ctx)
    return sum(one.records for one in refined.values())


@contextlib.contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """Note Ctrl-C and termination instead of stopping at once: ``mlflow run`` sends both."""
    asked = threading.Event()
    # Python hands signals to its main thread only; who streams in another one ends it by a limit.
    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = [signal.signal(each, lambda *_: asked.set()) for each in signals]
    try:
        yield asked
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _wait(
    query: StreamingQuery,
    batches: MicroBatches,
    seconds: float | None,
    asked: threading.Event,
) -> None:
    """Wait until the query ends by itself, enough has come, or the time is over."""
    until = None if seconds is None else time.monotonic() + seconds
    while query.isActive and not batches.enough and (until is None or time.monotonic() < until):
        if asked.wait(_LOOK_EVERY):
            log.info("  ending after the micro-batch at work …")
            return


def _raise_failure(error: Exception | None, ctx: Context, checkpoint: str) -> None:
    if isinstance(error, GoldrunError):
        raise error
    if error is not None and not isinstance(error, Enough):
        raise storage_failure(error, ctx.lake.root) or failure(
            error, ctx.source, checkpoint
        ) from error


def _sum_up(totals: Totals) -> None:
    accepted = totals.rows - totals.quarantined - totals.duplicates
    log.info(
        "%s rows: %s accepted, %s duplicates, %s in quarantine, %s read before",
        *(f"{totals.rows:,}", f"{accepted:,}", f"{totals.duplicates:,}"),
        *(f"{totals.quarantined:,}", f"{totals.repeated:,}"),
    )
    for rule, count in totals.refused.most_common():
        log.info("  %-32s %10s", rule, f"{count:,}")


def _work(ctx: Context, given: argparse.Namespace) -> None:
    run(ctx, limits_of(given))


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    known, declared = Limits(), parser(__doc__)
    add_flag(declared, "available-now", "take what is there, then end (default: false)")
    for name, meaning in {
        "duration": "seconds after which to end (default: none)",
        "max-rows": "records after which to end, files whole (default: none)",
        "batch-rows": f"Kafka messages in a micro-batch, at most (default: {known.batch_rows})",
        "every": f"seconds between two micro-batches, at least (default: {known.every:g})",
        "compact-every": f"seconds between two compactions (default: {known.compact_every:g})",
    }.items():
        declared.add_argument(f"--{name}", default="", help=meaning)
    return declared


if __name__ == "__main__":
    sys.exit(run_script(options(), _work, "stream", streams=True))
