"""Additive sums per customer and day, from which every feature as of any date follows."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities as E
from goldrun.contracts import gold as G

_COMPLETED_DAY = "_completed_day"
_CANCELLED_DAY = "_cancelled_day"


def customer_daily(transactions: DataFrame) -> DataFrame:
    """Add up each customer's transactions by UTC day.

    An order can have lines on two days, so orders are counted once each, on the day of their first
    line that counts; amounts, lines and pieces are on their own day.

    Args:
        transactions: Rows of ``silver/transactions``.

    Returns:
        Rows of ``gold/customer_daily``.
    """
    lines = transactions.withColumn(G.DAY, F.to_date(E.TRANSACTION_DATE))
    is_completed = F.col(E.TRANSACTION_STATUS) == E.COMPLETED
    is_cancelled = F.col(E.TRANSACTION_STATUS) == E.CANCELLED
    amounts = lines.groupBy(E.CUSTOMER_ID, G.DAY).agg(
        F.sum(F.when(is_completed, F.col(E.AMOUNT))).alias(G.SPEND),
        F.count_if(is_completed).alias(G.LINES),
        F.sum(F.when(is_completed, F.col(E.QUANTITY).cast("bigint"))).alias(G.PIECES),
    )
    orders = lines.groupBy(E.CUSTOMER_ID, E.ORDER_ID).agg(
        F.min(G.DAY).alias(G.DAY),
        F.min(F.when(is_completed, F.col(G.DAY))).alias(_COMPLETED_DAY),
        F.min(F.when(is_cancelled, F.col(G.DAY))).alias(_CANCELLED_DAY),
    )
    joined = amounts
    for day, count in (
        (_COMPLETED_DAY, G.ORDERS),
        (G.DAY, G.ORDERS_PLACED),
        (_CANCELLED_DAY, G.ORDERS_CANCELLED),
    ):
        counted = orders.groupBy(E.CUSTOMER_ID, F.col(day).alias(G.DAY)).agg(
            F.count("*").alias(count)
        )
        counted = counted.where(F.col(G.DAY).isNotNull())
        joined = joined.join(counted, [E.CUSTOMER_ID, G.DAY], "left")
    numbers = [c for c in G.CUSTOMER_DAILY.columns if c.name not in G.CUSTOMER_DAILY.key]
    return joined.select(
        *G.CUSTOMER_DAILY.key,
        *[F.coalesce(c.name, F.lit(0)).cast(c.type).alias(c.name) for c in numbers],
    )
