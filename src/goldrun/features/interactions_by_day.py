"""Daily metrics of interactions between customers and the shop."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, entities
from goldrun.features.catalog import daily_metrics, interaction_metrics, purchase_metrics
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM
from goldrun.features.transaction_versions import KNOWN_UNTIL
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import interactions_enriched

_AT = "_at"
_CHANGE = "_change"
_KNOWN = "_known"
_ORDERS_KNOWN = "_orders_known"
_INTERACTION = [entities.CUSTOMER_ID, behaviour.INTERACTION_ID, DAY]


def interactions_by_day(interactions: DataFrame, transactions: DataFrame, zone: str) -> DataFrame:
    """Count interactions by customer and the day of the interaction.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions``, for the order before each interaction.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day`` and ``catalog.interaction_metrics.METRICS``; a null sum is 0.
    """
    day = day_of(behaviour.INTERACTION_DATE, zone).alias(DAY)
    enriched = interactions_enriched(interactions, transactions)
    return enriched.groupBy(entities.CUSTOMER_ID, day).agg(
        *daily_metrics.aggregates(interaction_metrics.METRICS)
    )


def after_changed_orders(
    interactions: DataFrame, transactions: DataFrame, versions: DataFrame, zone: str
) -> DataFrame:
    """Count the interactions after an order that has several versions, by when that is known.

    Args:
        interactions: Rows of ``silver/interactions``.
        transactions: Rows of ``silver/transactions`` of the other orders. Interactions after these
            are counted by ``interactions_by_day``.
        versions: Result of ``transaction_versions.orders_with_versions``.
        zone: Time zone of the days.

    Returns:
        ``customer_id, day, known_from, interactions_after_order``: differences, each known from
        the day on which a completed version began or ended.
    """
    enriched = interactions_enriched(interactions, transactions)
    is_counted = F.coalesce(F.expr(interaction_metrics.AFTER_ORDER_IF), F.lit(False))
    others = enriched.where(~is_counted).select(
        entities.CUSTOMER_ID,
        behaviour.INTERACTION_ID,
        behaviour.INTERACTION_DATE,
        day_of(behaviour.INTERACTION_DATE, zone).alias(DAY),
    )
    completed = versions.where(purchase_metrics.COMPLETED_IF).select(
        entities.CUSTOMER_ID, entities.TRANSACTION_DATE, KNOWN_FROM, KNOWN_UNTIL
    )
    is_after = (F.col(behaviour.INTERACTION_DATE) >= F.col(entities.TRANSACTION_DATE)) & F.expr(
        interaction_metrics.AFTER_ORDER_IF
    )
    pairs = others.join(completed, entities.CUSTOMER_ID).where(is_after)
    return _by_day(_differences(_changes(pairs)))


def _changes(pairs: DataFrame) -> DataFrame:
    """Return, by interaction and day, by how many its known completed versions change."""
    begins = pairs.select(
        *_INTERACTION, F.greatest(KNOWN_FROM, DAY).alias(_AT), F.lit(1).alias(_CHANGE)
    )
    ended = pairs.where(F.col(KNOWN_UNTIL).isNotNull())
    ends = ended.select(
        *_INTERACTION, F.greatest(KNOWN_UNTIL, DAY).alias(_AT), F.lit(-1).alias(_CHANGE)
    )
    return begins.unionByName(ends).groupBy(*_INTERACTION, _AT).agg(F.sum(_CHANGE).alias(_CHANGE))


def _differences(changes: DataFrame) -> DataFrame:
    """Return 1 at an interaction's first known order, and -1 at the loss of its last one."""
    until_now = Window.partitionBy(*_INTERACTION).orderBy(_AT)
    known = changes.withColumn(_ORDERS_KNOWN, F.sum(_CHANGE).over(until_now))
    before = F.col(_ORDERS_KNOWN) - F.col(_CHANGE)
    change = (F.col(_ORDERS_KNOWN) > 0).cast("bigint") - (before > 0).cast("bigint")
    return known.withColumn(_KNOWN, change).where(F.col(_KNOWN) != 0)


def _by_day(differences: DataFrame) -> DataFrame:
    sums = differences.groupBy(entities.CUSTOMER_ID, DAY, F.col(_AT).alias(KNOWN_FROM))
    counted = sums.agg(F.sum(_KNOWN).alias(daily_metrics.AFTER_ORDER))
    return counted.where(F.col(daily_metrics.AFTER_ORDER) != 0)
