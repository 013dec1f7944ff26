"""Wait for files that are still being written."""

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from goldrun.jobs.context import log

QUIET_SECONDS = 2.0
"""A file that was written to within this time may be incomplete."""
PATIENCE = 60
"""Largest number of seconds that a batch waits for files that are still being written."""
_LOG_AFTER, _LOG_EVERY = 1.0, 30.0
State = tuple[int, int]
"""Bytes, and nanoseconds of the last write."""


def state_of(file: Path) -> State | None:
    """Return the size and the time of the last write of a file; None if it does not exist."""
    try:
        found = os.stat(file)
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def wait_until_written(
    files: Iterable[Path],
    ending: Callable[[], bool] = lambda: False,
    patience: float = math.inf,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> list[Path]:
    """Wait until no file was written to for ``QUIET_SECONDS``.

    A file with an earlier last write needs no wait. A file whose last write is in the future is
    complete once its state has not changed for ``QUIET_SECONDS``. A file that is written under a
    name that begins with a dot, and renamed when complete, needs no wait.

    Args:
        files: The files; one that does not exist is ignored.
        ending: Whether to stop waiting.
        patience: Largest number of seconds to wait.
        sleep: Waits some seconds.
        clock: Returns the time in seconds since 1970.

    Returns:
        The files that are still being written; none unless the wait was ended.
    """
    waiting: Mapping[Path, tuple[State, float]] = {}
    incomplete, began = list(files), clock()
    log_at = began + _LOG_AFTER
    while True:
        now, before = clock(), waiting
        states = {file: state for file in incomplete if (state := state_of(file))}
        waiting = {
            file: before[file] if file in before and before[file][0] == state else (state, now)
            for file, state in states.items()
        }
        incomplete = [
            file
            for file, (state, since) in waiting.items()
            if state[1] / 1e9 > now - QUIET_SECONDS and since > now - QUIET_SECONDS
        ]
        if not incomplete or ending() or now - began >= patience:
            return incomplete
        if now >= log_at:
            log_at = now + _LOG_EVERY
            log.info("  waiting for %s, which is still being written …", incomplete[0])
        sleep(0.1)
