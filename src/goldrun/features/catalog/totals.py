"""Totals of a customer before a date that several features share; none of them is stored."""

from goldrun.features.catalog import daily_metrics

OBSERVED_FROM = "observed_from"
"""First day of the shop's history, the same for all customers."""
FIRST_PURCHASE = "first_purchase"
LAST_PURCHASE = "last_purchase"
PURCHASE_DAYS = "purchase_days"
LAST_TRANSACTION = "last_transaction"
SQUARED_GAPS = "squared_gaps"
"""Sum of the squared gaps between consecutive days with a completed order, in days²."""
TREND_DAYS = 30
"""Length of each of the two windows that ``spend_trend`` compares, in days."""
WINDOWS = (30, 90, 180)
"""Lengths of the look-back windows of features, in days."""

_PURCHASE_DAY = f"CASE WHEN {daily_metrics.ORDERS} > 0 THEN {daily_metrics.DAY} END"
_ACTIVE_DAY = f"CASE WHEN {daily_metrics.TRANSACTIONS} > 0 THEN {daily_metrics.DAY} END"
AGGREGATES = {
    FIRST_PURCHASE: f"min({_PURCHASE_DAY})",
    LAST_PURCHASE: f"max({_PURCHASE_DAY})",
    PURCHASE_DAYS: f"count({_PURCHASE_DAY})",
    LAST_TRANSACTION: f"max({_ACTIVE_DAY})",
}
"""SQL aggregates over the customer's rows of ``gold/customer_daily`` before ``as_of``: the first,
the last and the number of days with a completed order, and the last day with a transaction of any
status. A day is null if there is none."""

_COMBINED_BY = {"min": "min", "max": "max", "count": "sum"}
COMBINED_BY = {name: _COMBINED_BY[sql.partition("(")[0]] for name, sql in AGGREGATES.items()}
"""SQL function by which each of them is computed from those of separate periods."""

IN_WINDOWS = (
    *(
        (metric, days)
        for metric in (
            daily_metrics.ORDERS,
            daily_metrics.SPEND,
            daily_metrics.REFUNDS,
            daily_metrics.NET_SPEND,
            daily_metrics.SESSIONS,
        )
        for days in WINDOWS
    ),
    (daily_metrics.SPEND, 2 * TREND_DAYS),
)
"""Daily metrics that are also summed over the last days before ``as_of``, and how many days."""


def in_window(metric: str, days: int) -> str:
    """Name of the sum of a daily metric over [as_of - ``days`` days, as_of)."""
    return f"{metric}_in_{days}"
