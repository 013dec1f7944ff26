"""Measure snapshots of features: one date, many dates in one call, and a pass for each date.

The rows of many dates are also written alone, as they are stored: no way of computing them takes
less than that.

    make bench-snapshots CUSTOMERS=1000000 DATES=12 ROUNDS=1

The lake has the daily tables of gold alone, of two years. Each way writes gold/customer_features
anew in a process of its own; all ways of many dates must write the same rows. Adds lines to
benchmarks/snapshots.md.
"""

import argparse
import json
import logging
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from benchmarks.contenders.of_snapshots import COMPUTED, EACH, FILL, ONE, TOGETHER, WRITE
from benchmarks.processes import run_module
from benchmarks.results import add_line, machine, today
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
WAYS = (ONE, TOGETHER, EACH, WRITE)


@dataclass(frozen=True)
class Written:
    """Snapshots written.

    Attributes:
        seconds: Seconds of writing, without the start of the session.
        memory: Largest sum of resident sizes, in bytes.
        rows: Number of rows, sum and XOR of their hashes, doubles rounded to nine decimals.
    """

    seconds: float
    memory: int
    rows: tuple[object, ...]


def write(way: str, number: int, folder: Path) -> Written:
    """Write the snapshots of so many dates in one way, in place of older ones."""
    table = folder / "lake" / CUSTOMER_FEATURES.name
    if way == WRITE:
        table.rename(folder / COMPUTED)
    shutil.rmtree(table, ignore_errors=True)
    seconds, memory = _run(way, number, folder)
    shutil.rmtree(folder / COMPUTED, ignore_errors=True)
    return Written(seconds, memory, _summary(table))


def _run(way: str, number: int, folder: Path) -> tuple[float, int]:
    module = "benchmarks.contenders.of_snapshots"
    ended = run_module(module, [way, str(number), str(folder)], os.environ)
    seconds = json.loads(ended.printed.splitlines()[-1])["writing"]
    log.info("  %-22s %6.1f s, %.1f GiB", way, seconds, ended.memory / 2**30)
    return seconds, ended.memory


def _summary(table: Path) -> tuple[object, ...]:
    columns = ", ".join(
        f"round({c.name}, 9)" if c.type.simpleString() == "double" else c.name
        for c in CUSTOMER_FEATURES.columns
    )
    with duckdb.connect() as db:
        db.register("features", DeltaTable(str(table)).to_pyarrow_dataset())
        query = (
            f"SELECT count(*), sum(h), bit_xor(h) FROM (SELECT hash({columns}) AS h FROM features)"
        )
        return tuple(db.execute(query).fetchall()[0])


def measure(customers: int, number: int, rounds: int) -> dict[str, list[Written]]:
    """Write the snapshots in every way in each round.

    Raises:
        SystemExit: The ways of many dates have not written the same rows.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _run(FILL, customers, folder)
        found = [{way: write(way, number, folder) for way in WAYS} for _ in range(rounds)]
    if any(len({each[way].rows for way in WAYS if way != ONE}) > 1 for each in found):
        raise SystemExit("the ways of many dates have not written the same rows")
    return {way: [each[way] for each in found] for way in WAYS}


def report(customers: int, number: int, written: Mapping[str, Sequence[Written]]) -> None:
    """Add a line for each way: medians, and the median of each round's ratio to one date."""
    for way, each in written.items():
        ratios = [a.seconds / b.seconds for a, b in zip(each, written[ONE], strict=True)]
        cells = {"date": today(), "customers": f"{customers:,}", "way": way}
        cells["dates"] = str(1 if way == ONE else number)
        cells["rounds"] = str(len(each))
        cells["seconds"] = f"{statistics.median(one.seconds for one in each):.1f}"
        cells["times one date"] = f"{statistics.median(ratios):.2f}"
        cells["memory"] = f"{max(one.memory for one in each) / 2**30:.1f} GiB"
        log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))


def main() -> int:
    """Measure, and add the lines."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--dates", type=int, default=12)
    options.add_argument("--rounds", type=int, default=1)
    given = options.parse_args()
    report(given.customers, given.dates, measure(given.customers, given.dates, given.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
