"""Days that a change of transactions affects, and the transactions that contribute to them."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from goldrun.contracts import entities
from goldrun.features.catalog import daily_metrics, purchase_metrics
from goldrun.medallion.days import day_of, on_days
from goldrun.medallion.stored_rows import few_in_memory, rows_of

_KEY = [entities.CUSTOMER_ID, daily_metrics.DAY]
_ORDER = [entities.CUSTOMER_ID, entities.ORDER_ID]
"""An order id is unique within a customer only."""
_READ = sorted(
    {entities.CUSTOMER_ID, entities.PRODUCT_ID}
    | {
        source.removeprefix("transactions.")
        for metric in purchase_metrics.METRICS
        for source in metric.made_from
    }
)
"""Columns of transactions that daily metrics and products are made from; no others are read."""


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


def affected_days(changed: DataFrame, stored: DataFrame, zone: str) -> DataFrame:
    """Find the days whose sums a change of transactions may change.

    A transaction adds to its own day and to the days of its order: those of the order's first,
    first completed and first cancelled transaction, which the change may move.

    Args:
        changed: Transactions before and after the change; read twice, so checkpoint an expensive
            frame.
        stored: Rows of ``silver/transactions`` after it.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day``, each pair once.
    """
    of_orders = rows_of(stored, changed, _ORDER)
    return _days_of(changed, zone).unionByName(_days_of(of_orders, zone)).distinct()


def contributing_rows(days: Days, stored: DataFrame, zone: str) -> DataFrame:
    """Find all transactions that count on some days, and all transactions of their orders.

    The day of an order depends on all of its transactions, so sums over the result are complete on
    these days and on no others.

    Args:
        days: The days.
        stored: Rows of ``silver/transactions``.
        zone: Time zone of the days.

    Returns:
        Rows of ``stored``, each once, with the columns that days are computed from.
    """
    inside = on_days(entities.TRANSACTION_DATE, zone, days.first, days.last)
    dated = stored.where(inside).withColumn(
        daily_metrics.DAY, day_of(entities.TRANSACTION_DATE, zone)
    )
    orders = days.of(dated).select(*_ORDER).distinct().localCheckpoint()
    return rows_of(stored.select(*_READ), orders, _ORDER)


def _days_of(lines: DataFrame, zone: str) -> DataFrame:
    return lines.select(
        entities.CUSTOMER_ID, day_of(entities.TRANSACTION_DATE, zone).alias(daily_metrics.DAY)
    )
