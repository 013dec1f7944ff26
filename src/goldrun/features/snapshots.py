"""What is known of each customer as of a date: only what happened before it counts."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import (
    activity_tables,
    gold,
    interaction_features,
    purchase_features,
)
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.features.activity import Activity
from goldrun.features.asof import LAST_PURCHASE, sums_before, totals_before
from goldrun.features.behaviour import INTERACTIONS, behaviour_expressions
from goldrun.features.non_additive import (
    distinct_products,
    last_places,
    response_time_p90,
    squared_gaps,
)
from goldrun.features.purchases import average, purchase_expressions


def customer_features(activity: Activity, as_of: date, observed_from: date) -> DataFrame:
    """Describe every customer with a completed order before ``as_of``; see ``snapshots``."""
    return snapshots(activity, [as_of], observed_from)


def snapshots(
    activity: Activity, as_ofs: Sequence[date], observed_from: date, *, staged: bool = False
) -> DataFrame:
    """Describe, as of each date, every customer with a completed order before it.

    Point-in-time: activity on or after the day ``as_of`` changes nothing. A window of
    n days is [as_of - n days, as_of); it is null when the history starts after its first day.
    Definition, unit, range and the meaning of null of each feature are in
    ``contracts.purchase_features`` and ``contracts.behaviour_features``; journeys and their last
    event step in ``features.journeys``. Ratios are quotients of exact sums, divided last.

    Args:
        activity: What gold keeps day by day.
        as_ofs: The dates, at least one.
        observed_from: First day of the shop's history.
        staged: Whether parts are computed one after the other, at once: of many customers. In one
            plan they would have to share what memory there is (a third of Sail's time with little).

    Returns:
        Rows of ``gold/customer_features``; key ``(customer_id, as_of)``.
    """
    sums = sums_before(activity.daily, as_ofs).where(F.col(activity_tables.ORDERS) > 0)
    non_additive = [
        squared_gaps(activity.daily, as_ofs),
        distinct_products(activity.products, as_ofs),
        last_places(activity.places, as_ofs),
    ]
    values = {
        **purchase_expressions(observed_from),
        **behaviour_expressions(observed_from, activity.recorded),
        purchase_features.DISTINCT_PRODUCTS: F.coalesce(
            purchase_features.DISTINCT_PRODUCTS, F.lit(0)
        ),
    }
    if INTERACTIONS in activity.recorded:
        non_additive.append(response_time_p90(activity.responses, as_ofs))
    else:
        values[interaction_features.RESPONSE_TIME_P90] = F.lit(None)
    for part in [each.localCheckpoint() for each in non_additive] if staged else non_additive:
        sums = sums.join(part, [CUSTOMER_ID, gold.AS_OF], "left")
    return _select(sums, values, gold.CUSTOMER_FEATURES)


def user_features(daily: DataFrame, observed_until: date) -> DataFrame:
    """Describe every buyer as of the newest event, with recency in calendar days from its date.

    The day of the newest event counts in full, so whoever bought on it has recency 0. Money is
    rounded to cents last.

    Args:
        daily: Rows of ``gold/customer_daily``.
        observed_until: Day of the newest event in the lake.

    Returns:
        Rows of ``gold/user_features``.
    """
    sums = totals_before(daily, [observed_until + timedelta(days=1)]).where(
        F.col(activity_tables.ORDERS) > 0
    )
    values = {
        gold.USER_ID: F.col(CUSTOMER_ID),
        purchase_features.PURCHASE_FREQUENCY: F.col(activity_tables.ORDERS),
        purchase_features.TOTAL_SPEND: F.col(activity_tables.SPEND),
        purchase_features.AVG_TRANSACTION_VALUE: average(
            activity_tables.SPEND, activity_tables.ORDERS
        ),
        purchase_features.LAST_PURCHASE_DATE: F.col(LAST_PURCHASE),
        purchase_features.RECENCY_DAYS: F.datediff(F.lit(observed_until), F.col(LAST_PURCHASE)),
    }
    return _select(sums, values, gold.USER_FEATURES)


def _select(sums: DataFrame, values: Mapping[str, SparkColumn], table: Table) -> DataFrame:
    return sums.select(
        *[values.get(c.name, F.col(c.name)).cast(c.type).alias(c.name) for c in table.columns]
    )
