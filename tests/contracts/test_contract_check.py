"""A frame against its contract: each violation is named."""

from collections.abc import Sequence
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.check import Checked, check_values, conform
from goldrun.contracts.table import Column, Table
from goldrun.errors import ContractError

TABLE = Table(
    name="gold/boxes",
    grain="one box",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Identity.", required=True),
        Column("weight", T.DoubleType(), "Weight.", required=True, minimum=0, maximum=10),
        Column("kind", T.StringType(), "Kind.", null_means="none", allowed=("big", "small")),
    ),
)
LOOSE = T.StructType([T.StructField(f.name, f.dataType) for f in TABLE.schema.fields])


@pytest.fixture(scope="module")
def boxes(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("a", 0.0, "big"), ("b", 10.0, None)], LOOSE)


def refusal(rows: DataFrame) -> str:
    with pytest.raises(ContractError) as caught:
        check_values(rows, TABLE)
    return str(caught.value)


def test_conform_puts_the_columns_in_stored_order(boxes: DataFrame) -> None:
    assert conform(boxes.select("kind", "weight", "id"), TABLE).columns == ["id", "weight", "kind"]


def test_a_missing_column_is_named(boxes: DataFrame) -> None:
    with pytest.raises(ContractError, match=r"^gold/boxes was not written: no column weight$"):
        conform(boxes.drop("weight"), TABLE)


def test_an_unknown_column_is_named_with_the_near_one(boxes: DataFrame) -> None:
    with pytest.raises(ContractError, match=r"unknown column weigth \(did you mean 'weight'\?\)"):
        conform(boxes.withColumn("weigth", F.lit(1.0)), TABLE)


def test_a_wrong_type_is_named_with_the_right_one(boxes: DataFrame) -> None:
    with pytest.raises(ContractError, match="weight is int, not double"):
        conform(boxes.withColumn("weight", F.lit(1)), TABLE)


def test_all_violations_are_named_at_once(boxes: DataFrame) -> None:
    with pytest.raises(ContractError) as caught:
        conform(boxes.drop("kind").withColumn("id", F.lit(1)).withColumn("x", F.lit(1)), TABLE)
    assert [part in str(caught.value) for part in ("no column kind", "id is int", "column x")] == [
        True
    ] * 3


def test_the_bounds_themselves_and_a_null_category_are_fine(boxes: DataFrame) -> None:
    assert check_values(boxes, TABLE) == Checked(2, {"id": ("a", "b")})


def test_no_rows_at_all_are_fine(boxes: DataFrame) -> None:
    assert check_values(boxes.limit(0), TABLE) == Checked(0, {})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((None, 1.0, "big"), "id is null in 1 rows"),
        (("c", None, "big"), "weight is null in 1 rows"),
        (("c", -0.001, "big"), "weight is below 0 in 1 rows"),
        (("c", 10.001, "big"), "weight is above 10 in 1 rows"),
        (("c", 1.0, "BIG"), "kind is not allowed in 1 rows"),
        (("c", -1.0, None), "weight is below 0 in 1 rows"),
        (("a", 1.0, "big"), "id=a has 2 rows"),
        (("b", 1.0, None), "id=b has 2 rows"),
    ],
)
def test_a_row_that_breaks_the_contract_is_counted(
    spark: SparkSession, boxes: DataFrame, row: Sequence[Any], message: str
) -> None:
    wrong = spark.createDataFrame([tuple(row)], LOOSE)
    assert refusal(boxes.union(wrong)) == f"gold/boxes was not written: {message}"


def test_a_number_that_is_not_one_is_no_number_in_range(
    spark: SparkSession, boxes: DataFrame
) -> None:
    nan = spark.createDataFrame([("c", float("nan"), "big")], LOOSE)
    assert "weight" in refusal(boxes.union(nan))
