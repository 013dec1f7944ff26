"""Features of what a customer bought in the last days before a date.

A window of n days is [as_of - n days, as_of).
"""

from collections.abc import Callable

from pyspark.sql import types as T

from goldrun.contracts import uses
from goldrun.features.catalog import daily_metrics, sql, totals
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_kinds import daily
from goldrun.features.catalog.totals import WINDOWS, in_window

SPEND_TREND = "spend_trend"
WINDOW_UNKNOWN = "the history before as_of is shorter than the window"


def frequency_in(days: int) -> str:
    """Name of the feature that counts orders in the last ``days`` days."""
    return f"transaction_frequency_last_{days}_days"


def spend_in(days: int) -> str:
    """Name of the feature that adds what was spent in the last ``days`` days."""
    return f"spend_last_{days}_days"


def spend_share_in(days: int) -> str:
    """Name of the feature that relates the spend of the last ``days`` days to all spend."""
    return f"spend_share_last_{days}_days"


def money_in_windows(
    name_in: Callable[[int], str],
    metric: str,
    what: str,
    *serves: str,
    minimum: float | None = 0,
) -> tuple[Feature, ...]:
    """Features that add a daily metric of money over each window.

    Args:
        name_in: Name of the feature by the length of the window in days.
        metric: Name of the daily metric.
        what: Description of the features, with ``{days}``.
        serves: See ``Feature``.
        minimum: See ``Column``; None if the sum can be negative.
    """
    return tuple(
        Feature(
            name_in(days),
            daily_metrics.SUM,
            what.format(days=days),
            null_means=WINDOW_UNKNOWN,
            unit="currency",
            minimum=minimum,
            made_from=daily(metric),
            expression=sql.where_known(days, in_window(metric, days)),
            serves=serves,
        )
        for days in WINDOWS
    )


_COUNTS = tuple(
    Feature(
        frequency_in(days),
        T.LongType(),
        f"Completed orders in the {days} days before as_of.",
        null_means=WINDOW_UNKNOWN,
        unit="orders",
        minimum=0,
        made_from=daily(daily_metrics.ORDERS),
        expression=sql.where_known(days, in_window(daily_metrics.ORDERS, days)),
        serves=(uses.CHURN,),
    )
    for days in WINDOWS
)
_SUMS = money_in_windows(
    spend_in,
    daily_metrics.SPEND,
    "Completed amounts in the {days} days before as_of: gross, as total_spend.",
    uses.VALUE,
    uses.CHURN,
)
_SHARES = tuple(
    Feature(
        spend_share_in(days),
        T.DoubleType(),
        f"{spend_in(days)} / total_spend.",
        null_means=f"{WINDOW_UNKNOWN}, or nothing was ever spent",
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(daily_metrics.SPEND),
        expression=sql.where_known(
            days, sql.ratio(in_window(daily_metrics.SPEND, days), daily_metrics.SPEND)
        ),
        serves=(uses.VALUE, uses.CHURN),
    )
    for days in WINDOWS
)
_TREND = Feature(
    SPEND_TREND,
    T.DoubleType(),
    f"Spend of the {totals.TREND_DAYS} days before as_of / spend of the {2 * totals.TREND_DAYS} "
    "days before it: 0.5 is steady, 1 is all in the later half, 0 is all in the earlier half.",
    null_means=f"the history is shorter than {2 * totals.TREND_DAYS} days, or no spend in them",
    unit="share",
    minimum=0,
    maximum=1,
    made_from=daily(daily_metrics.SPEND),
    expression=sql.where_known(
        2 * totals.TREND_DAYS,
        sql.ratio(
            in_window(daily_metrics.SPEND, totals.TREND_DAYS),
            in_window(daily_metrics.SPEND, 2 * totals.TREND_DAYS),
        ),
    ),
    serves=(uses.VALUE, uses.CHURN),
)
FEATURES = (*_COUNTS, *_SUMS, *_SHARES, _TREND)
"""Columns of ``gold/customer_features``, after those of ``purchase_features.FIRST_FEATURES``."""
