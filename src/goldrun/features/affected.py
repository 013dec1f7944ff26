"""Which lines a change of some lines is about: those from which the days touched follow."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

from goldrun.contracts import activity_tables, entities
from goldrun.medallion.days import day_of, on_days
from goldrun.medallion.stored_rows import few_in_memory, rows_of

_KEY = [entities.CUSTOMER_ID, activity_tables.DAY]
_ORDER = [entities.CUSTOMER_ID, entities.ORDER_ID]
"""Of two customers with an order of one name each has an order."""
_READ = (
    *(
        entities.CUSTOMER_ID,
        entities.ORDER_ID,
        entities.PRODUCT_ID,
        entities.TRANSACTION_DATE,
        entities.TRANSACTION_STATUS,
    ),
    *(entities.QUANTITY, entities.AMOUNT, entities.PAYMENT_METHOD),
)
"""What sums are made from; what else a line says need not be read."""


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
        return f"{activity_tables.DAY} BETWEEN DATE'{self.first}' AND DATE'{self.last}'"

    def of(self, daily: DataFrame) -> DataFrame:
        """The rows that are of these customers on these days."""
        rows = few_in_memory(self.rows, self.count)
        return daily.where(self.condition).join(rows, _KEY, "left_semi")


def affected_days(changed: DataFrame, stored: DataFrame, zone: str) -> DataFrame:
    """Find the days whose sums a change of lines may change.

    A line adds to its own day, and to the day of its order: the one of the order's first line,
    which an earlier or a later line of the same order may move.

    Args:
        changed: Lines before and after the change; read twice, so checkpoint what is dear.
        stored: Rows of ``silver/transactions`` after it.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day``, each pair once.
    """
    of_orders = rows_of(stored, changed, _ORDER)
    return _days_of(changed, zone).unionByName(_days_of(of_orders, zone)).distinct()


def contributing_rows(days: Days, stored: DataFrame, zone: str) -> DataFrame:
    """Find all lines that count on some days, and every line of their orders.

    Which day an order counts on is told by all of its lines, so a sum over the result is whole on
    these days and on no other.

    Args:
        days: The days.
        stored: Rows of ``silver/transactions``.
        zone: Time zone of the days.

    Returns:
        Rows of ``stored``, each once, with the columns that days are computed from.
    """
    inside = on_days(entities.TRANSACTION_DATE, zone, days.first, days.last)
    dated = stored.where(inside).withColumn(
        activity_tables.DAY, day_of(entities.TRANSACTION_DATE, zone)
    )
    orders = days.of(dated).select(*_ORDER).distinct().localCheckpoint()
    return rows_of(stored.select(*_READ), orders, _ORDER)


def _days_of(lines: DataFrame, zone: str) -> DataFrame:
    return lines.select(
        entities.CUSTOMER_ID, day_of(entities.TRANSACTION_DATE, zone).alias(activity_tables.DAY)
    )
