"""The daily tables of gold, computed from silver; every feature is made from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, entities
from goldrun.contracts.stacked import stacked
from goldrun.contracts.table import Table
from goldrun.features.catalog import daily_metrics, feature_tables, non_additive_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.daily_sums import daily_sums
from goldrun.features.interactions_by_day import after_changed_orders, interactions_by_day
from goldrun.features.purchases_by_day import completed, purchases_by_day
from goldrun.features.sessions_by_day import events_by_day, sessions_by_day
from goldrun.features.silver_tables import Silver
from goldrun.features.transaction_versions import SIGN
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import transactions_enriched
from goldrun.medallion.stored_rows import empty_rows

_PLACE = [entities.LOCATION, entities.CUSTOMER_SEGMENT]


@dataclass(frozen=True)
class Activity:
    """The daily tables of gold, which features are computed from.

    Attributes:
        daily: Rows of ``gold/customer_daily``.
        products: Rows of ``gold/customer_products``.
        responses: Rows of ``gold/customer_responses``.
        places: Rows of ``gold/customer_places``.
        recorded: Entities that the shop records, as its source names them. Features of
            other entities are null: not recorded is not the same as not done.
        has_versions: Whether a day may have several rows, because transactions were changed.
    """

    daily: DataFrame
    products: DataFrame
    responses: DataFrame
    places: DataFrame
    recorded: frozenset[str]
    has_versions: bool = False

    def of(self, customers: DataFrame) -> "Activity":
        """Keep the rows of some customers; ``customers`` has one row a ``customer_id``."""
        key = F.broadcast(customers.select(entities.CUSTOMER_ID))

        def theirs(rows: DataFrame) -> DataFrame:
            return rows.join(key, entities.CUSTOMER_ID, "left_semi")

        return Activity(
            theirs(self.daily),
            theirs(self.products),
            theirs(self.responses),
            theirs(self.places),
            self.recorded,
            self.has_versions,
        )


def customer_daily(silver: Silver) -> DataFrame:
    """Compute the daily metrics of each customer.

    Each entity is aggregated by itself; the results are then combined into one row a day.

    Args:
        silver: The shop's silver tables.

    Returns:
        Rows of ``gold/customer_daily``: one for each customer and day with activity of any
        entity, and one for each later day on which a change of the day's transactions is known.
        A metric without activity is 0, even if the shop does not record its entity.
    """
    silver = silver.with_versions()
    parts = [purchases_by_day(silver.dated_transactions(), silver.orders_by_day())]
    if silver.sessions is not None:
        parts.append(_known_at_once(sessions_by_day(silver.sessions, silver.events, silver.zone)))
    if silver.events is not None:
        parts.append(_known_at_once(events_by_day(silver.events, silver.zone)))
    if silver.interactions is not None:
        parts += _interactions(silver, silver.interactions)
    return _with_all_columns(parts[0] if len(parts) == 1 else _combined(parts))


def _interactions(silver: Silver, interactions: DataFrame) -> list[DataFrame]:
    args = interactions, silver.transactions
    parts = [_known_at_once(interactions_by_day(*args, silver.zone))]
    if silver.versions is not None:
        parts.append(after_changed_orders(*args, silver.versions, silver.zone))
    return parts


def _known_at_once(by_day: DataFrame) -> DataFrame:
    return by_day.withColumn(daily_metrics.KNOWN_FROM, F.col(daily_metrics.DAY))


def _combined(parts: Sequence[DataFrame]) -> DataFrame:
    """Add up parts that each have at most one row a customer, day and day of knowledge."""
    names = {name for part in parts for name in part.columns} - {*CUSTOMER_DAILY.key}
    values = [F.sum(name).alias(name) for name in sorted(names)]
    return stacked(parts).groupBy(*CUSTOMER_DAILY.key).agg(*values)


def _with_all_columns(sums: DataFrame) -> DataFrame:
    """Select every column of the contract; a metric that is null or missing is 0."""
    computed = {name: f"coalesce({name}, 0)" for name in sums.columns}
    metrics = [
        f"CAST({computed.get(each.name, 0)} AS {each.type.simpleString()}) AS {each.name}"
        for each in feature_tables.METRICS
    ]
    # Sorted before the columns of zeros are added: sorting the wide rows takes a quarter longer.
    narrow = sums.sortWithinPartitions(*CUSTOMER_DAILY.clustered_by)
    return narrow.selectExpr(*CUSTOMER_DAILY.key, *metrics)


def customer_products(silver: Silver) -> DataFrame:
    """Count each customer's completed transactions by day and product.

    Returns:
        Rows of ``gold/customer_products``; transactions without a product are left out.
    """
    dated = silver.with_versions().dated_transactions()
    bought = completed(dated).where(F.col(entities.PRODUCT_ID).isNotNull())
    table = non_additive_tables.CUSTOMER_PRODUCTS
    return _counted(bought, table).select(*table.names)


def customer_responses(silver: Silver) -> DataFrame:
    """Count each customer's interactions by day and response time.

    Returns:
        Rows of ``gold/customer_responses``; interactions without a response time are left out.
    """
    table = non_additive_tables.CUSTOMER_RESPONSES
    if silver.interactions is None:
        return empty_rows(silver.transactions, table)
    answered = silver.interactions.where(F.col(behaviour.RESPONSE_TIME).isNotNull())
    by_day = answered.withColumn(daily_metrics.DAY, day_of(behaviour.INTERACTION_DATE, silver.zone))
    return by_day.groupBy(*table.key).agg(*daily_metrics.aggregates(table.columns))


def customer_places(silver: Silver) -> DataFrame:
    """Count each customer's transactions by day and the location and segment at their time.

    Returns:
        Rows of ``gold/customer_places``, of transactions of any status.
    """
    dated = silver.with_versions().dated_transactions()
    names = (daily_metrics.DAY, daily_metrics.KNOWN_FROM, SIGN)
    dated = dated.select(
        entities.CUSTOMER_ID,
        entities.TRANSACTION_DATE,
        *[name for name in names if name in dated.columns],
    )
    table = non_additive_tables.CUSTOMER_PLACES
    if silver.customers is None or silver.customers_history is None:
        counted = _counted(dated, table).withColumns(dict.fromkeys(_PLACE, F.lit("")))
        return counted.select(*table.names)
    placed = transactions_enriched(dated, silver.customers, silver.customers_history)
    return _counted(placed.fillna("", _PLACE), table).select(*table.names)


def _counted(rows: DataFrame, table: Table) -> DataFrame:
    """Compute the daily metrics of a table by the columns of its key that the rows have."""
    names = {*rows.columns} - {daily_metrics.KNOWN_FROM}
    return daily_sums(rows, [name for name in table.key if name in names], table.columns)
