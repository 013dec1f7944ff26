"""The context of a job, and the log of its steps."""

import contextlib
import logging
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from goldrun.contracts.source import Source
from goldrun.io.delta.lake import Lake
from goldrun.io.tracking.runs import Tracker

log = logging.getLogger("goldrun")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Context:
    """Everything in which two runs of a job can differ.

    Attributes:
        lake: The tables.
        tracker: Runs and registry.
        source: The shop.
        now: Start of the job, UTC.
        clock: Returns the current time, UTC; the ledger is in the order of decisions, and two jobs
            may end in another order than they began.
    """

    lake: Lake
    tracker: Tracker
    source: Source
    now: datetime
    clock: Callable[[], datetime] = _utc_now

    @property
    def options(self) -> str:
        """Options by which a command in a message names the source and the lake."""
        return f"-P source={self.source.argument} -P lake={shlex.quote(self.lake.root)}"


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Log the name of a step and its duration."""
    started = time.monotonic()
    log.info("  ▸ %s …", what)
    yield
    log.info("    done in %.1f s", time.monotonic() - started)
