"""Daily metrics of what customers bought, from transactions."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities
from goldrun.contracts.stacked import stacked
from goldrun.features.catalog import daily_metrics, purchase_metrics
from goldrun.medallion.days import day_of

_COUNTED_IF = purchase_metrics.ORDERS_COUNTED_IF
_CUSTOMER_DAY = [entities.CUSTOMER_ID, daily_metrics.DAY]


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed transactions, the only ones that count as bought."""
    return transactions.where(purchase_metrics.COMPLETED_IF)


def purchases_by_day(
    transactions: DataFrame, zone: str, orders: DataFrame | None = None
) -> DataFrame:
    """Add up transactions, pieces and money by customer and day, and count each order once.

    An order's transactions can be on several days. It is placed on the day of its first
    transaction, bought on the day of its first completed one, and cancelled or refunded on the day
    of its first transaction of that kind, so that later transactions never change what was known of
    an earlier day.

    Args:
        transactions: Rows of ``silver/transactions``.
        zone: Time zone of the days.
        orders: Result of ``orders_by_day`` for all transactions of the orders; needed where
            ``transactions`` are those of some days only. Computed from ``transactions`` when None.

    Returns:
        ``customer_id, day`` and ``catalog.purchase_metrics.METRICS``; a sum is null where no
        transaction of the day was completed.
    """
    dated = transactions.withColumn(daily_metrics.DAY, day_of(entities.TRANSACTION_DATE, zone))
    # One grouping of both, not a join of two: a join has all days of one side in memory.
    counted = orders_by_day(transactions, zone) if orders is None else orders
    rows = stacked([_transaction_rows(dated), counted])
    return rows.groupBy(*_CUSTOMER_DAY).agg(*daily_metrics.aggregates(purchase_metrics.METRICS))


def _transaction_rows(transactions: DataFrame) -> DataFrame:
    """Select the columns of each transaction, of any status, that its day is aggregated from."""
    is_completed = F.coalesce(F.expr(purchase_metrics.COMPLETED_IF), F.lit(False))
    return transactions.select(
        *_CUSTOMER_DAY,
        is_completed.alias(purchase_metrics.IS_COMPLETED),
        F.when(is_completed, F.col(entities.AMOUNT)).alias(purchase_metrics.PAID),
        *[F.expr(value).alias(name) for name, value in purchase_metrics.MONEY.items()],
        *purchase_metrics.READ_AS_STORED,
    )


def orders_by_day(transactions: DataFrame, zone: str) -> DataFrame:
    """Count each order on its days; see ``purchases_by_day``.

    Args:
        transactions: Rows of ``silver/transactions``.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day``, and 1 or 0 in each metric of ``ORDERS_COUNTED_IF``: a row for each
        order and day on which it counts.
    """
    # Two groupings, not a window: where windows are quick, a window saves one second per million
    # transactions, where they are slow, it costs five.
    firsts = [
        F.min(F.when(F.expr(condition), F.col(daily_metrics.DAY))).alias(metric)
        for metric, condition in _COUNTED_IF.items()
    ]
    dated = transactions.withColumn(daily_metrics.DAY, day_of(entities.TRANSACTION_DATE, zone))
    by_order = dated.groupBy(entities.CUSTOMER_ID, entities.ORDER_ID).agg(*firsts)
    # One row for each day of an order, which is nearly always one.
    days = F.explode(F.array_distinct(F.array(*_COUNTED_IF)))
    counted = by_order.select(entities.CUSTOMER_ID, *_COUNTED_IF, days.alias(daily_metrics.DAY))
    return counted.where(F.col(daily_metrics.DAY).isNotNull()).select(
        *_CUSTOMER_DAY,
        *[_one_if(F.col(each) == F.col(daily_metrics.DAY)).alias(each) for each in _COUNTED_IF],
    )


def _one_if(condition: Column) -> Column:
    return F.when(condition, 1).otherwise(0).cast("bigint")
