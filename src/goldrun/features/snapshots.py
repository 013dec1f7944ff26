"""Features of each customer as of a date: only earlier activity counts."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.features.activity import Activity
from goldrun.features.asof import (
    all_totals_before,
    expand_as_of,
    known_as_of,
    totals_before,
    with_corrections,
)
from goldrun.features.catalog import daily_metrics, interaction_features, totals
from goldrun.features.catalog.entry import Feature
from goldrun.features.catalog.feature_tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    USER_FEATURES,
)
from goldrun.features.catalog.non_additive_tables import (
    CUSTOMER_PLACES,
    CUSTOMER_PRODUCTS,
)
from goldrun.features.non_additive import (
    distinct_products,
    last_places,
    response_time_p90,
    squared_gaps,
)
from goldrun.features.sums_between import SumsBetween

_PURCHASE_DAYS = (*CUSTOMER_DAILY.key, daily_metrics.ORDERS)


def customer_features(activity: Activity, as_of: date, observed_from: date) -> DataFrame:
    """Compute ``snapshots`` as of one date."""
    return snapshots(activity, [as_of], observed_from)


def snapshots(
    activity: Activity, as_ofs: Sequence[date], observed_from: date, *, staged: bool = False
) -> DataFrame:
    """Compute, as of each date, the features of every customer with a completed order before it.

    Point-in-time: activity on or after the day ``as_of`` changes nothing. The catalog declares
    each feature: its expression, unit, range and the meaning of null.

    Args:
        activity: The daily tables of gold.
        as_ofs: The dates, at least one.
        observed_from: First day of the shop's history; features of a window that begins earlier
            are null.
        staged: Whether to compute the non-additive parts one by one before they are joined, which
            suits many customers: in one plan they would share the memory (a third of Sail's time
            with little memory).

    Returns:
        Rows of ``gold/customer_features``; key ``(customer_id, as_of)``.
    """
    totals_known = all_totals_before(activity.daily, as_ofs, has_versions=activity.has_versions)
    sums = totals_known.where(F.col(daily_metrics.ORDERS) > 0)
    joined = _joined(sums, _non_additive(activity, as_ofs), staged=staged)
    return _features(joined, as_ofs, observed_from, activity.recorded)


def snapshots_of_sums(
    between: SumsBetween, as_ofs: Sequence[date], observed_from: date, *, staged: bool = False
) -> DataFrame:
    """Compute ``snapshots`` from activity that is summed up between dates.

    Args:
        between: The activity, summed up between these dates and perhaps others.
        as_ofs: The dates.
        observed_from: See ``snapshots``.
        staged: See ``snapshots``.
    """
    sums, activity = between.totals_before(as_ofs), between.activity
    joined = _joined(sums, _response_times(activity, as_ofs), staged=staged)
    return _features(joined, as_ofs, observed_from, activity.recorded)


def _joined(sums: DataFrame, parts: Sequence[DataFrame], *, staged: bool) -> DataFrame:
    for part in parts:
        values = part.localCheckpoint() if staged else part
        sums = sums.join(values, [CUSTOMER_ID, gold.AS_OF], "left")
    return sums


def _features(
    sums: DataFrame, as_ofs: Sequence[date], observed_from: date, recorded: frozenset[str]
) -> DataFrame:
    known = sums.withColumn(totals.OBSERVED_FROM, F.lit(observed_from))
    features = _select(known, CUSTOMER_FEATURES, recorded)
    dates = set(as_ofs)
    # As a constant, a single date need not be sorted by when the rows are written.
    return features.withColumn(gold.AS_OF, F.lit(dates.pop())) if len(dates) == 1 else features


def _non_additive(activity: Activity, as_ofs: Sequence[date]) -> list[DataFrame]:
    def known(rows: DataFrame, table: Table) -> DataFrame:
        return known_as_of(rows, as_ofs, table, has_versions=activity.has_versions)

    return [
        squared_gaps(known(activity.daily.select(*_PURCHASE_DAYS), CUSTOMER_DAILY)),
        distinct_products(known(activity.products, CUSTOMER_PRODUCTS)),
        last_places(known(activity.places, CUSTOMER_PLACES)),
        *_response_times(activity, as_ofs),
    ]


def _response_times(activity: Activity, as_ofs: Sequence[date]) -> list[DataFrame]:
    """Compute the percentile of response times, if the shop records interactions."""
    if interaction_features.ENTITY not in activity.recorded:
        return []
    # Its table has no versions.
    return [response_time_p90(expand_as_of(activity.responses, as_ofs))]


def user_features(
    daily: DataFrame, observed_until: date, *, has_versions: bool = False
) -> DataFrame:
    """Compute the users' table as of the observed end, with recency in calendar days from it.

    The day of the observed end counts in full, so the recency of a customer with an order on it is
    0. The current versions of transactions count, also those that are known later. Money is
    rounded to cents last.

    Args:
        daily: Rows of ``gold/customer_daily``.
        observed_until: The observed end of the lake.
        has_versions: Whether a day may have several rows.

    Returns:
        Rows of ``gold/user_features``.
    """
    day_after = observed_until + timedelta(days=1)
    current = with_corrections(daily, CUSTOMER_DAILY) if has_versions else daily
    sums = totals_before(current, [day_after]).where(F.col(daily_metrics.ORDERS) > 0)
    return _select(sums, USER_FEATURES)


def _select(sums: DataFrame, table: Table, recorded: frozenset[str] = frozenset()) -> DataFrame:
    """Evaluate a table's features over the totals; null if their entity is not recorded."""
    columns = []
    for column in table.columns:
        value = column.name
        if isinstance(column, Feature):
            is_recorded = column.is_recorded(recorded)
            value = (column.expression or column.name) if is_recorded else "NULL"
        columns.append(F.expr(value).cast(column.type).alias(column.name))
    return sums.select(*columns)
