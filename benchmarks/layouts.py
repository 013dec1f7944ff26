"""Compare five layouts of the users' table, and gold with and without a cache of silver.

    make bench-layouts USERS=2000000 ROUNDS=5

Adds lines to benchmarks/layouts.md, which explains them. The layout with a folder for each customer
is measured with the small table only: with the large one it would not end.
"""

import argparse
import logging
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.filled_lake import values_of
from benchmarks.results import add_line, machine, today
from goldrun.contracts import entities, gold
from goldrun.features.activity import customer_daily, customer_places, customer_products
from goldrun.features.catalog import purchase_features
from goldrun.features.silver_tables import Silver
from goldrun.io.engines.spark.session import open_session

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
SMALL = 2_000
_FILE_BYTES = str(4 << 20)
"""Small files, so that a table that fits on a small machine has many."""


@dataclass(frozen=True)
class Layout:
    """A physical layout of the table.

    Attributes:
        name: Its name in the results.
        write: Writes rows to a path; returns its seconds if it runs a process of its own.
    """

    name: str
    write: Callable[[DataFrame, str], float | None]


def _partitioned(rows: DataFrame, path: str) -> None:
    rows.write.format("delta").partitionBy(gold.USER_ID).save(path)


def _plain(rows: DataFrame, path: str) -> None:
    rows.write.format("delta").save(path)
    DeltaTable.forPath(rows.sparkSession, path).optimize().executeCompaction()


def _z_ordered(rows: DataFrame, path: str) -> None:
    rows.write.format("delta").save(path)
    DeltaTable.forPath(rows.sparkSession, path).optimize().executeZOrderBy(
        purchase_features.TOTAL_SPEND
    )


def _clustered(rows: DataFrame, path: str) -> None:
    made = DeltaTable.create(rows.sparkSession).location(path).addColumns(rows.schema)
    made.clusterBy(gold.USER_ID).execute()
    rows.write.format("delta").mode("append").save(path)
    DeltaTable.forPath(rows.sparkSession, path).optimize().executeCompaction()


def _sorted_by_sail(rows: DataFrame, path: str) -> float:
    staged = f"{path}-staged"
    rows.write.parquet(staged)
    command = [sys.executable, "-m", "benchmarks.sail_layout", staged, path]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


BY_CUSTOMER = Layout("a folder for each customer", _partitioned)
OTHERS = (
    Layout("unpartitioned", _plain),
    Layout("Z-ordered on total_spend", _z_ordered),
    Layout("clustered by user_id", _clustered),
    Layout("sorted on total_spend by Sail", _sorted_by_sail),
)


def users(spark: SparkSession, count: int) -> DataFrame:
    """Generate rows of ``gold/user_features``, unordered and equal in every run."""
    number, chance = F.col("id"), F.abs(F.xxhash64("id"))
    orders = 1 + chance % 40
    spend = (orders * (500 + chance % 9_500) / 100).cast("decimal(18,2)")
    last = F.date_sub(F.lit("2025-12-31").cast("date"), (chance % 365).cast("int"))
    rows = spark.range(0, count, 1, 8 if count > SMALL else 2).select(
        F.concat(F.lit("u"), F.abs(F.xxhash64(number + 7))).alias(gold.USER_ID),
        orders.alias(purchase_features.PURCHASE_FREQUENCY),
        spend.alias(purchase_features.TOTAL_SPEND),
        (spend / orders).cast("decimal(18,2)").alias(purchase_features.AVG_TRANSACTION_VALUE),
        last.alias(purchase_features.LAST_PURCHASE_DATE),
        F.datediff(F.lit("2025-12-31"), last).alias(purchase_features.RECENCY_DAYS),
    )
    return rows.localCheckpoint()


def measure(rows: DataFrame, layout: Layout, path: str, rounds: int) -> dict[str, str]:
    """Write the table once and run three queries; return the cells of its line."""
    queries = _queries(rows, path)
    began = time.monotonic()
    reported = layout.write(rows, path)
    written = time.monotonic() - began if reported is None else reported
    detail = rows.sparkSession.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
    cells = {
        "date": today(),
        "users": f"{rows.count():,}",
        "layout": layout.name,
        "files": f"{detail['numFiles']:,}",
        "MB": f"{detail['sizeInBytes'] / 1e6:,.1f}",
        "written in": f"{written:.1f} s",
    }
    return cells | _medians(queries, rounds) | {"machine": machine()}


