"""Simulate a marketplace, take it from raw files to gold in one run, and say what that took.

    make bench-marketplace CUSTOMERS=40000        # about a million rows over the five tables

Adds a line to benchmarks/raw_to_gold.md: rows, seconds of each step, largest memory.
"""

import argparse
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
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
from pipelines._command import log_to_console

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


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _source(data: Path) -> Source:
    """The marketplace's settings, with its files in another folder."""
    shipped = Path("pipelines/sources/marketplace.toml").read_text(encoding="utf-8")
    moved = data / "marketplace.toml"
    moved.write_text(shipped.replace("data/marketplace", str(data)), encoding="utf-8")
    return load_source(str(moved))


def measure(customers: int, folder: Path) -> str:
    """Run everything once; return the table's line."""
    data, lake = folder / "data", folder / "lake"
    settings = read_settings(customers=str(customers), dirt="all")
    seconds = {"simulate": _timed(lambda: write_marketplace(settings, data))}
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    tracker, source, memory = Tracker(), _source(data), Memory()
    with tracker.run("benchmark", "benchmark"), open_engine(SparkEngine, "benchmark") as engine:
        ctx = Context(Lake(engine, str(lake)), tracker, source, datetime.now(UTC))
        for name, step in (
            ("bronze", bronze.run),
            ("silver", silver.run),
            ("gold", gold_tables.run),
        ):
            seconds[name] = _timed(lambda step=step: step(ctx))  # type: ignore[misc]
        tables = [lineage.bronze_table(entity).name for entity in source.entities]
        rows = sum(ctx.lake.read(table).count() for table in tables)
        open_accounts = [e for e, account in silver.accounts(ctx).items() if not account.closed]
    if open_accounts:
        raise SystemExit(f"the accounting is not closed: {', '.join(open_accounts)}")
    total = seconds["bronze"] + seconds["silver"] + seconds["gold"]
    heap = driver_memory()
    cells = [
        today(),
        f"{customers:,}",
        f"{rows:,}",
        *(f"{took:,.0f} s" for took in seconds.values()),
        f"{total:,.0f} s",
        f"{rows / total:,.0f}",
        f"{memory.peak / 2**30:.1f} GiB",
        heap,
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
    if not RESULTS.exists():
        RESULTS.write_text(HEADER, encoding="utf-8")
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(line)
    shutil.rmtree(given.folder)
    log.info("%s", line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
