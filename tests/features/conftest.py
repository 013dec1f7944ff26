"""Activity per day from a few numbers, and of marketplaces that are computed once."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from goldrun.features.activity import Activity
from goldrun.features.catalog import non_additive_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY

MakeDaily = Callable[..., DataFrame]


@pytest.fixture(scope="session")
def daily_of(spark: SparkSession) -> MakeDaily:
    """Rows of customer_daily from (customer, day, completed orders, spend[, cancelled])."""

    def make(*days: tuple[str, str, int, str] | tuple[str, str, int, str, int]) -> DataFrame:
        names = CUSTOMER_DAILY.names
        rows = []
        for who, day, orders, spend, *cancelled in days:
            lost = cancelled[0] if cancelled else 0
            given: dict[str, Any] = {
                "customer_id": who,
                "day": date.fromisoformat(day),
                "known_from": date.fromisoformat(day),
                "orders": orders,
                "spend": Decimal(spend),
                "net_spend": Decimal(spend),
                "lines": orders,
                "pieces": Decimal(orders),
                "orders_placed": orders + lost,
                "orders_cancelled": lost,
                "transactions": orders + lost,
            }
            money = {
                column.name: Decimal(0)
                for column in CUSTOMER_DAILY.columns
                if isinstance(column.type, T.DecimalType)
            }
            rows.append(tuple((dict.fromkeys(names, 0) | money | given)[name] for name in names))
        return spark.createDataFrame(rows, CUSTOMER_DAILY.schema)

    return make


@pytest.fixture(scope="session")
def activity_with(spark: SparkSession) -> Callable[[DataFrame], Activity]:
    """Activity of a shop that records transactions only, with nothing but daily sums."""

    def make(daily: DataFrame) -> Activity:
        nothing = [
            spark.createDataFrame([], table.schema)
            for table in (
                non_additive_tables.CUSTOMER_PRODUCTS,
                non_additive_tables.CUSTOMER_RESPONSES,
                non_additive_tables.CUSTOMER_PLACES,
            )
        ]
        products, responses, places = nothing
        recorded = frozenset({"customers", "transactions"})
        return Activity(daily, products, responses, places, recorded)

    return make
