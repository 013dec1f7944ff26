"""Features of what customers bought, from sums as of a date."""

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, entities, gold, purchase_features, window_features
from goldrun.features.asof import (
    FIRST_PURCHASE,
    LAST_PURCHASE,
    LAST_TRANSACTION,
    PURCHASE_DAYS,
    TREND_WINDOW,
    ratio,
    window_is_known,
    window_sum,
)
from goldrun.features.non_additive import SQUARED_GAPS


def purchase_expressions(observed_from: date) -> dict[str, SparkColumn]:
    """Express each feature of ``contracts.purchase_features`` that comes from daily sums.

    Args:
        observed_from: First day of the shop's history; longer windows are null.

    Returns:
        Feature to its expression over ``asof.sums_before`` and ``non_additive.squared_gaps``.
    """
    return {
        purchase_features.PURCHASE_FREQUENCY: F.col(activity_tables.ORDERS),
        purchase_features.TOTAL_SPEND: F.col(activity_tables.SPEND),
        purchase_features.AVG_TRANSACTION_VALUE: average(
            activity_tables.SPEND, activity_tables.ORDERS
        ),
        purchase_features.AVERAGE_PURCHASE_VALUE: average(
            activity_tables.SPEND, activity_tables.LINES
        ),
        purchase_features.LAST_PURCHASE_DATE: F.col(LAST_PURCHASE),
        purchase_features.RECENCY_DAYS: F.datediff(gold.AS_OF, LAST_PURCHASE),
        purchase_features.TENURE_DAYS: F.datediff(gold.AS_OF, FIRST_PURCHASE),
        purchase_features.DAYS_SINCE_LAST_TRANSACTION: F.datediff(gold.AS_OF, LAST_TRANSACTION),
        purchase_features.CANCELLATION_RATE: ratio(
            activity_tables.ORDERS_CANCELLED, activity_tables.ORDERS_PLACED
        ),
        purchase_features.BASKET_SIZE: ratio(activity_tables.PIECES, activity_tables.ORDERS),
        **_windows(observed_from),
        **_payment_shares(),
        **_gaps(),
    }


def average(total: str, count: str) -> SparkColumn:
    """Divide money by a count, exactly but for one rounding at the end."""
    # These widths make Spark keep 15 decimals of the quotient, so that it is rounded once.
    return F.col(total).cast("decimal(20,4)") / F.col(count).cast("decimal(10,0)")


def _windows(observed_from: date) -> dict[str, SparkColumn]:
    features = {}
    for days in window_features.WINDOWS:
        known = window_is_known(days, observed_from)
        orders, spend = (
            window_sum(activity_tables.ORDERS, days),
            window_sum(activity_tables.SPEND, days),
        )
        features[window_features.frequency_in(days)] = F.when(known, F.col(orders))
        features[window_features.spend_in(days)] = F.when(known, F.col(spend))
        features[window_features.spend_share_in(days)] = F.when(
            known, ratio(spend, activity_tables.SPEND)
        )
    features[purchase_features.SPEND_TREND] = F.when(
        window_is_known(TREND_WINDOW, observed_from),
        ratio(
            window_sum(activity_tables.SPEND, purchase_features.TREND_DAYS),
            window_sum(activity_tables.SPEND, TREND_WINDOW),
        ),
    )
    return features


def _payment_shares() -> dict[str, SparkColumn]:
    spends = {
        method: F.col(activity_tables.spend_by(method)) for method in entities.PAYMENT_METHODS
    }
    known = sum(spends.values(), start=F.lit(0))
    return {
        purchase_features.payment_share(method): ratio(spend, known)
        for method, spend in spends.items()
    }


def _gaps() -> dict[str, SparkColumn]:
    """Mean and standard deviation of the gaps between purchase days, from whole numbers of days.

    The gaps g_1 … g_n add up to the days from the first to the last purchase; the deviation is
    sqrt((n * sum(g²) - (sum g)²) / (n * (n - 1))).
    """
    count = F.col(PURCHASE_DAYS) - 1
    total = F.datediff(LAST_PURCHASE, FIRST_PURCHASE).cast("bigint")
    variance = ratio(count * F.col(SQUARED_GAPS) - total * total, count * (count - 1))
    return {
        purchase_features.PURCHASE_GAP_MEAN_DAYS: ratio(total, count),
        purchase_features.PURCHASE_GAP_STD_DAYS: F.sqrt(variance),
    }
