"""Daily metrics of what customers bought, from transactions."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities
from goldrun.contracts.stacked import stacked
from goldrun.features.catalog import daily_metrics, purchase_metrics
from goldrun.features.daily_sums import daily_sums
from goldrun.features.transaction_versions import SIGN

_COUNTED_IF = purchase_metrics.ORDERS_COUNTED_IF
_CUSTOMER_DAY = [entities.CUSTOMER_ID, daily_metrics.DAY]


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed transactions, the only ones that count as bought."""
    return transactions.where(purchase_metrics.COMPLETED_IF)


def purchases_by_day(dated: DataFrame, orders: DataFrame) -> DataFrame:
    """Add up transactions, pieces and money by customer and day, and count each order once.

    An order's transactions can be on several days. It is placed on the day of its first
    transaction, bought on the day of its first completed one, and cancelled or refunded on the day
    of its first transaction of that kind, so that later transactions never change what was known of
    an earlier day.

    Args:
        dated: Rows of ``silver/transactions`` with their ``day``; with ``known_from`` and ``sign``
            if a transaction has several versions.
        orders: Result of ``orders_by_day`` for all transactions of the orders, with the same
            further columns.

    Returns:
        ``customer_id, day, known_from`` and ``catalog.purchase_metrics.METRICS``; a sum is null
        if no transaction of the day was completed.
    """
    # One grouping of both, not a join of two: a join has all days of one side in memory.
    rows = stacked([_transaction_rows(dated), orders])
    return daily_sums(rows, _CUSTOMER_DAY, purchase_metrics.METRICS)


def _transaction_rows(dated: DataFrame) -> DataFrame:
    """Select the columns of each transaction, of any status, that its day is aggregated from."""
    is_completed = F.coalesce(F.expr(purchase_metrics.COMPLETED_IF), F.lit(False))
    return dated.select(
        *_CUSTOMER_DAY,
        *_over_time(dated),
        is_completed.alias(purchase_metrics.IS_COMPLETED),
        F.when(is_completed, F.col(entities.AMOUNT)).alias(purchase_metrics.PAID),
        *[F.expr(value).alias(name) for name, value in purchase_metrics.MONEY.items()],
        *purchase_metrics.READ_AS_STORED,
    )


def orders_by_day(dated: DataFrame) -> DataFrame:
    """Count each order on its days; see ``purchases_by_day``.

    Args:
        dated: Rows of ``silver/transactions`` with their ``day``; each state of an order by itself
            if they have ``known_from`` and ``sign``.

    Returns:
        ``customer_id, day``, and 1 or 0 in each metric of ``ORDERS_COUNTED_IF``: a row for each
        order and day on which it counts; with ``known_from`` and ``sign`` if the transactions
        have them.
    """
    # Two groupings, not a window: where windows are quick, a window saves one second per million
    # transactions, where they are slow, it costs five.
    firsts = [
        F.min(F.when(F.expr(condition), F.col(daily_metrics.DAY))).alias(metric)
        for metric, condition in _COUNTED_IF.items()
    ]
    state = [entities.CUSTOMER_ID, *_over_time(dated)]
    by_order = dated.groupBy(*state, entities.ORDER_ID).agg(*firsts)
    # One row for each day of an order, which is nearly always one.
    days = F.explode(F.array_distinct(F.array(*_COUNTED_IF)))
    counted = by_order.select(*state, *_COUNTED_IF, days.alias(daily_metrics.DAY))
    return counted.where(F.col(daily_metrics.DAY).isNotNull()).select(
        *state,
        daily_metrics.DAY,
        *[_one_if(F.col(each) == F.col(daily_metrics.DAY)).alias(each) for each in _COUNTED_IF],
    )


def _over_time(dated: DataFrame) -> list[str]:
    """Names of the columns that tell when a row is known, if there are any."""
    return [name for name in (daily_metrics.KNOWN_FROM, SIGN) if name in dated.columns]


def _one_if(condition: Column) -> Column:
    return F.when(condition, 1).otherwise(0).cast("bigint")
