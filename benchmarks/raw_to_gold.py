"""Simulate a marketplace, take it from raw files to gold in one run, and measure it.

    make bench-marketplace CUSTOMERS=40000        # about a million rows over the five tables

Adds a line to benchmarks/raw_to_gold.md: rows, seconds of each step, largest memory.
"""

import argparse
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.processes import Memory
from benchmarks.results import machine, today
from goldrun.contracts import lineage
from goldrun.contracts.source import Source
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.memory import driver_memory
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.options import read_settings
from pipelines._console import log_to_console

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
_COLUMNS = (
    *("date", "customers", "rows", "simulate", "bronze", "silver", "gold"),
    *("raw to gold", "rows a second", "memory", "heap", "machine"),
)
HEADER = f"""# From raw files to gold

`make bench-marketplace CUSTOMERS=...`: a simulated marketplace with every kind of dirt, five
entities, CSV and JSON, rules, quarantine, history, features as of one date, in one Spark session.
Memory is the largest sum of the resident sizes of all processes (driver, JVM, Python workers), seen
four times a second.

| {" | ".join(_COLUMNS)} |
|{"---|" * len(_COLUMNS)}
"""


_JOBS: dict[str, Callable[[Context], object]] = {
    "bronze": bronze.run,
    "silver": silver.run,
    "gold": gold_tables.run,
}


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _source(data: Path) -> Source:
    """Load the marketplace's settings, with its files in another folder."""
    shipped = Path("pipelines/sources/marketplace.toml").read_text(encoding="utf-8")
    moved = data / "marketplace.toml"
    moved.write_text(shipped.replace("data/marketplace", str(data)), encoding="utf-8")
    return load_source(str(moved))


def measure(customers: int, folder: Path) -> str:
    """Run everything once; return the table's line."""
    data = folder / "data"
    settings = read_settings(customers=str(customers), dirt="all")
    seconds = {"simulate": _timed(lambda: write_marketplace(settings, data))}
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    tracker, source, memory = Tracker(), _source(data), Memory()
    with tracker.run("benchmark", "benchmark"), open_engine(SparkEngine, "benchmark") as engine:
        lake = Lake(engine, str(folder / "lake"))
        ctx = Context(lake, tracker, source, datetime.now(UTC))
        seconds |= {name: _timed(partial(run, ctx)) for name, run in _JOBS.items()}
        rows = _checked_rows(ctx)
    return _line(customers, rows, seconds, memory)


def _checked_rows(ctx: Context) -> int:
    """Count the rows of bronze; SystemExit when a record does not have exactly one fate."""
    pending = [e for e, account in silver.accounts(ctx).items() if not account.closed]
    if pending:
        raise SystemExit(f"the accounting is not closed: {', '.join(pending)}")
    tables = [lineage.bronze_table(entity).name for entity in ctx.source.entities]
    return sum(ctx.lake.read(table).count() for table in tables)


def _line(customers: int, rows: int, seconds: Mapping[str, float], memory: Memory) -> str:
    total = sum(seconds[name] for name in _JOBS)
    cells = [
        today(),
        f"{customers:,}",
        f"{rows:,}",
        *(f"{took:,.0f} s" for took in seconds.values()),
        f"{total:,.0f} s",
        f"{rows / total:,.0f}",
        f"{memory.peak / 2**30:.1f} GiB",
        driver_memory(),
        machine(),
    ]
    return f"| {' | '.join(cells)} |\n"


def main() -> int:
    """Measure and add the line."""
    log_to_console()
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=40_000)
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    given = options.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    line = measure(given.customers, given.folder.resolve())
    before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else HEADER
    RESULTS.write_text(before + line, encoding="utf-8")
    shutil.rmtree(given.folder)
    log.info("%s", line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
