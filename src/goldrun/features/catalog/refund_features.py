"""Features of what a customer spent net of refunds.

``net_spend`` takes off what was paid back; ``total_spend`` and all other features of money are
gross. ``purchase_metrics`` lists which transactions are refunds. A refund counts on its own day, so
that of a window may belong to a purchase before it.
"""

from pyspark.sql import types as T

from goldrun.contracts import uses
from goldrun.features.catalog import daily_metrics, sql
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_kinds import daily
from goldrun.features.catalog.totals import WINDOWS, in_window
from goldrun.features.catalog.window_features import WINDOW_UNKNOWN, money_in_windows

NET_SPEND = daily_metrics.NET_SPEND
REFUNDED_AMOUNT = "refunded_amount"
REFUND_RATE = "refund_rate"
REFUNDED_ORDER_RATE = "refunded_order_rate"

_NET_AND_REFUNDS = daily(daily_metrics.NET_SPEND, daily_metrics.REFUNDS)
_NET_OF = "Completed amounts less what was paid back"


def net_spend_in(days: int) -> str:
    """Name of the feature that adds the net spend of the last ``days`` days."""
    return f"{NET_SPEND}_last_{days}_days"


def refunded_in(days: int) -> str:
    """Name of the feature that adds what was paid back in the last ``days`` days."""
    return f"{REFUNDED_AMOUNT}_last_{days}_days"


def refund_rate_in(days: int) -> str:
    """Name of the feature that relates refunds and payments of the last ``days`` days."""
    return f"{REFUND_RATE}_last_{days}_days"


def _rate(refunds: str, net: str) -> str:
    """Divide refunds by all that was paid, which is net spend and refunds together."""
    return sql.ratio(refunds, sql.added((net, refunds)))


_SO_FAR = (
    Feature(
        NET_SPEND,
        daily_metrics.SUM,
        f"{_NET_OF}, so far: total_spend less refunds that are transactions of their own. "
        "Negative where more was paid back than the history has payments.",
        required=True,
        unit="currency",
        grows_with_time=True,
        made_from=daily(daily_metrics.NET_SPEND),
        expression=daily_metrics.NET_SPEND,
        serves=(uses.VALUE, uses.CHURN),
    ),
    Feature(
        REFUNDED_AMOUNT,
        daily_metrics.SUM,
        "Money paid back so far, also for payments that were refunded in full and are therefore "
        "in neither total_spend nor net_spend.",
        required=True,
        unit="currency",
        minimum=0,
        grows_with_time=True,
        made_from=daily(daily_metrics.REFUNDS),
        expression=daily_metrics.REFUNDS,
        serves=(uses.VALUE, uses.RESPONSE),
    ),
    Feature(
        REFUND_RATE,
        T.DoubleType(),
        f"{REFUNDED_AMOUNT} / all that was ever paid ({NET_SPEND} + {REFUNDED_AMOUNT}), so far; "
        "above 1 where purchases from before the history were paid back.",
        null_means="nothing was ever paid",
        unit="paid back per paid",
        minimum=0,
        made_from=_NET_AND_REFUNDS,
        expression=_rate(daily_metrics.REFUNDS, daily_metrics.NET_SPEND),
        serves=(uses.VALUE, uses.RESPONSE),
    ),
    Feature(
        REFUNDED_ORDER_RATE,
        T.DoubleType(),
        "Orders with a refund, also of a part / orders of any status, so far. A refund belongs to "
        "the order whose order_id it has; one with an order_id of its own is an order of its own.",
        required=True,
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(daily_metrics.ORDERS_REFUNDED, daily_metrics.ORDERS_PLACED),
        expression=sql.ratio(daily_metrics.ORDERS_REFUNDED, daily_metrics.ORDERS_PLACED),
        serves=(uses.CHURN, uses.RESPONSE),
    ),
)
_NET_IN_WINDOWS = money_in_windows(
    net_spend_in,
    daily_metrics.NET_SPEND,
    f"{_NET_OF}, in the {{days}} days before as_of; negative where more was paid back in them "
    "than paid.",
    uses.VALUE,
    uses.CHURN,
    minimum=None,
)
_REFUNDED_IN_WINDOWS = money_in_windows(
    refunded_in,
    daily_metrics.REFUNDS,
    "Money paid back in the {days} days before as_of.",
    uses.VALUE,
    uses.RESPONSE,
)
_RATES_IN_WINDOWS = tuple(
    Feature(
        refund_rate_in(days),
        T.DoubleType(),
        f"{refunded_in(days)} / all that was paid in these days; above 1 where earlier purchases "
        "were paid back in them.",
        null_means=f"{WINDOW_UNKNOWN}, or nothing was paid in them",
        unit="paid back per paid",
        minimum=0,
        made_from=_NET_AND_REFUNDS,
        expression=sql.where_known(
            days,
            _rate(in_window(daily_metrics.REFUNDS, days), in_window(daily_metrics.NET_SPEND, days)),
        ),
        serves=(uses.VALUE, uses.RESPONSE),
    )
    for days in WINDOWS
)
FEATURES = (*_SO_FAR, *_NET_IN_WINDOWS, *_REFUNDED_IN_WINDOWS, *_RATES_IN_WINDOWS)
"""Columns of ``gold/customer_features``, after those of ``window_features``."""
