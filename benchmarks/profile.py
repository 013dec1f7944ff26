"""Measure the time of a build by kind of work: computing, reading, writing.

    make bench-profile ROWS=5000000

Builds a lake once and times the calls into engine and Delta. Adds a line for each layer to
benchmarks/profile.md.
"""

import argparse
import contextlib
import logging
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql.connect.client import SparkConnectClient

from benchmarks.feed import ROWS_A_CUSTOMER, settings_of, write_feed
from benchmarks.full_build import last_day
from benchmarks.results import add_line, machine, today
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail import tables, text
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.sail.staged_write import SailStagedWrite
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
START, READ, COMPUTE = "start", "lines parsed", "computed and checkpointed"
WRITE, COMMIT, REST = "computed into files of tables", "committed", "rest"
KINDS = (START, READ, COMPUTE, WRITE, COMMIT, REST)


class Watches:
    """Stopwatches by kind of work; each second counts once, for the innermost running one."""

    def __init__(self) -> None:
        """Start with no seconds."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._running = [REST]
        self._since = time.monotonic()

    @contextlib.contextmanager
    def on(self, kind: str) -> Iterator[None]:
        """Count the seconds of the block for a kind."""
        self._turn()
        self._running.append(kind)
        try:
            yield
        finally:
            self._turn()
            self._running.pop()

    def take(self) -> dict[str, float]:
        """Return the seconds since the last call, by kind, and start again."""
        self._turn()
        taken, self.seconds = dict(self.seconds), defaultdict(float)
        return taken

    def around(self, owner: Any, name: str, kind: str) -> None:
        """Replace a function by one whose seconds count for a kind."""
        whole: Callable[..., Any] = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            with self.on(kind):
                return whole(*arguments, **named)

        setattr(owner, name, watched)

    def _turn(self) -> None:
        now = time.monotonic()
        self.seconds[self._running[-1]] += now - self._since
        self._since = now


def watch(watches: Watches) -> None:
    """Watch the functions that a first build calls, which run in one thread."""
    watches.around(text, "read_records", READ)
    for name in ("execute_command", "to_table"):
        watches.around(SparkConnectClient, name, COMPUTE)
    watches.around(SailStagedWrite, "write", COMMIT)
    original = getattr(tables, "stage_files")  # noqa: B009

    @contextlib.contextmanager
    def staged(*arguments: Any) -> Iterator[Any]:
        with contextlib.ExitStack() as opened:
            before = watches.seconds[COMPUTE]
            rows = opened.enter_context(original(*arguments))
            watches._turn()
            moved = watches.seconds[COMPUTE] - before
            watches.seconds[COMPUTE] -= moved
            watches.seconds[WRITE] += moved
            yield rows

    setattr(tables, "stage_files", staged)  # noqa: B010


def main() -> int:
    """Build, and add the lines."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    given = options.parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    write_feed(folder / "feed", 0, given.rows, given.rows // ROWS_A_CUSTOMER)
    for layer, seconds in measure(given.rows, folder).items():
        cells = {"date": today(), "rows": f"{given.rows:,}", "layer": layer}
        cells |= {kind: f"{seconds.get(kind, 0):.1f}" for kind in KINDS}
        log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))
    shutil.rmtree(folder)
    return 0


def measure(rows: int, folder: Path) -> dict[str, dict[str, float]]:
    """Build a lake from the feed of a folder; return seconds by layer and kind."""
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    watches, tracker = Watches(), Tracker()
    watch(watches)
    source = load_source(str(settings_of(folder / "feed")))
    layers = {}
    with tracker.run("benchmark", "benchmark"), contextlib.ExitStack() as opened:
        watches.take()
        with watches.on(START):
            engine = opened.enter_context(open_engine(SailEngine))
        ctx = Context(Lake(engine, str(folder / "lake")), tracker, source, datetime.now(UTC))
        bronze.run(ctx)
        layers["bronze"] = watches.take()
        silver.run(ctx)
        layers["silver"] = watches.take()
        gold_tables.run(ctx, last_day(rows))
        layers["gold"] = watches.take()
    return layers


if __name__ == "__main__":
    sys.exit(main())
