"""Compare builds from raw files to gold with alternatives.

    make bench ROWS=5000000 ROUNDS=3

Every round builds the lake of the same files once in each way, in sequence, each in a
process of its own; then the tables are compared. Writes benchmarks/results.md.
"""

import argparse
import json
import logging
import os
import shutil
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.equal import same_tables, same_users
from benchmarks.feed import FIRST_DAY, ROWS_A_CUSTOMER, ROWS_A_DAY, write_feed
from benchmarks.processes import Ended, run_module
from benchmarks.results import add_line, machine, today

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_name("results.md")
GOLDRUN, ON_SPARK = "goldrun", "goldrun on Spark"
DUCKDB, BRIEF = "DuckDB + delta-rs", "the brief's way"
MODULES = {
    GOLDRUN: "benchmarks.contenders.by_goldrun",
    ON_SPARK: "benchmarks.contenders.by_goldrun",
    DUCKDB: "benchmarks.contenders.by_duckdb",
    BRIEF: "benchmarks.contenders.by_the_brief",
}
ENGINES = {ON_SPARK: {"GOLDRUN_ENGINE": "spark"}}
STEPS = ("start", "bronze", "silver", "gold")


@dataclass(frozen=True)
class Build:
    """One lake built.

    Attributes:
        whole: The process.
        steps: Seconds by step, as the process printed them.
    """

    whole: Ended
    steps: Mapping[str, float]


def build(
    name: str, feed: Path, lake: Path, as_of: date, master: str = "", *, anew: bool = True
) -> Build:
    """Build a lake in one way, or add the new files of the feed to it.

    Args:
        name: The way.
        feed: Folder of its files.
        lake: Where the tables go.
        as_of: Date of the snapshot.
        master: Spark master; by default that of the environment.
        anew: Whether to delete an older lake first.
    """
    if anew:
        shutil.rmtree(lake, ignore_errors=True)
    lake.mkdir(parents=True, exist_ok=True)
    environment = os.environ | ENGINES.get(name, {})
    environment |= {"GOLDRUN_MASTER": master} if master else {}
    ended = run_module(MODULES[name], [str(feed), str(lake), str(as_of)], environment)
    steps = json.loads(ended.printed.splitlines()[-1])
    log.info(
        "  %-18s %6.1f s: %s",
        *(name, ended.seconds, ", ".join(f"{step} {took:.1f}" for step, took in steps.items())),
    )
    return Build(ended, steps)


def check_equal(folder: Path) -> None:
    """Compare the tables of the contenders.

    Raises:
        SystemExit: Some rows differ.
    """
    for other in (DUCKDB, ON_SPARK):
        if (folder / other).exists():
            _must_agree(other, same_tables(folder / GOLDRUN, folder / other))
    if (folder / BRIEF).exists():
        _must_agree(BRIEF, {"users": same_users(folder / GOLDRUN, folder / BRIEF)})


def _must_agree(other: str, different: Mapping[str, int]) -> None:
    log.info("  rows that differ from those of %s: %s", other, different)
    if any(different.values()):
        raise SystemExit("the contenders did not do the same work")


def last_day(rows: int) -> date:
    """Return the day after the feed's newest row."""
    return date.fromisoformat(FIRST_DAY) + timedelta(days=(rows - 1) // ROWS_A_DAY + 1)


def report(rows: int, builds: Mapping[str, Sequence[Build]], path: Path = RESULTS) -> None:
    """Add a line for each contender to the results: medians, and ratios of each round.

    Args:
        rows: Number of rows of the feed.
        builds: Builds of each way, one a round, in the same order.
        path: File of the results.
    """
    ours = builds[GOLDRUN]
    for name, theirs in builds.items():
        ratios = [a.whole.seconds / b.whole.seconds for a, b in zip(ours, theirs, strict=True)]
        cells = {"date": today(), "rows": f"{rows:,}", "way": name, "rounds": str(len(theirs))}
        cells["seconds"] = f"{_median(b.whole.seconds for b in theirs):.1f}"
        for step in STEPS:
            cells[step] = f"{_median(b.steps[step] for b in theirs):.1f}"
        cells["memory"] = f"{_median(b.whole.memory for b in theirs) / 2**30:.1f} GiB"
        cells["goldrun takes"] = f"{_median(ratios):.2f} times as long"
        cells["machine"] = machine()
        log.info("%s", add_line(path, cells))


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def main() -> int:
    """Build, compare and report."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    given = _options().parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    log.info("Writing %s rows ...", f"{given.rows:,}")
    write_feed(folder / "feed", 0, given.rows, given.rows // ROWS_A_CUSTOMER)
    builds: dict[str, list[Build]] = {name: [] for name in given.ways.split(",")}
    for number in range(given.rounds):
        log.info("Round %s of %s", number + 1, given.rounds)
        for name, built in builds.items():
            built.append(build(name, folder / "feed", folder / name, last_day(given.rows)))
    check_equal(folder)
    report(given.rows, builds)
    shutil.rmtree(folder)
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--ways", default=",".join(MODULES), help="some of: %(default)s")
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
