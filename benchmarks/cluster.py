"""The same build on a Spark cluster of three processes and in one process, beside each other.

    make bench-cluster ROWS=1000000 ROUNDS=3

Starts a master and two workers on this machine, in a folder of its own. All rows of nine
tables must be the same. Adds lines to benchmarks/cluster.md.
"""

import argparse
import logging
import shutil
import sys
from datetime import date
from pathlib import Path

from benchmarks.equal import same_tables
from benchmarks.feed import ROWS_A_CUSTOMER, write_feed
from benchmarks.full_build import GOLDRUN, ON_SPARK, Build, build, last_day, report
from goldrun.devtools.spark_cluster import SparkCluster

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
ON_CLUSTER = "goldrun on the cluster"
PORT = 7177


def main() -> int:
    """Build, compare and report."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    given = _options().parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    write_feed(folder / "feed", 0, given.rows, given.rows // ROWS_A_CUSTOMER)
    cluster = SparkCluster(folder / "cluster", PORT)
    builds: dict[str, list[Build]] = {GOLDRUN: [], ON_CLUSTER: []}
    for number in range(given.rounds):
        log.info("Round %s of %s", number + 1, given.rounds)
        as_of = last_day(given.rows)
        builds[GOLDRUN].append(build(ON_SPARK, folder / "feed", folder / "local", as_of))
        builds[ON_CLUSTER].append(_build_on(cluster, folder, as_of))
    different = same_tables(folder / "local", folder / "remote")
    log.info("  rows that differ: %s", different)
    if any(different.values()):
        raise SystemExit("the cluster did not make the same tables")
    report(given.rows, builds, RESULTS)
    shutil.rmtree(folder)
    return 0


def _build_on(cluster: SparkCluster, folder: Path, as_of: date) -> Build:
    cluster.start()
    try:
        return build(ON_SPARK, folder / "feed", folder / "remote", as_of, cluster.address)
    finally:
        cluster.stop()


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
