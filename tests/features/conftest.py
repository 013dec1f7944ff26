"""Activity per day from a few numbers."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts.gold import CUSTOMER_DAILY

Day = tuple[str, str, int, str]
MakeDaily = Callable[..., DataFrame]


@pytest.fixture(scope="session")
def daily_of(spark: SparkSession) -> MakeDaily:
    """Rows of customer_daily from (customer, day, completed orders, spend[, cancelled])."""

    def make(*days: tuple[str, str, int, str] | tuple[str, str, int, str, int]) -> DataFrame:
        rows = []
        for who, day, orders, spend, *cancelled in days:
            lost = cancelled[0] if cancelled else 0
            when = date.fromisoformat(day)
            rows.append((who, when, orders, Decimal(spend), orders, orders, orders + lost, lost))
        return spark.createDataFrame(rows, CUSTOMER_DAILY.schema)

    return make
