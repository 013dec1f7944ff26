"""Features of what customers bought, from sums as of a date."""

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import entities as E
from goldrun.contracts import gold as G
from goldrun.contracts import purchase_features as P
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
from goldrun.features.siblings import SQUARED_GAPS


def purchase_features(observed_from: date) -> dict[str, SparkColumn]:
    """Express each feature of ``contracts.purchase_features`` that comes from daily sums.

    Args:
        observed_from: First day of the shop's history; longer windows are null.

    Returns:
        Feature to its expression over ``asof.sums_before`` and ``siblings.squared_gaps``.
    """
    return {
        P.PURCHASE_FREQUENCY: F.col(A.ORDERS),
        P.TOTAL_SPEND: F.col(A.SPEND),
        P.AVG_TRANSACTION_VALUE: average(A.SPEND, A.ORDERS),
        P.AVERAGE_PURCHASE_VALUE: average(A.SPEND, A.LINES),
        P.LAST_PURCHASE_DATE: F.col(LAST_PURCHASE),
        P.RECENCY_DAYS: F.datediff(G.AS_OF, LAST_PURCHASE),
        P.TENURE_DAYS: F.datediff(G.AS_OF, FIRST_PURCHASE),
        P.DAYS_SINCE_LAST_TRANSACTION: F.datediff(G.AS_OF, LAST_TRANSACTION),
        P.CANCELLATION_RATE: ratio(A.ORDERS_CANCELLED, A.ORDERS_PLACED),
        P.BASKET_SIZE: ratio(A.PIECES, A.ORDERS),
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
    for days in P.WINDOWS:
        known = window_is_known(days, observed_from)
        orders, spend = window_sum(A.ORDERS, days), window_sum(A.SPEND, days)
        features[P.frequency_in(days)] = F.when(known, F.col(orders))
        features[P.spend_in(days)] = F.when(known, F.col(spend))
        features[P.spend_share_in(days)] = F.when(known, ratio(spend, A.SPEND))
    features[P.SPEND_TREND] = F.when(
        window_is_known(TREND_WINDOW, observed_from),
        ratio(window_sum(A.SPEND, P.TREND_DAYS), window_sum(A.SPEND, TREND_WINDOW)),
    )
    return features


def _payment_shares() -> dict[str, SparkColumn]:
    spends = {method: F.col(A.spend_by(method)) for method in E.PAYMENT_METHODS}
    known = sum(spends.values(), start=F.lit(0))
    return {P.payment_share(method): ratio(spend, known) for method, spend in spends.items()}


def _gaps() -> dict[str, SparkColumn]:
    """Mean and standard deviation of the gaps between purchase days, from whole numbers of days.

    The gaps g_1 … g_n add up to the days from the first to the last purchase; the deviation is
    sqrt((n * sum(g²) - (sum g)²) / (n * (n - 1))).
    """
    count = F.col(PURCHASE_DAYS) - 1
    total = F.datediff(LAST_PURCHASE, FIRST_PURCHASE).cast("bigint")
    variance = ratio(count * F.col(SQUARED_GAPS) - total * total, count * (count - 1))
    return {
        P.PURCHASE_GAP_MEAN_DAYS: ratio(total, count),
        P.PURCHASE_GAP_STD_DAYS: F.sqrt(variance),
    }
