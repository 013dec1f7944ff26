"""Customers of a shop that has no customers file: whoever bought."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities as E
from goldrun.contracts import lineage as L
from goldrun.medallion.mapping import LINEAGE, apply_mapping
from goldrun.medallion.ordering import newest_first


def derive_customers(
    transactions: DataFrame,
    bronze: DataFrame,
    expressions: Mapping[str, str],
    needed: Sequence[str],
) -> DataFrame:
    """Make one customer of all their transactions in silver, with the latest of each attribute.

    Args:
        transactions: Rows of ``silver/transactions``.
        bronze: Rows of ``bronze/transactions``, over whose text the expressions are.
        expressions: Customer column to SQL expression, as the source maps them.
        needed: File columns that they read.

    Returns:
        Columns of the customers' contract, one row a ``customer_id``. A mapped attribute is the
        one of the newest transaction that has it; of several at the same time, the first by name.
        ``updated_at`` is the time of the newest transaction. Attributes that are not mapped,
        personal ones among them, are null.
    """
    mapped = apply_mapping(bronze, expressions, needed).select(
        F.col(f"{LINEAGE}.{L.RECORD_ID}").alias(L.RECORD_ID),
        *[F.col(name).cast(E.CUSTOMERS.column(name).type).alias(name) for name in expressions],
    )
    bought = transactions.select(L.RECORD_ID, E.CUSTOMER_ID, E.TRANSACTION_DATE)
    rows = bought.join(mapped, L.RECORD_ID, "left") if expressions else bought
    customers = rows.groupBy(E.CUSTOMER_ID).agg(
        F.max(E.TRANSACTION_DATE).alias(E.UPDATED_AT),
        *[_latest(name).alias(name) for name in expressions],
    )
    return customers.select(
        *[
            c.name if c.name in customers.columns else F.lit(None).cast(c.type).alias(c.name)
            for c in E.CUSTOMERS.columns
        ]
    )


def _latest(name: str) -> SparkColumn:
    return F.min_by(name, newest_first(E.TRANSACTION_DATE, name))
