"""What a step works with, and how it says how far it is."""

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
    """What a step works with; everything that could differ between two runs comes from here.

    Attributes:
        lake: The tables.
        tracker: Runs and registry.
        source: The shop.
        now: When the step began, UTC.
    """

    lake: Lake
    tracker: Tracker
    source: Source
    now: datetime


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say which step runs, and how long it took."""
    started = time.monotonic()
    log.info("  ▸ %s …", what)
    yield
    log.info("    done in %.1f s", time.monotonic() - started)
