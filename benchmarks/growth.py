"""Measure a build as the feed grows, and the update with one more day.

    make bench-growth GROWTH=1000000,5000000,20000000

For each size a lake is built from files, then three times a hundredth more rows are added, each
time by a process of its own. Last, DuckDB builds all of it anew, and every row of every table must
be equal. Adds lines to benchmarks/growth.md.
"""

import argparse
import logging
import shutil
import statistics
import sys
from pathlib import Path

from benchmarks.equal import same_tables
from benchmarks.feed import ROWS_A_CUSTOMER, write_feed
from benchmarks.full_build import DUCKDB, GOLDRUN, STEPS, Build, build, last_day
from benchmarks.results import add_line, machine, today

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
DAYS = 3
SHARE = 100
"""Number of existing rows for each row of a new day."""


def grow(rows: int, folder: Path) -> None:
    """Build a lake, add days to it, build all of it anew by DuckDB, and report each.

    Raises:
        SystemExit: A row differs between the grown lake and the new one.
    """
    feed, lake, customers = folder / "feed", folder / GOLDRUN, rows // ROWS_A_CUSTOMER
    write_feed(feed, 0, rows, customers)
    whole, days = build(GOLDRUN, feed, lake, last_day(rows)), []
    report_build(rows, whole)
    for day in range(1, DAYS + 1):
        first, end = (rows + n * rows // SHARE for n in (day - 1, day))
        write_feed(feed, first, end, customers)
        days.append(build(GOLDRUN, feed, lake, last_day(end), anew=False))
    a_day = report_days(rows, whole, days)
    report_anew(end, a_day, build(DUCKDB, feed, folder / DUCKDB, last_day(end)))
    different = same_tables(lake, folder / DUCKDB)
    log.info("  rows that differ: %s", different)
    if any(different.values()):
        raise SystemExit("the grown lake differs from the one that was built at once")


def report_anew(end: int, a_day: float, anew: Build) -> None:
    """Add a line for DuckDB's build of all rows, and the share of it that a day takes."""
    cells = {"date": today(), "rows": f"{end:,}", "DuckDB anew": f"{anew.whole.seconds:.1f}"}
    cells["memory"] = _gibibytes(anew)
    cells["a day of goldrun's is of it"] = f"{a_day / anew.whole.seconds:.0%}"
    log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))


def report_build(rows: int, whole: Build) -> None:
    """Add a line for the build."""
    seconds = whole.whole.seconds
    cells = {"date": today(), "rows": f"{rows:,}", "seconds": f"{seconds:.1f}"}
    cells |= {step: f"{whole.steps[step]:.1f}" for step in STEPS}
    cells["microseconds a row"] = f"{1e6 * seconds / rows:.0f}"
    cells["memory"] = _gibibytes(whole)
    log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))


def report_days(rows: int, whole: Build, days: list[Build]) -> float:
    """Add a line for a day more; return its seconds, the median."""
    day = statistics.median(day.whole.seconds for day in days)
    cells = {"date": today(), "rows before": f"{rows:,}", "rows a day": f"{rows // SHARE:,}"}
    cells["a day"] = f"{day:.1f}"
    for step in STEPS:
        cells[step] = f"{statistics.median(day.steps[step] for day in days):.1f}"
    cells["of the build"] = f"{day / whole.whole.seconds:.0%}"
    cells["memory"] = f"{max(day.whole.memory for day in days) / 2**30:.1f} GiB"
    log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))
    return day


def _gibibytes(built: Build) -> str:
    return f"{built.whole.memory / 2**30:.1f} GiB"


def main() -> int:
    """Measure each size."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="1000000,5000000,20000000")
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    given = options.parse_args()
    folder = given.folder.resolve()
    for rows in map(int, given.sizes.split(",")):
        shutil.rmtree(folder, ignore_errors=True)
        log.info("%s rows", f"{rows:,}")
        grow(rows, folder)
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
