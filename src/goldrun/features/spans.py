"""Silver in spans of days, so that activity of many lines is computed a part at a time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, entities
from goldrun.features.activity import Silver
from goldrun.features.purchase_metrics import orders_by_day
from goldrun.medallion.days import day_of, on_days

_COUNT = "_count"


def in_spans(silver: Silver, lines: int | None) -> list[Silver]:
    """Part silver by days, each part with at most so many lines or one day, the earliest first.

    Groupings in memory, or in a processor's cache, take less than half the time a line of groupings
    of ten times as many.

    Activity is by day, so that of the parts is that of the whole, in the order of the days. An
    order's days are told by all of its lines: they are found before the lines are parted. What
    comes of a visit or a contact may be of another day than it: where a shop records them, the
    whole is one part.

    Args:
        silver: The shop's silver tables.
        lines: How many lines a part may have that has several days; None: all of them.
    """
    if lines is None or not silver.only_lines:
        return [silver]
    begins = _begins(silver.transactions, silver.zone, lines)
    if not begins:
        return [silver]
    # Asked for by each part.
    orders = orders_by_day(silver.transactions, silver.zone).localCheckpoint()
    day, parts = F.col(activity_tables.DAY), []
    for first, end in zip([None, *begins], [*begins, None], strict=True):
        placed = orders
        if first is not None:
            placed = placed.where(day >= first)
        if end is not None:
            placed = placed.where(day < end)
        last = end - timedelta(1) if end else None
        inside = on_days(entities.TRANSACTION_DATE, silver.zone, first, last)
        theirs = silver.transactions.where(inside)
        parts.append(replace(silver, transactions=theirs, orders=placed))
    return parts


def _begins(transactions: DataFrame, zone: str, lines: int) -> Sequence[date]:
    """First days of all spans but the first."""
    by_day = transactions.groupBy(
        day_of(entities.TRANSACTION_DATE, zone).alias(activity_tables.DAY)
    )
    counted = by_day.agg(F.count("*").alias(_COUNT)).orderBy(activity_tables.DAY).collect()
    begins, inside = [], 0
    for row in counted:
        if inside and inside + row[_COUNT] > lines:
            begins.append(row[activity_tables.DAY])
            inside = 0
        inside += row[_COUNT]
    return begins
