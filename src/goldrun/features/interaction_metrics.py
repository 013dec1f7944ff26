"""What customers and the shop's people had to do with each other day by day, from interactions."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, behaviour, entities
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import interactions_enriched

_AFTER_ORDER_MICROS = activity_tables.AFTER_ORDER_DAYS * 24 * 3600 * 1_000_000


def interactions_by_day(interactions: DataFrame, transactions: DataFrame, zone: str) -> DataFrame:
    """Count interactions, each on its own day.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions``, for the order before each contact.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and the columns of ``gold/customer_daily`` that interactions add to;
        null stands for none.
    """
    since_order = F.unix_micros(behaviour.INTERACTION_DATE) - F.unix_micros(
        entities.TRANSACTION_DATE
    )
    counts = {
        **{
            activity_tables.interactions_by(name): F.col(behaviour.INTERACTION_TYPE) == name
            for name in behaviour.CHANNELS
        },
        activity_tables.CONCLUDED: F.col(behaviour.INTERACTION_OUTCOME).isNotNull(),
        activity_tables.RESOLVED: F.col(behaviour.INTERACTION_OUTCOME) == behaviour.RESOLVED,
        activity_tables.AFTER_ORDER: since_order <= _AFTER_ORDER_MICROS,
        activity_tables.RESPONSES: F.col(behaviour.RESPONSE_TIME).isNotNull(),
    }
    made = interactions_enriched(interactions, transactions)
    return made.groupBy(
        entities.CUSTOMER_ID, day_of(behaviour.INTERACTION_DATE, zone).alias(activity_tables.DAY)
    ).agg(
        F.count("*").alias(activity_tables.INTERACTIONS),
        F.sum(behaviour.RESPONSE_TIME).alias(activity_tables.RESPONSE_SECONDS),
        *[F.count_if(holds).alias(name) for name, holds in counts.items()],
    )
