"""What customers and the shop's people had to do with each other day by day, from interactions."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import behaviour as B
from goldrun.contracts import entities as E
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import interactions_enriched

_AFTER_ORDER_MICROS = A.AFTER_ORDER_DAYS * 24 * 3600 * 1_000_000


def contacts(interactions: DataFrame, transactions: DataFrame, zone: str) -> DataFrame:
    """Count contacts, each on its own day.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions``, for the order before each contact.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that contacts add to; null
        stands for none.
    """
    since_order = F.unix_micros(B.INTERACTION_DATE) - F.unix_micros(E.TRANSACTION_DATE)
    counts = {
        **{A.interactions_by(name): F.col(B.INTERACTION_TYPE) == name for name in B.CHANNELS},
        A.CONCLUDED: F.col(B.INTERACTION_OUTCOME).isNotNull(),
        A.RESOLVED: F.col(B.INTERACTION_OUTCOME) == B.RESOLVED,
        A.AFTER_ORDER: since_order <= _AFTER_ORDER_MICROS,
        A.RESPONSES: F.col(B.RESPONSE_TIME).isNotNull(),
    }
    made = interactions_enriched(interactions, transactions)
    return made.groupBy(E.CUSTOMER_ID, day_of(B.INTERACTION_DATE, zone).alias(A.DAY)).agg(
        F.count("*").alias(A.INTERACTIONS),
        F.sum(B.RESPONSE_TIME).alias(A.RESPONSE_SECONDS),
        *[F.count_if(holds).alias(name) for name, holds in counts.items()],
    )
