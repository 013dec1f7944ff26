"""Keys that an error about repeated keys may name."""

import pytest
from pyspark.sql import SparkSession

from goldrun.contracts.entities import CUSTOMER_ID, CUSTOMERS, TRANSACTION_ID, TRANSACTIONS
from goldrun.contracts.table import Table
from goldrun.medallion.unique_keys import describe_keys


@pytest.mark.parametrize(
    ("table", "key", "named"),
    [(TRANSACTIONS, TRANSACTION_ID, True), (CUSTOMERS, CUSTOMER_ID, False)],
)
def test_the_first_keys_are_named_except_personal_ones(
    spark: SparkSession, table: Table, key: str, named: bool
) -> None:
    keys = spark.createDataFrame([("k-3",), ("k-1",), ("k-4",), ("k-2",)], f"{key} string")
    described = describe_keys(table, keys, 9)
    assert f"4 values of {key} have several contents within one file" in described
    assert ("k-1, k-2, k-3" in described) == named
    assert "k-4" not in described
    assert ("k-1" in described) == named
