"""The change feed of a table, and compaction during its writes."""

from dataclasses import replace

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.io.delta.compaction import compact_if_free
from goldrun.io.delta.lake import Lake

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]

PRICES = Table(
    name="silver/prices",
    grain="one price",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Identity.", required=True),
        Column("price", T.IntegerType(), "Price.", null_means="unknown"),
    ),
    change_feed=True,
)


def test_the_change_feed_has_rows_before_and_after_a_change(
    lake: Lake, spark: SparkSession
) -> None:
    def prices(*rows: tuple[str, int]) -> None:
        lake.upsert(PRICES, spark.createDataFrame(list(rows), PRICES.schema))

    prices(("a", 1), ("b", 2))
    seen = lake.version(PRICES.name)
    prices(("b", 3), ("c", 4))
    lake.delete_rows(PRICES.name, spark.createDataFrame([("a",)], "id string"))
    lake.compact(PRICES)
    found = {(row["_change_type"], row["id"], row["price"]) for row in _rows(lake, seen)}
    assert found == {
        ("update_preimage", "b", 2),
        ("update_postimage", "b", 3),
        ("insert", "c", 4),
        ("delete", "a", 1),
    }


def _rows(lake: Lake, since: int) -> list[Row]:
    return lake.read_changes(PRICES.name, since).collect()


def test_the_change_feed_is_enabled_once(lake: Lake, spark: SparkSession) -> None:
    bare = replace(PRICES, change_feed=False)
    lake.upsert(bare, spark.createDataFrame([("a", 1)], bare.schema))
    assert lake.enable_change_feed(bare.name)
    assert not lake.enable_change_feed(bare.name)
    seen = lake.version(bare.name)
    lake.upsert(bare, spark.createDataFrame([("a", 2)], bare.schema))
    assert {row["price"] for row in _rows(lake, seen)} == {1, 2}


def test_small_files_become_one(lake: Lake, spark: SparkSession) -> None:
    for n in range(2):
        lake.append(PRICES, spark.createDataFrame([(str(n), n)], PRICES.schema))
    assert compact_if_free(lake, PRICES)
    place = f"delta.`{lake.path(PRICES.name)}`"
    assert spark.sql(f"DESCRIBE DETAIL {place}").collect()[0]["numFiles"] == 1
