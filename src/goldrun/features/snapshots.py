"""What is known of each customer as of a date: only what happened before it counts."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold as G
from goldrun.contracts.entities import CUSTOMER_ID

_FIRST_PURCHASE = "_first_purchase"
_PLACED = "_placed"
_CANCELLED = "_cancelled"


def customer_features(daily: DataFrame, as_of: date, observed_from: date) -> DataFrame:
    """Describe every customer with a completed order before ``as_of``.

    Point-in-time: activity on or after the UTC midnight ``as_of`` changes nothing. A window of
    n days is [as_of - n days, as_of); it is null when the history starts after its first day.
    Recency is ``as_of`` - day of the last completed order; tenure the same from the first one.
    The definition and unit of each feature is in ``contracts.gold.CUSTOMER_FEATURES``.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_of: The date.
        observed_from: First day of the shop's history.

    Returns:
        Rows of ``gold/customer_features``.
    """
    before = daily.where(F.col(G.DAY) < F.lit(as_of))
    bought = F.when(F.col(G.ORDERS) > 0, F.col(G.DAY))
    sums = before.groupBy(CUSTOMER_ID).agg(
        F.sum(G.ORDERS).alias(G.PURCHASE_FREQUENCY),
        F.sum(G.SPEND).alias(G.TOTAL_SPEND),
        F.max(bought).alias(G.LAST_PURCHASE_DATE),
        F.min(bought).alias(_FIRST_PURCHASE),
        F.sum(G.ORDERS_PLACED).alias(_PLACED),
        F.sum(G.ORDERS_CANCELLED).alias(_CANCELLED),
        *[aggregate for days in G.WINDOWS for aggregate in _window(days, as_of, observed_from)],
    )
    frequency = F.col(G.PURCHASE_FREQUENCY)
    values = {
        G.AS_OF: F.lit(as_of),
        G.AVG_TRANSACTION_VALUE: _average(),
        G.RECENCY_DAYS: F.datediff(F.lit(as_of), F.col(G.LAST_PURCHASE_DATE)),
        G.TENURE_DAYS: F.datediff(F.lit(as_of), F.col(_FIRST_PURCHASE)),
        G.CANCELLATION_RATE: F.col(_CANCELLED) / F.col(_PLACED),
    }
    return sums.where(frequency > 0).select(
        *[
            values.get(c.name, F.col(c.name)).cast(c.type).alias(c.name)
            for c in G.CUSTOMER_FEATURES.columns
        ]
    )


def _average() -> SparkColumn:
    # These widths make Spark keep 15 decimals of the quotient, so that it is rounded once.
    total = F.col(G.TOTAL_SPEND).cast("decimal(20,4)")
    return total / F.col(G.PURCHASE_FREQUENCY).cast("decimal(10,0)")


def _window(days: int, as_of: date, observed_from: date) -> tuple[SparkColumn, SparkColumn]:
    start = as_of - timedelta(days=days)
    covered = F.lit(observed_from <= start)
    inside = F.col(G.DAY) >= F.lit(start)
    frequency = F.sum(F.when(inside, F.col(G.ORDERS)).otherwise(0))
    spend = F.sum(F.when(inside, F.col(G.SPEND)).otherwise(0))
    return (
        F.when(covered, frequency).alias(G.frequency_in(days)),
        F.when(covered, spend).alias(G.spend_in(days)),
    )


def snapshots(daily: DataFrame, as_ofs: Sequence[date], observed_from: date) -> DataFrame:
    """Stack the features as of several dates; key ``(customer_id, as_of)``."""
    parts = [customer_features(daily, as_of, observed_from) for as_of in as_ofs]
    return reduce(DataFrame.unionByName, parts)


def user_features(daily: DataFrame, observed_until: date) -> DataFrame:
    """Describe every buyer as of the newest event, with recency in calendar days from its date.

    The day of the newest event counts in full, so whoever bought on it has recency 0. Money is
    rounded to cents last.

    Args:
        daily: Rows of ``gold/customer_daily``.
        observed_until: UTC date of the newest event in the lake.

    Returns:
        Rows of ``gold/user_features``.
    """
    after_last_day = observed_until + timedelta(days=1)
    # No window is used here, so any first day will do.
    features = customer_features(daily, after_last_day, observed_until)
    values = {
        G.USER_ID: F.col(CUSTOMER_ID),
        G.AVG_TRANSACTION_VALUE: _average(),
        G.RECENCY_DAYS: F.datediff(F.lit(observed_until), F.col(G.LAST_PURCHASE_DATE)),
    }
    return features.select(
        *[
            values.get(c.name, F.col(c.name)).cast(c.type).alias(c.name)
            for c in G.USER_FEATURES.columns
        ]
    )
