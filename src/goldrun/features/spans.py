"""Split days into spans and dates into parts, so that a large shop is computed in parts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities
from goldrun.features.catalog import daily_metrics
from goldrun.features.silver_tables import Silver
from goldrun.medallion.days import day_of, on_days

_COUNT = "_count"


def in_spans(silver: Silver, rows_at_once: int | None) -> list[Silver]:
    """Split silver into spans of days, the earliest first.

    Activity is by day, so the activity of the spans is that of the whole. A grouping that fits
    into memory, or into a processor's cache, takes less than half as long per row as one that
    is ten times as large. The days of an order depend on all of its transactions, so they are
    computed before the split. A session can count on a later day than it begins, and an
    interaction needs the transactions of earlier days, so a shop that records either is one span.

    Args:
        silver: The shop's silver tables.
        rows_at_once: Largest number of transactions of a span that has several days; None: no
            limit.

    Returns:
        The spans, each with the orders of its days.
    """
    if rows_at_once is None or not silver.has_only_transactions:
        return [silver]
    first_days = _first_days(silver.transactions, silver.zone, rows_at_once)
    if not first_days:
        return [silver]
    # Computed once, because every span reads it.
    orders = silver.orders_by_day().localCheckpoint()
    bounds = zip([None, *first_days], [*first_days, None], strict=True)
    return [_span(silver, orders, first, end) for first, end in bounds]


def dates_in_parts(as_ofs: Sequence[date], rows: int, rows_at_once: int | None) -> list[list[date]]:
    """Split the dates of snapshots, the earliest first, into parts that are computed separately.

    A snapshot reads rows of every earlier day, all of them or those of its windows, so the work
    grows with the dates of a part: one whose sums fit into memory takes as long per date as a
    single date, and a larger one spills to disk.

    Args:
        as_ofs: The dates, at least one.
        rows: Number of rows of ``gold/customer_daily``.
        rows_at_once: Largest product of rows and dates of a part that has several dates; None: no
            limit.
    """
    dates = sorted(set(as_ofs))
    many = len(dates) if rows_at_once is None else max(1, rows_at_once // max(1, rows))
    return [dates[first : first + many] for first in range(0, len(dates), many)]


def _span(silver: Silver, orders: DataFrame, first: date | None, end: date | None) -> Silver:
    """Select the transactions and orders of the days from ``first`` until before ``end``."""
    last = end - timedelta(days=1) if end else None
    inside = on_days(entities.TRANSACTION_DATE, silver.zone, first, last)
    is_between = _is_between(first, end)
    return replace(
        silver,
        transactions=silver.transactions.where(inside),
        states=None if silver.states is None else silver.states.where(is_between),
        orders=orders.where(is_between),
    )


def _is_between(first: date | None, end: date | None) -> Column:
    day = F.col(daily_metrics.DAY)
    begun = F.lit(True) if first is None else day >= first
    return begun if end is None else begun & (day < end)


def _first_days(transactions: DataFrame, zone: str, rows_at_once: int) -> Sequence[date]:
    """First day of every span but the earliest."""
    day = day_of(entities.TRANSACTION_DATE, zone).alias(daily_metrics.DAY)
    counted = transactions.groupBy(day).agg(F.count("*").alias(_COUNT))
    first_days, rows = [], 0
    for row in counted.orderBy(daily_metrics.DAY).collect():
        if rows and rows + row[_COUNT] > rows_at_once:
            first_days.append(row[daily_metrics.DAY])
            rows = 0
        rows += row[_COUNT]
    return first_days
