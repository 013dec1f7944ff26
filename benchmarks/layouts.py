"""Five ways to lay out the users' table, and what a cache of silver is worth.

    make bench-layouts USERS=2000000 ROUNDS=5

Adds lines to benchmarks/layouts.md, where it is told what they mean. A folder for each customer is
made for the small table only: for the large one it would not end.
"""

import argparse
import logging
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.filled_lake import values_of
from benchmarks.results import add_line, machine, today
from goldrun.contracts import entities, gold, purchase_features
from goldrun.features.activity import Silver, customer_daily, customer_places, customer_products
from goldrun.io.engines.spark.session import open_session

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
SMALL = 2_000
_FILE_BYTES = str(4 << 20)
"""Small files, so that a table that fits on a small machine has many."""


@dataclass(frozen=True)
class Layout:
    """How the table lies on disk.

    Attributes:
        name: What it is called.
        write: Writes rows to a path; returns the seconds that took, where it starts a process.
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
    """Rows of ``gold/user_features``, in no order, the same in every run."""
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
    """Write the table once and ask it three things; return the cells of its line."""
    spark = rows.sparkSession
    count = rows.count()
    somebody = rows.orderBy(gold.USER_ID).select(gold.USER_ID).first()
    most = rows.selectExpr(
        f"percentile_approx({purchase_features.TOTAL_SPEND}, 0.999) AS most"
    ).first()
    if somebody is None or most is None:
        raise SystemExit("there are no users to ask for")
    began = time.monotonic()
    told = layout.write(rows, path)
    written = time.monotonic() - began if told is None else told
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]

    def stored() -> DataFrame:
        return spark.read.format("delta").load(path)

    asked: dict[str, Callable[[], object]] = {
        "one customer": lambda: stored().where(F.col(gold.USER_ID) == somebody[0]).collect(),
        "top spenders": lambda: (
            stored().where(F.col(purchase_features.TOTAL_SPEND) > F.lit(most[0])).collect()
        ),
        "training frame": lambda: stored().toPandas(),
    }
    cells = {
        "date": today(),
        "users": f"{count:,}",
        "layout": layout.name,
        "files": f"{detail['numFiles']:,}",
        "MB": f"{detail['sizeInBytes'] / 1e6:,.1f}",
        "written in": f"{written:.1f} s",
    }
    for what, ask in asked.items():
        ask()
        cells[what] = f"{statistics.median(_seconds(ask) for _ in range(rounds)):.2f} s"
    return cells | {"machine": machine()}


def caching(spark: SparkSession, lines: int, rounds: int, folder: Path) -> dict[str, str]:
    """Compute three tables of gold from silver, with and without a cache; return a line's cells."""
    path = str(folder / "silver")
    values = values_of(F.col("id"), random_keys=False)
    typed = {
        c.name: values.get(c.name, F.lit(None)).cast(c.type) for c in entities.TRANSACTIONS.columns
    }
    made = spark.range(0, lines, 1, 4).select(*[v.alias(k) for k, v in typed.items()])
    made.write.format("delta").save(path)
    taken: dict[str, list[float]] = {"read three times": [], "cached": []}
    nobody = [F.lit(None).cast(c.type).alias(c.name) for c in entities.CUSTOMERS.columns]
    times = [F.lit(None).cast("timestamp").alias(name) for name in ("valid_from", "valid_to")]
    for _ in range(rounds + 1):
        for how, seconds in taken.items():
            stored = spark.read.format("delta").load(path)
            silver = Silver(
                stored.cache() if how == "cached" else stored,
                spark.range(0).select(*nobody),
                spark.range(0).select(*nobody, *times),
            )
            seconds.append(_seconds(lambda silver=silver: _gold(silver)))  # type: ignore[misc]
            stored.unpersist()
    # The first round is the one in which the JVM learns.
    plain, cached = (statistics.median(seconds[1:]) for seconds in taken.values())
    return {
        "date": today(),
        "lines": f"{lines:,}",
        "read three times": f"{plain:.1f} s",
        "cached": f"{cached:.1f} s",
        "cached takes": f"{cached / plain:.2f} times as long",
        "machine": machine(),
    }


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
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=2_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    given = options.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    with open_session("benchmark") as spark:
        for kind in ("min", "max"):
            spark.conf.set(f"spark.databricks.delta.optimize.{kind}FileSize", _FILE_BYTES)
        for count, layouts in ((SMALL, (BY_CUSTOMER, *OTHERS)), (given.users, OTHERS)):
            rows = users(spark, count)
            for number, layout in enumerate(layouts):
                path = str(given.folder.resolve() / f"{count}-{number}")
                log.info("%s", add_line(RESULTS, measure(rows, layout, path, given.rounds)))
        line = caching(spark, given.users // 2, given.rounds, given.folder.resolve())
        log.info("%s", add_line(RESULTS, line))
    shutil.rmtree(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
