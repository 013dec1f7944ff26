"""Run a streaming query until it ends, a limit is reached, Ctrl-C is pressed, or it fails."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from goldrun.errors import GoldrunError
from goldrun.io.delta.errors import storage_failure
from goldrun.io.streaming.errors import failure
from goldrun.io.streaming.readers import Enough, start
from goldrun.jobs.context import Context, log
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.stream.micro_batch import MicroBatches

_POLL_SECONDS = 0.1
_LOOK_SECONDS = 2.0
"""Shortest time between two looks at the files that were read."""


def run_query(
    ctx: Context,
    stream: DataFrame,
    batches: MicroBatches,
    checkpoint: str,
    limits: Limits,
    end_requested: threading.Event,
) -> None:
    """Run a streaming query whose micro-batches go to a handler, until its end.

    Args:
        ctx: The context.
        stream: Result of ``read_stream``.
        batches: The handler.
        checkpoint: Folder of the query's checkpoint, as ``folder/name`` in the lake.
        limits: When to end.
        end_requested: Set when the end of the stream is requested.

    Raises:
        GoldrunError: The query failed.
    """
    folder = ctx.lake.path(checkpoint)
    now, seconds = limits.available_now, limits.every
    try:
        query = start(stream, batches.handle, folder, available_now=now, every_seconds=seconds)
    except Exception as error:
        raise failure(error, ctx.source, ctx.lake.root, folder) from error
    try:
        with contextlib.suppress(Enough):
            _wait(query, batches, limits, end_requested)
    finally:
        batches.end(query.stop)
    if batches.error is not None:
        _raise_handler_error(batches.error, ctx, folder)
    elif (raised := query.exception()) is not None:
        raise failure(raised, ctx.source, ctx.lake.root, folder) from raised


@contextlib.contextmanager
def end_on_signals() -> Iterator[threading.Event]:
    """Within the context, set the event at Ctrl-C or termination, instead of stopping at once.

    ``mlflow run`` sends both signals.
    """
    end_requested = threading.Event()
    # Only Python's main thread receives signals; a stream in another thread ends by a limit.
    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = [signal.signal(each, lambda *_: end_requested.set()) for each in signals]
    try:
        yield end_requested
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _wait(
    query: StreamingQuery,
    batches: MicroBatches,
    limits: Limits,
    end_requested: threading.Event,
) -> None:
    """Wait until the query ends, a limit is reached, or the end is requested.

    Meanwhile files that were overwritten are read, at the start, and as often as micro-batches are.
    """
    began = look_at = time.monotonic()
    until = math.inf if limits.seconds is None else began + limits.seconds
    while not batches.enough and (now := time.monotonic()) < until:
        has_ended = not query.isActive
        if has_ended and (batches.error is not None or query.exception() is not None):
            return
        if has_ended or now >= look_at:
            batches.read_overwritten()
            look_at = time.monotonic() + max(limits.every, _LOOK_SECONDS)
        if has_ended:
            return
        if end_requested.wait(_POLL_SECONDS):
            log.info("  ending after the current micro-batch …")
            return


def _raise_handler_error(error: Exception, ctx: Context, folder: str) -> None:
    if isinstance(error, Enough):
        return
    if isinstance(error, GoldrunError):
        raise error
    known = storage_failure(error, ctx.lake.root)
    raise known or failure(error, ctx.source, ctx.lake.root, folder) from error
