"""Days that a change of transactions affects, and the transactions that contribute to them."""

from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from goldrun.contracts import entities
from goldrun.features.catalog import daily_metrics, purchase_metrics
from goldrun.features.silver_tables import Silver
from goldrun.features.transaction_versions import ORDER
from goldrun.medallion.days import day_of, on_days
from goldrun.medallion.stored_rows import few_in_memory, rows_of

_KEY = [entities.CUSTOMER_ID, daily_metrics.DAY]
_ID = entities.TRANSACTION_ID
_LINE = [*ORDER, entities.TRANSACTION_DATE]
_READ = list(purchase_metrics.TRANSACTION_COLUMNS)


@dataclass(frozen=True)
class Days:
    """Days of customers.

    Attributes:
        rows: ``customer_id, day``, each pair once.
        count: How many pairs.
        first: The earliest of the days.
        last: The latest.
    """

    rows: DataFrame
    count: int
    first: date
    last: date

    @property
    def condition(self) -> str:
        """SQL over a column ``day``: within the span of these days."""
        return f"{daily_metrics.DAY} BETWEEN DATE'{self.first}' AND DATE'{self.last}'"

    def of(self, daily: DataFrame) -> DataFrame:
        """Rows of these customers on these days."""
        rows = few_in_memory(self.rows, self.count)
        return daily.where(self.condition).join(rows, _KEY, "left_semi")


def affected_days(changed: DataFrame, silver: Silver) -> DataFrame:
    """Find the days whose sums may differ after transactions have changed.

    A transaction adds to its own day and to three days of its order: that of the first
    transaction, of the first completed one and of the first cancelled one. The change may move
    each of them. A new version also changes the period in which each other version of the
    transaction counts as known.

    Args:
        changed: Transactions, current and superseded, before and after the change; read several
            times, so checkpoint an expensive frame.
        silver: The silver tables after the change.

    Returns:
        ``customer_id, day``, each pair once.
    """
    lines = changed.select(*_LINE)
    if silver.transactions_history is not None:
        lines = lines.unionByName(other_versions(changed, silver)).localCheckpoint()
    of_orders = [rows_of(rows, lines, ORDER) for rows in _tables(silver)]
    days = [_days_of(rows, silver.zone) for rows in (lines, *of_orders)]
    return reduce(DataFrame.unionByName, days).distinct()


def other_versions(changed: DataFrame, silver: Silver) -> DataFrame:
    """Find all stored versions of changed transactions.

    Args:
        changed: Transactions, current and superseded ones.
        silver: The silver tables after the change.

    Returns:
        ``customer_id, order_id, transaction_date``.
    """
    ids = changed.select(_ID).distinct()
    found = [rows_of(rows, ids, [_ID]).select(*_LINE) for rows in _tables(silver)]
    return reduce(DataFrame.unionByName, found)


def contributing_rows(days: Days, silver: Silver) -> Silver:
    """Find all transactions that count on some days, and all transactions of their orders.

    The day of an order depends on all of its transactions, so sums over the result are complete on
    these days and on no others.

    Args:
        days: The days.
        silver: The silver tables.

    Returns:
        ``silver`` with these transactions, each once, with the columns that days are computed from;
        if transactions were changed, with all versions of these and of their history.
    """
    inside = on_days(entities.TRANSACTION_DATE, silver.zone, days.first, days.last)
    dated = [
        rows.where(inside).withColumn(
            daily_metrics.DAY, day_of(entities.TRANSACTION_DATE, silver.zone)
        )
        for rows in _tables(silver)
    ]
    found = reduce(DataFrame.unionByName, [days.of(rows).select(*ORDER) for rows in dated])
    orders = found.distinct().localCheckpoint()
    if silver.transactions_history is None:
        rows = rows_of(silver.transactions.select(*_READ), orders, ORDER)
        return replace(silver, transactions=rows.localCheckpoint())
    of_orders = [rows_of(rows, orders, ORDER).select(_ID) for rows in _tables(silver)]
    ids = reduce(DataFrame.unionByName, of_orders).distinct().localCheckpoint()
    current, history = (rows_of(rows, ids, [_ID]).localCheckpoint() for rows in _tables(silver))
    return replace(silver, transactions=current, transactions_history=history)


def _tables(silver: Silver) -> list[DataFrame]:
    """Transactions and, if there is one, their history."""
    history = silver.transactions_history
    return [silver.transactions] if history is None else [silver.transactions, history]


def _days_of(lines: DataFrame, zone: str) -> DataFrame:
    return lines.select(
        entities.CUSTOMER_ID, day_of(entities.TRANSACTION_DATE, zone).alias(daily_metrics.DAY)
    )