def _queries(rows: DataFrame, path: str) -> dict[str, Callable[[], object]]:
    """Return the measured queries of the table at a path, by the heading of their column."""
    user = rows.orderBy(gold.USER_ID).select(gold.USER_ID).first()
    spend = f"percentile_approx({purchase_features.TOTAL_SPEND}, 0.999)"
    high = rows.selectExpr(spend).first()
    if user is None or high is None:
        raise SystemExit("there are no users to query")

    def stored() -> DataFrame:
        return rows.sparkSession.read.format("delta").load(path)

    def where(condition: Column) -> object:
        return stored().where(condition).collect()

    return {
        "one customer": lambda: where(F.col(gold.USER_ID) == user[0]),
        "top spenders": lambda: where(F.col(purchase_features.TOTAL_SPEND) > F.lit(high[0])),
        "training frame": lambda: stored().toPandas(),
    }


def _medians(queries: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, str]:
    """Run each query once to warm up, then in rounds; return its median seconds."""
    cells = {}
    for name, query in queries.items():
        query()
        cells[name] = f"{statistics.median(_seconds(query) for _ in range(rounds)):.2f} s"
    return cells


def caching(spark: SparkSession, lines: int, rounds: int, folder: Path) -> dict[str, str]:
    """Compute three tables of gold from silver, with and without a cache; return a line's cells."""
    path = str(folder / "silver")
    _write_transactions(spark, lines, path)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds + 1):
        for cached, measured in seconds.items():
            stored = spark.read.format("delta").load(path)
            silver = _silver(stored.cache() if cached else stored)
            measured.append(_seconds(partial(_gold, silver)))
            stored.unpersist()
    # The first round warms the JVM up.
    plain, cached_seconds = (statistics.median(measured[1:]) for measured in seconds.values())
    return _caching_cells(lines, plain, cached_seconds)


def _caching_cells(lines: int, plain: float, cached: float) -> dict[str, str]:
    return {
        "date": today(),
        "lines": f"{lines:,}",
        "read three times": f"{plain:.1f} s",
        "cached": f"{cached:.1f} s",
        "cached takes": f"{cached / plain:.2f} times as long",
        "machine": machine(),
    }


def _write_transactions(spark: SparkSession, lines: int, path: str) -> None:
    values = values_of(F.col("id"), random_keys=False)
    typed = [
        values.get(c.name, F.lit(None)).cast(c.type).alias(c.name)
        for c in entities.TRANSACTIONS.columns
    ]
    spark.range(0, lines, 1, 4).select(*typed).write.format("delta").save(path)


def _silver(transactions: DataFrame) -> Silver:
    """Return silver with these transactions and no customers."""
    empty = transactions.sparkSession.range(0)
    columns = [F.lit(None).cast(c.type).alias(c.name) for c in entities.CUSTOMERS.columns]
    times = [F.lit(None).cast("timestamp").alias(name) for name in ("valid_from", "valid_to")]
    return Silver(transactions, empty.select(*columns), empty.select(*columns, *times))


def _gold(silver: Silver) -> None:
    for compute in (customer_daily, customer_products, customer_places):
        compute(silver).write.format("noop").mode("overwrite").save()


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def main() -> int:
    """Measure and add the lines."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    given = _options().parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    with open_session("benchmark") as spark:
        for kind in ("min", "max"):
            spark.conf.set(f"spark.databricks.delta.optimize.{kind}FileSize", _FILE_BYTES)
        measure_layouts(spark, given.users, given.rounds, folder)
        line = caching(spark, given.users // 2, given.rounds, folder)
        log.info("%s", add_line(RESULTS, line))
    shutil.rmtree(folder)
    return 0


def measure_layouts(spark: SparkSession, count: int, rounds: int, folder: Path) -> None:
    """Measure every layout of a small and a large table, and add their lines."""
    for size, layouts in ((SMALL, (BY_CUSTOMER, *OTHERS)), (count, OTHERS)):
        rows = users(spark, size)
        for number, layout in enumerate(layouts):
            path = str(folder / f"{size}-{number}")
            log.info("%s", add_line(RESULTS, measure(rows, layout, path, rounds)))


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=2_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
