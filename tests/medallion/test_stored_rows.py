"""Stored rows are found by key."""

from pyspark.sql import SparkSession

from goldrun.medallion.stored_rows import rows_of


def test_rows_are_found_by_all_key_columns_and_once_each(spark: SparkSession) -> None:
    stored = spark.createDataFrame(
        [("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("c", "z", 4), ("c", "z", 5)],
        "key string, part string, n int",
    )
    wanted = spark.createDataFrame([("a", "y"), ("c", "z"), ("c", "z")], "key string, part string")
    found = rows_of(stored, wanted, ["key", "part"]).collect()
    assert sorted(row["n"] for row in found) == [2, 4, 5]


def test_no_keys_find_no_rows(spark: SparkSession) -> None:
    stored = spark.createDataFrame([("a",)], "key string")
    assert rows_of(stored, stored.limit(0), ["key"]).isEmpty()
