"""Features over the last days before a date: names, and the contract of each."""

from pyspark.sql import types as T

from goldrun.contracts import activity_tables, uses
from goldrun.contracts.table import Column

WINDOWS = (30, 90, 180)
"""Lengths of the look-back windows, in days."""
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


def daily(*names: str) -> tuple[str, ...]:
    """Columns of ``gold/customer_daily``, as ``table.column``."""
    return tuple(f"customer_daily.{name}" for name in names)


COUNTS = tuple(
    Column(
        frequency_in(days),
        T.LongType(),
        f"Completed orders in the {days} days before as_of.",
        null_means=WINDOW_UNKNOWN,
        unit="orders",
        minimum=0,
        made_from=daily(activity_tables.ORDERS),
        serves=(uses.CHURN,),
    )
    for days in WINDOWS
)
SUMS = tuple(
    Column(
        spend_in(days),
        activity_tables.SUM,
        f"Completed amounts in the {days} days before as_of.",
        null_means=WINDOW_UNKNOWN,
        unit="currency",
        minimum=0,
        made_from=daily(activity_tables.SPEND),
        serves=(uses.VALUE, uses.CHURN),
    )
    for days in WINDOWS
)
SHARES = tuple(
    Column(
        spend_share_in(days),
        T.DoubleType(),
        f"{spend_in(days)} / total_spend.",
        null_means=f"{WINDOW_UNKNOWN}, or nothing was ever spent",
        unit="share",
        minimum=0,
        maximum=1,
        made_from=daily(activity_tables.SPEND),
        serves=(uses.VALUE, uses.CHURN),
    )
    for days in WINDOWS
)
