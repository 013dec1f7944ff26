"""The context of a job, and the log of its steps."""

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from goldrun.contracts.source import Source
from goldrun.io.delta.lake import Lake
from goldrun.io.tracking.runs import Tracker

log = logging.getLogger("goldrun")


@dataclass(frozen=True)
class Context:
    """Everything in which two runs of a job can differ.

    Attributes:
        lake: The tables.
        tracker: Runs and registry.
        source: The shop.
        now: Start of the job, UTC.
    """

    lake: Lake
    tracker: Tracker
    source: Source
    now: datetime


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Log the name of a step and its duration."""
    started = time.monotonic()
    log.info("  ▸ %s …", what)
    yield
    log.info("    done in %.1f s", time.monotonic() - started)
