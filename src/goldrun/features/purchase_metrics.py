"""What customers bought day by day, from transactions."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, entities
from goldrun.contracts.stacked import stacked
from goldrun.medallion.days import day_of

_IS_COMPLETED = f"{entities.TRANSACTION_STATUS} = '{entities.COMPLETED}'"
_FIRSTS = {
    activity_tables.ORDERS_PLACED: "true",
    activity_tables.ORDERS: _IS_COMPLETED,
    activity_tables.ORDERS_CANCELLED: f"{entities.TRANSACTION_STATUS} = '{entities.CANCELLED}'",
}
"""What an order is counted as, and of which of its lines the first one tells the day."""
_CUSTOMER_DAY = [entities.CUSTOMER_ID, activity_tables.DAY]


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed lines, the only ones that count as bought."""
    return transactions.where(_IS_COMPLETED)


def purchases(transactions: DataFrame, zone: str, orders: DataFrame | None = None) -> DataFrame:
    """Add up lines, pieces and money, each line on its own day, and count each order once.

    An order's lines can be on several days. It is placed on the day of its first line, bought on
    the day of its first completed line and cancelled on the day of its first cancelled line, so
    that later lines never change what was known of an earlier day. Each of these days is that of a
    line, so no day has an order and no line.

    Args:
        transactions: Rows of ``silver/transactions``.
        zone: Time zone of the days.
        orders: What ``orders_by_day`` returns of all lines of their orders, where ``transactions``
            are those of some days; None: ``transactions`` are all there are.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that lines add to; sums are
        null where no line of the day was completed.
    """
    lines = transactions.withColumn(activity_tables.DAY, day_of(entities.TRANSACTION_DATE, zone))
    # One grouping of both, not a join of two: a join has all days of one side in memory.
    entries = orders_by_day(transactions, zone) if orders is None else orders
    both = stacked([_lines(lines), entries]).groupBy(*_CUSTOMER_DAY)
    paid = {
        method: F.when(F.col(entities.PAYMENT_METHOD) == method, F.col(activity_tables.SPEND))
        for method in entities.PAYMENT_METHODS
    }
    return both.agg(
        *[
            F.sum(n).alias(n)
            for n in (
                activity_tables.TRANSACTIONS,
                activity_tables.LINES,
                activity_tables.PIECES,
                activity_tables.SPEND,
                *_FIRSTS,
            )
        ],
        *[F.sum(amount).alias(activity_tables.spend_by(method)) for method, amount in paid.items()],
    )


def _lines(lines: DataFrame) -> DataFrame:
    """What each line adds to its day."""
    is_completed = F.expr(_IS_COMPLETED)
    return lines.select(
        *_CUSTOMER_DAY,
        F.lit(1).cast("bigint").alias(activity_tables.TRANSACTIONS),
        _one_if(is_completed).alias(activity_tables.LINES),
        F.when(is_completed, F.col(entities.QUANTITY).cast("bigint")).alias(activity_tables.PIECES),
        F.when(is_completed, F.col(entities.AMOUNT)).alias(activity_tables.SPEND),
        entities.PAYMENT_METHOD,
    )


def orders_by_day(transactions: DataFrame, zone: str) -> DataFrame:
    """Place each order on its days; see ``purchases``.

    Args:
        transactions: Rows of ``silver/transactions``.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and what an order adds to the day, 1 or 0: several rows of a day.
    """
    # Two groupings, and not the first line by a window: where that is quick it saves a second of
    # a million lines, where it is slow it costs five.
    firsts = [
        F.min(F.when(F.expr(is_so), F.col(activity_tables.DAY))).alias(n)
        for n, is_so in _FIRSTS.items()
    ]
    lines = transactions.withColumn(activity_tables.DAY, day_of(entities.TRANSACTION_DATE, zone))
    by_order = lines.groupBy(entities.CUSTOMER_ID, entities.ORDER_ID).agg(*firsts)
    # One row for each day of an order, which is nearly always one.
    days = F.explode(F.array_distinct(F.array(*_FIRSTS)))
    entries = by_order.select(entities.CUSTOMER_ID, *_FIRSTS, days.alias(activity_tables.DAY))
    return entries.where(F.col(activity_tables.DAY).isNotNull()).select(
        *_CUSTOMER_DAY,
        *[_one_if(F.col(name) == F.col(activity_tables.DAY)).alias(name) for name in _FIRSTS],
    )


def _one_if(condition: Column) -> Column:
    return F.when(condition, 1).otherwise(0).cast("bigint")
