"""The simulated feed: 1,030 rows give a table whose figures are known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.features.activity import customer_daily
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import user_features
from tests.jobs.stream.brief import PRINTED, ROWS

START = datetime(2024, 5, 1, 12, tzinfo=UTC)


def transaction(v: int) -> tuple[Any, ...]:
    price = Decimal(v) / 10 + 5
    at = START + timedelta(seconds=v / 10)
    row = {
        "transaction_id": str(v),
        "order_id": str(v),
        "customer_id": str(v % 100 + 1),
        "product_id": str(v % 50 + 1),
        "quantity": Decimal(v % 5 + 1),
        "price": price,
        "amount": price,
        "transaction_date": at,
        "transaction_status": "completed",
        "updated_at": at,
    }
    return tuple(row.get(name) for name in TRANSACTIONS.names)


@pytest.fixture(scope="module")
def users(spark: SparkSession) -> dict[str, Any]:
    rows = spark.createDataFrame([transaction(v) for v in range(ROWS)], TRANSACTIONS.schema)
    nobody = spark.createDataFrame([], CUSTOMERS.schema)
    table = user_features(customer_daily(Silver(rows, nobody, nobody)), START.date()).collect()
    return {row["user_id"]: row for row in table}


@pytest.mark.parametrize("user", PRINTED)
def test_the_printed_figures_come_out(users: dict[str, Any], user: str) -> None:
    frequency, spend, average = PRINTED[user]
    row = users[user]
    assert row["purchase_frequency"] == frequency
    assert (str(row["total_spend"]), str(row["avg_transaction_value"])) == (spend, average)
    assert (row["last_purchase_date"], row["recency_days"]) == (date(2024, 5, 1), 0)


def test_all_users_and_all_rows_are_in_the_table(users: dict[str, Any]) -> None:
    assert set(users) == {str(n) for n in range(1, 101)}
    assert sum(row["purchase_frequency"] for row in users.values()) == ROWS
    total = sum(Decimal(v) / 10 + 5 for v in range(ROWS))
    assert sum(row["total_spend"] for row in users.values()) == total
