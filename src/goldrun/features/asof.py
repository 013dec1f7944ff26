"""Totals of a customer's activity before each of several dates."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.features.catalog import daily_metrics, feature_tables, totals
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY

_KEY = (CUSTOMER_ID, gold.AS_OF)


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
        F.col(daily_metrics.DAY) < F.col(gold.AS_OF)
    )


def totals_before(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Sum up the activity of each customer before each date.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.

    Returns:
        Key ``(customer_id, as_of)``: the sum of every daily metric under the metric's name, and
        ``catalog.totals.AGGREGATES``.
    """
    return _totals(daily, as_ofs, totals.AGGREGATES)


def all_totals_before(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Sum up the activity of each customer before each date, and in the windows before it.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.

    Returns:
        The columns of ``totals_before``, ``catalog.totals.IN_WINDOWS``, and the features that
        declare an aggregate, under their own names.
    """
    declared = {f.name: f.aggregate for f in feature_tables.ALL_FEATURES if f.aggregate}
    sums = _totals(daily, as_ofs, totals.AGGREGATES | declared)
    return sums.join(_in_windows(daily, as_ofs), list(_KEY), "left").fillna(
        0, [totals.in_window(*window) for window in totals.IN_WINDOWS]
    )


def _totals(daily: DataFrame, as_ofs: Sequence[date], aggregates: dict[str, str]) -> DataFrame:
    sums = [f"{_sum(each.name, each.name)} AS {each.name}" for each in feature_tables.METRICS]
    others = [f"{aggregate} AS {name}" for name, aggregate in aggregates.items()]
    return expand_as_of(daily, as_ofs).groupBy(*_KEY).agg(*map(F.expr, [*sums, *others]))


def _in_windows(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Sum up the days of the windows alone, which are few of a long history.

    The first day of all windows is a filter of its own, so that files of older days are not read.
    """
    longest = max(days for _, days in totals.IN_WINDOWS)
    since = min(as_ofs) - timedelta(days=longest)
    recent = expand_as_of(daily.where(F.col(daily_metrics.DAY) >= F.lit(since)), as_ofs)
    sums = [f"{_within(*each)} AS {totals.in_window(*each)}" for each in totals.IN_WINDOWS]
    return recent.groupBy(*_KEY).agg(*map(F.expr, sums))


def _within(metric: str, days: int) -> str:
    is_inside = f"{daily_metrics.DAY} >= date_sub({gold.AS_OF}, {days})"
    return _sum(metric, f"CASE WHEN {is_inside} THEN {metric} ELSE 0 END")


def _sum(metric: str, value: str) -> str:
    kind = CUSTOMER_DAILY.column(metric).type.simpleString()
    return f"CAST(sum({value}) AS {kind})"
