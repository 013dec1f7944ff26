"""Daily metrics of interactions between customers and the shop."""

from pyspark.sql import DataFrame

from goldrun.contracts import behaviour, entities
from goldrun.features.catalog import daily_metrics, interaction_metrics
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import interactions_enriched


def interactions_by_day(interactions: DataFrame, transactions: DataFrame, zone: str) -> DataFrame:
    """Count interactions by customer and the day of the interaction.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions``, for the order before each interaction.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and ``catalog.interaction_metrics.METRICS``; a null sum is 0.
    """
    day = day_of(behaviour.INTERACTION_DATE, zone).alias(daily_metrics.DAY)
    enriched = interactions_enriched(interactions, transactions)
    return enriched.groupBy(entities.CUSTOMER_ID, day).agg(
        *daily_metrics.aggregates(interaction_metrics.METRICS)
    )
