"""The way of the original brief, frozen: plain PySpark and Delta as a tutorial would write it.

Typed reading, one ``count()`` for each logged number, ``cache()``, Spark's and Delta's own
settings, and OPTIMIZE with Z-order on ``total_spend``. Rejected rows and repeats are counted and
dropped, not kept. It is a baseline, so it is not improved.
"""

import logging
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.contenders import Steps
from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java

log = logging.getLogger("brief")
_SCHEMA = (
    "transaction_id string, user_id string, product_id string, "
    "quantity int, price double, timestamp timestamp"
)


def _session() -> SparkSession:
    ensure_java()
    return (
        SparkSession.builder.appName("brief")
        .master("local[*]")
        .config("spark.jars", ",".join(map(str, ensure_jars(Jars.DELTA))))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config(
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
        # What goldrun has as well; Spark's own 1 GiB is not enough for five million rows.
        .config("spark.driver.memory", "4g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )


def _bronze(spark: SparkSession, feed: Path, lake: Path) -> None:
    raw = spark.read.option("header", "true").schema(_SCHEMA).csv(f"{feed}/*.csv")
    stamped = raw.withColumn("ingestion_time", F.current_timestamp())
    stamped.write.format("delta").mode("append").save(f"{lake}/bronze/transactions")


def _silver(spark: SparkSession, lake: Path) -> None:
    bronze = spark.read.format("delta").load(f"{lake}/bronze/transactions").cache()
    known = bronze.filter(F.col("user_id").isNotNull())
    valid = known.filter("quantity > 0 and price > 0 and timestamp is not null").cache()
    silver = valid.dropDuplicates(["transaction_id"]).cache()
    _log_counts(
        total=bronze,
        without_user=bronze.filter(F.col("user_id").isNull()),
        without_price=bronze.filter(F.col("price").isNull()),
        without_quantity=bronze.filter("quantity <= 0"),
        valid=valid,
        silver=silver,
    )
    silver.write.format("delta").mode("overwrite").save(f"{lake}/silver/transactions")
    for frame in (bronze, valid, silver):
        frame.unpersist()


def _gold(spark: SparkSession, lake: Path) -> None:
    silver = spark.read.format("delta").load(f"{lake}/silver/transactions").cache()
    newest = silver.agg(F.max("timestamp")).collect()[0][0]
    gold = silver.groupBy("user_id").agg(
        F.count("transaction_id").alias("purchase_frequency"),
        F.round(F.sum("price"), 2).alias("total_spend"),
        F.round(F.avg("price"), 2).alias("avg_transaction_value"),
        F.to_date(F.max("timestamp")).alias("last_purchase_date"),
        F.datediff(F.lit(newest), F.max("timestamp")).alias("recency_days"),
    )
    target = f"{lake}/gold/user_features"
    gold.write.format("delta").mode("overwrite").save(target)
    spark.sql(f"OPTIMIZE delta.`{target}` ZORDER BY (total_spend)")
    _log_counts(users=spark.read.format("delta").load(target))


def _log_counts(**frames: DataFrame) -> None:
    for name, frame in frames.items():
        log.info("%s: %s", name, frame.count())


def main(feed: Path, lake: Path) -> None:
    """Build the tables and report the seconds."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    steps = Steps()
    with steps.step("start"):
        spark = _session()
    with steps.step("bronze"):
        _bronze(spark, feed, lake)
    with steps.step("silver"):
        _silver(spark, lake)
    with steps.step("gold"):
        _gold(spark, lake)
    spark.stop()
    steps.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
