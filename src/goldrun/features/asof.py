"""Totals of a customer's activity before each of several dates."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.features.catalog import daily_metrics, feature_tables, totals
from goldrun.features.catalog.daily_metrics import KNOWN_FROM
from goldrun.features.catalog.entry import DailyMetric
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY

_KEY = (CUSTOMER_ID, gold.AS_OF)


def expand_as_of(rows: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Repeat each row for every date that it is before.

    Args:
        rows: Rows with a ``day``.
        as_ofs: The dates; one that is given twice counts once.

    Returns:
        ``rows`` with ``as_of``, where ``known_from`` (which is never before ``day``) < ``as_of``:
        the one place that decides what is known as of a date. Rows without ``known_from`` are
        known from their ``day`` on.
    """
    known_from = KNOWN_FROM if KNOWN_FROM in rows.columns else daily_metrics.DAY
    dates = F.array(*[F.lit(as_of) for as_of in sorted(set(as_ofs))])
    return rows.withColumn(gold.AS_OF, F.explode(dates)).where(
        F.col(known_from) < F.col(gold.AS_OF)
    )


def known_as_of(
    rows: DataFrame, as_ofs: Sequence[date], table: Table, *, has_versions: bool
) -> DataFrame:
    """Return the rows that are known as of each date, each key once; see ``with_corrections``.

    Args:
        rows: Rows of a table of activity.
        as_ofs: The dates.
        table: Their contract.
        has_versions: Whether rows may differ in ``known_from`` alone.
    """
    known = expand_as_of(rows, as_ofs)
    has_corrections = has_versions and KNOWN_FROM in rows.columns
    return with_corrections(known, table) if has_corrections else known


def with_corrections(rows: DataFrame, table: Table) -> DataFrame:
    """Add the corrections of activity to the rows that they correct.

    Args:
        rows: Rows of a table of activity, perhaps with ``as_of``.
        table: Their contract.

    Returns:
        One row per key (``known_from`` is not part of it, ``as_of`` is), without those keys whose
        metrics are all 0 after the corrections.
    """
    metrics = [
        column
        for column in table.columns
        if isinstance(column, DailyMetric) and column.name in rows.columns
    ]
    names = {KNOWN_FROM, *(metric.name for metric in metrics)}
    key = [name for name in rows.columns if name not in names]
    sums = [F.sum(metric.name).cast(metric.type).alias(metric.name) for metric in metrics]
    added = rows.groupBy(*key).agg(*sums)
    return added.where(reduce(or_, [F.col(metric.name) != 0 for metric in metrics]))


def until_first_as_of(rows: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Replace the day from which a row is known by the last day before its first date.

    Rows that are known as of the same dates then have the same day, and can be added up.

    Args:
        rows: Rows with ``known_from``.
        as_ofs: The dates.

    Returns:
        The rows that are known as of a date; ``expand_as_of`` repeats them for the same dates.
    """
    dates = sorted(set(as_ofs))
    firsts = [F.when(F.col(KNOWN_FROM) < F.lit(as_of), F.lit(as_of)) for as_of in dates]
    known = rows.where(F.col(KNOWN_FROM) < F.lit(dates[-1]))
    return known.withColumn(KNOWN_FROM, F.date_sub(F.coalesce(*firsts), 1))


def totals_before(
    daily: DataFrame, as_ofs: Sequence[date], *, has_versions: bool = False
) -> DataFrame:
    """Sum up the activity of each customer before each date.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.
        has_versions: Whether a day may have several rows.

    Returns:
        Key ``(customer_id, as_of)``: the sum of every daily metric under the metric's name, and
        ``catalog.totals.AGGREGATES``.
    """
    return _totals(daily, as_ofs, totals.AGGREGATES, has_versions)


def all_totals_before(
    daily: DataFrame, as_ofs: Sequence[date], *, has_versions: bool = False
) -> DataFrame:
    """Sum up the activity of each customer before each date, and in the windows before it.

    Args:
        daily: Rows of ``gold/customer_daily``.
        as_ofs: The dates.
        has_versions: Whether a day may have several rows.

    Returns:
        The columns of ``totals_before``, ``catalog.totals.IN_WINDOWS``, and the features that
        declare an aggregate, under their own names.
    """
    sums = _totals(daily, as_ofs, totals.AGGREGATES | _declared(), has_versions)
    return with_windows(sums, daily, as_ofs)


def with_windows(sums: DataFrame, daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Add ``catalog.totals.IN_WINDOWS`` to the totals before each date."""
    return sums.join(_in_windows(daily, as_ofs), list(_KEY), "left").fillna(
        0, [totals.in_window(*window) for window in totals.IN_WINDOWS]
    )


def with_declared(sums: DataFrame, daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Add the features that declare an aggregate to the totals before each date."""
    if not (declared := _declared()):
        return sums
    known = expand_as_of(daily, as_ofs).groupBy(*_KEY)
    values = known.agg(*[F.expr(f"{sql} AS {name}") for name, sql in declared.items()])
    return sums.join(values, list(_KEY), "left")


def sum_of(metric: str, value: str | None = None) -> str:
    """SQL that sums up a daily metric, or another value of it, with the metric's type."""
    kind = CUSTOMER_DAILY.column(metric).type.simpleString()
    return f"CAST(sum({value or metric}) AS {kind})"


def _declared() -> dict[str, str]:
    return {f.name: f.aggregate for f in feature_tables.ALL_FEATURES if f.aggregate}


def _totals(
    daily: DataFrame, as_ofs: Sequence[date], aggregates: dict[str, str], has_versions: bool
) -> DataFrame:
    sums = [f"{sum_of(each.name)} AS {each.name}" for each in feature_tables.METRICS]
    others = [f"{aggregate} AS {name}" for name, aggregate in aggregates.items()]
    known = known_as_of(daily, as_ofs, CUSTOMER_DAILY, has_versions=has_versions)
    return known.groupBy(*_KEY).agg(*map(F.expr, [*sums, *others]))


def _in_windows(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    """Sum up the days of the windows alone, which are few of a long history.

    The first day of all windows is a filter of its own, so that files of older days are not read.
    """
    longest = max(days for _, days in totals.IN_WINDOWS)
    since = min(as_ofs) - timedelta(days=longest)
    recent = expand_as_of(daily.where(F.col(daily_metrics.DAY) >= F.lit(since)), as_ofs)
    inside = recent.where(F.col(daily_metrics.DAY) >= F.date_sub(gold.AS_OF, longest))
    sums = [f"{_within(*each)} AS {totals.in_window(*each)}" for each in totals.IN_WINDOWS]
    return inside.groupBy(*_KEY).agg(*map(F.expr, sums))


def _within(metric: str, days: int) -> str:
    is_inside = f"{daily_metrics.DAY} >= date_sub({gold.AS_OF}, {days})"
    return sum_of(metric, f"CASE WHEN {is_inside} THEN {metric} ELSE 0 END")
