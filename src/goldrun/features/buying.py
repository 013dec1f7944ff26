"""What customers bought day by day, from transactions."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import entities as E

_IS_COMPLETED = f"{E.TRANSACTION_STATUS} = '{E.COMPLETED}'"
_IS_CANCELLED = f"{E.TRANSACTION_STATUS} = '{E.CANCELLED}'"
_COUNTED = "_counted"


def completed(transactions: DataFrame) -> DataFrame:
    """Keep the completed lines, the only ones that count as bought."""
    return transactions.where(_IS_COMPLETED)


def amounts(transactions: DataFrame) -> DataFrame:
    """Add up lines, pieces and money, each line on its own day.

    Args:
        transactions: Rows of ``silver/transactions``.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that lines add to; null
        where no line of the day does.
    """
    amount = F.when(F.expr(_IS_COMPLETED), F.col(E.AMOUNT))
    pieces = F.when(F.expr(_IS_COMPLETED), F.col(E.QUANTITY).cast("bigint"))
    lines = transactions.withColumn(A.DAY, F.to_date(E.TRANSACTION_DATE))
    return lines.groupBy(E.CUSTOMER_ID, A.DAY).agg(
        F.count("*").alias(A.TRANSACTIONS),
        F.count_if(F.expr(_IS_COMPLETED)).alias(A.LINES),
        F.sum(pieces).alias(A.PIECES),
        F.sum(amount).alias(A.SPEND),
        *[
            F.sum(F.when(F.col(E.PAYMENT_METHOD) == method, amount)).alias(A.spend_by(method))
            for method in E.PAYMENT_METHODS
        ],
    )


def orders(transactions: DataFrame) -> DataFrame:
    """Count orders, each once: its lines can be on several days.

    An order is placed on the day of its first line, bought on the day of its first completed line
    and cancelled on the day of its first cancelled line, so that later lines never change what
    was known of an earlier day.

    Args:
        transactions: Rows of ``silver/transactions``.

    Returns:
        ``customer_id, day, orders, orders_placed, orders_cancelled``; null stands for none.
    """
    day = F.to_date(E.TRANSACTION_DATE)
    first_days = {
        A.ORDERS_PLACED: F.min(day),
        A.ORDERS: F.min(F.when(F.expr(_IS_COMPLETED), day)),
        A.ORDERS_CANCELLED: F.min(F.when(F.expr(_IS_CANCELLED), day)),
    }
    by_order = transactions.groupBy(E.CUSTOMER_ID, E.ORDER_ID).agg(
        *[first.alias(name) for name, first in first_days.items()]
    )
    entries = F.array(
        *[F.struct(F.col(name).alias(A.DAY), F.lit(name).alias(_COUNTED)) for name in first_days]
    )
    entry = by_order.select(E.CUSTOMER_ID, F.explode(entries).alias("entry")).select(
        E.CUSTOMER_ID, "entry.*"
    )
    return (
        entry.where(F.col(A.DAY).isNotNull())
        .groupBy(E.CUSTOMER_ID, A.DAY)
        .agg(*[F.count_if(F.col(_COUNTED) == name).alias(name) for name in first_days])
    )
