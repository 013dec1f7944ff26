"""What customers bought day by day, from transactions."""

from pyspark.sql import DataFrame, Window
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


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed lines, the only ones that count as bought."""
    return transactions.where(_IS_COMPLETED)


def purchases(transactions: DataFrame) -> DataFrame:
    """Add up lines, pieces and money, each line on its own day, and count each order once.

    An order's lines can be on several days. It is placed on the day of its first line, bought on
    the day of its first completed line and cancelled on the day of its first cancelled line, so
    that later lines never change what was known of an earlier day. Each of these days is that of a
    line, so lines and orders are counted in one grouping.

    Args:
        transactions: Rows of ``silver/transactions``.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that lines add to; sums are
        null where no line of the day was completed.
    """
    amount = F.when(F.expr(_IS_COMPLETED), F.col(E.AMOUNT))
    pieces = F.when(F.expr(_IS_COMPLETED), F.col(E.QUANTITY).cast("bigint"))
    lines = _with_firsts(transactions).withColumn(A.DAY, F.to_date(E.TRANSACTION_DATE))
    return lines.groupBy(E.CUSTOMER_ID, A.DAY).agg(
        F.count("*").alias(A.TRANSACTIONS),
        F.count_if(F.expr(_IS_COMPLETED)).alias(A.LINES),
        F.sum(pieces).alias(A.PIECES),
        F.sum(amount).alias(A.SPEND),
        *[
            F.sum(F.when(F.col(E.PAYMENT_METHOD) == method, amount)).alias(A.spend_by(method))
            for method in E.PAYMENT_METHODS
        ],
        *[F.count_if(F.col(name)).alias(name) for name in _FIRSTS],
    )


def _with_firsts(transactions: DataFrame) -> DataFrame:
    """Mark the line by which an order was placed, bought or cancelled: the first of its kind."""
    # By customer once: neither the orders nor the days of a customer need a further shuffle.
    by_customer = transactions.repartition(E.CUSTOMER_ID)
    # Of lines at one moment any may be the first: they are on one day.
    until_now = (
        Window.partitionBy(E.CUSTOMER_ID, E.ORDER_ID)
        .orderBy(E.TRANSACTION_DATE)
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    firsts = {
        name: F.expr(is_so) & (F.count_if(F.expr(is_so)).over(until_now) == 1)
        for name, is_so in _FIRSTS.items()
    }
    return by_customer.withColumns(firsts)
