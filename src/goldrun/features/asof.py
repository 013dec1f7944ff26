"""What activity adds up to before each of several dates."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, gold, purchase_features, window_features
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Column

NUMBERS: tuple[Column, ...] = tuple(
    c
    for c in activity_tables.CUSTOMER_DAILY.columns
    if c.name not in activity_tables.CUSTOMER_DAILY.key
)
"""Columns of ``gold/customer_daily`` that add up over days."""

FIRST_PURCHASE = "_first_purchase"
LAST_PURCHASE = "_last_purchase"
PURCHASE_DAYS = "_purchase_days"
LAST_TRANSACTION = "_last_transaction"
TREND_WINDOW = 2 * purchase_features.TREND_DAYS
_WINDOWS = (
    *[
        (name, n)
        for name in (activity_tables.ORDERS, activity_tables.SPEND, activity_tables.SESSIONS)
        for n in window_features.WINDOWS
    ],
    (activity_tables.SPEND, TREND_WINDOW),
)
"""Which daily numbers are added up over how many days before the date."""


def expand_as_of(rows: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Repeat each row for every date that it is before.

    Args:
        rows: Rows with a ``day``.
        as_ofs: The dates; one that is given twice counts once.

    Returns:
        ``rows`` with ``as_of``, where ``day`` < ``as_of``: the one place that decides what is
        known as of a date.
    """
    dates = F.array(*[F.lit(as_of) for as_of in sorted(set(as_ofs))])
    return rows.withColumn(gold.AS_OF, F.explode(dates)).where(
        F.col(activity_tables.DAY) < F.col(gold.AS_OF)
    )


def window_sum(name: str, days: int) -> str:
    """Name of the sum of a daily number over the ``days`` days before the date."""
    return f"{name}_in_{days}"


def window_is_known(days: int, observed_from: date) -> SparkColumn:
    """Whether the shop's history covers the ``days`` days before ``as_of``."""
    return F.date_sub(gold.AS_OF, days) >= F.lit(observed_from)


def sums_before(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Add up the activity of each customer before each date, and in the windows before it.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.

    Returns:
        The columns of ``totals_before``, ``window_sum`` of the numbers that have windows, and the
        features that declare an aggregate, under their own names.
    """
    sums = totals_before(daily, as_ofs, [c for c in gold.FEATURES if c.aggregate])
    return sums.join(_in_windows(daily, as_ofs), [CUSTOMER_ID, gold.AS_OF], "left").fillna(
        0, [window_sum(*window) for window in _WINDOWS]
    )


def totals_before(
    daily: DataFrame, as_ofs: Sequence[date], features: Sequence[Column] = ()
) -> DataFrame:
    """Add up the activity of each customer before each date.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.
        features: Features whose ``aggregate`` is computed beside the sums.

    Returns:
        Key ``(customer_id, as_of)``: every number of ``gold/customer_daily`` under its own name,
        and first, last and number of days with a completed order, and the last day with a
        transaction of any status (null: none).
    """
    bought = F.when(F.col(activity_tables.ORDERS) > 0, F.col(activity_tables.DAY))
    return (
        expand_as_of(daily, as_ofs)
        .groupBy(CUSTOMER_ID, gold.AS_OF)
        .agg(
            *[F.expr(f"{_sum(c.name, c.name)} AS {c.name}") for c in NUMBERS],
            *[F.expr(c.aggregate).alias(c.name) for c in features],
            F.min(bought).alias(FIRST_PURCHASE),
            F.max(bought).alias(LAST_PURCHASE),
            F.count(bought).alias(PURCHASE_DAYS),
            F.max(
                F.when(F.col(activity_tables.TRANSACTIONS) > 0, F.col(activity_tables.DAY))
            ).alias(LAST_TRANSACTION),
        )
    )


def _in_windows(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Add up the days of the windows alone, which are few of a long history.

    The first day of all windows is named by itself, so that files of older days are not read.
    """
    longest = max(days for _, days in _WINDOWS)
    since = min(as_ofs) - timedelta(days=longest)
    recent = expand_as_of(daily.where(F.col(activity_tables.DAY) >= F.lit(since)), as_ofs)
    return recent.groupBy(CUSTOMER_ID, gold.AS_OF).agg(
        *[F.expr(f"{_within(name, n)} AS {window_sum(name, n)}") for name, n in _WINDOWS]
    )


def _within(name: str, days: int) -> str:
    inside = f"{activity_tables.DAY} >= date_sub({gold.AS_OF}, {days})"
    return _sum(name, f"CASE WHEN {inside} THEN {name} ELSE 0 END")


def _sum(name: str, value: str) -> str:
    kind = activity_tables.CUSTOMER_DAILY.column(name).type.simpleString()
    return f"CAST(sum({value}) AS {kind})"


def ratio(part: str | SparkColumn, whole: str | SparkColumn) -> SparkColumn:
    """Divide two exact sums as doubles; null when the second is 0."""
    above, below = (F.col(x) if isinstance(x, str) else x for x in (part, whole))
    return above.cast("double") / F.nullif(below.cast("double"), F.lit(0.0))


def preferred(counts: dict[str, str]) -> SparkColumn:
    """Choose the category with the greatest count; of equals the first by name.

    Args:
        counts: Category to the column that counts it.

    Returns:
        The category; null when every count is 0.
    """
    most = F.greatest(*[F.col(column) for column in counts.values()])
    return F.coalesce(
        *[
            F.when((most > 0) & (F.col(counts[name]) == most), F.lit(name))
            for name in sorted(counts)
        ]
    )
