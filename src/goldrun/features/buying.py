"""What customers bought day by day, from transactions."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import entities as E

_IS_COMPLETED = f"{E.TRANSACTION_STATUS} = '{E.COMPLETED}'"
_FIRSTS = {
    A.ORDERS_PLACED: "true",
    A.ORDERS: _IS_COMPLETED,
    A.ORDERS_CANCELLED: f"{E.TRANSACTION_STATUS} = '{E.CANCELLED}'",
}
"""What an order is counted as, and of which of its lines the first one tells the day."""
_CUSTOMER_DAY = [E.CUSTOMER_ID, A.DAY]


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed lines, the only ones that count as bought."""
    return transactions.where(_IS_COMPLETED)


def purchases(transactions: DataFrame) -> DataFrame:
    """Add up lines, pieces and money, each line on its own day, and count each order once.

    An order's lines can be on several days. It is placed on the day of its first line, bought on
    the day of its first completed line and cancelled on the day of its first cancelled line, so
    that later lines never change what was known of an earlier day. Each of these days is that of a
    line, so no day has an order and no line.

    Args:
        transactions: Rows of ``silver/transactions``.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that lines add to; sums are
        null where no line of the day was completed.
    """
    lines = transactions.withColumn(A.DAY, F.to_date(E.TRANSACTION_DATE))
    return _amounts(lines).join(_orders(lines), _CUSTOMER_DAY, "left")


def _amounts(lines: DataFrame) -> DataFrame:
    amount = F.when(F.expr(_IS_COMPLETED), F.col(E.AMOUNT))
    pieces = F.when(F.expr(_IS_COMPLETED), F.col(E.QUANTITY).cast("bigint"))
    return lines.groupBy(*_CUSTOMER_DAY).agg(
        F.count("*").alias(A.TRANSACTIONS),
        F.count_if(F.expr(_IS_COMPLETED)).alias(A.LINES),
        F.sum(pieces).alias(A.PIECES),
        F.sum(amount).alias(A.SPEND),
        *[
            F.sum(F.when(F.col(E.PAYMENT_METHOD) == method, amount)).alias(A.spend_by(method))
            for method in E.PAYMENT_METHODS
        ],
    )


def _orders(lines: DataFrame) -> DataFrame:
    # Two groupings, and not the first line by a window: where that is quick it saves a second of
    # a million lines, where it is slow it costs five.
    firsts = [F.min(F.when(F.expr(is_so), F.col(A.DAY))).alias(n) for n, is_so in _FIRSTS.items()]
    by_order = lines.groupBy(E.CUSTOMER_ID, E.ORDER_ID).agg(*firsts)
    # One row for each day of an order, which is nearly always one.
    days = F.explode(F.array_distinct(F.array(*_FIRSTS)))
    entries = by_order.select(E.CUSTOMER_ID, *_FIRSTS, days.alias(A.DAY))
    return (
        entries.where(F.col(A.DAY).isNotNull())
        .groupBy(*_CUSTOMER_DAY)
        .agg(*[F.count_if(F.col(name) == F.col(A.DAY)).alias(name) for name in _FIRSTS])
    )
