"""The daily tables of gold, computed from silver; every feature is made from them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, entities
from goldrun.contracts.source import UTC
from goldrun.contracts.stacked import stacked
from goldrun.contracts.table import Table
from goldrun.features.catalog import daily_metrics, feature_tables, non_additive_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.interactions_by_day import interactions_by_day
from goldrun.features.purchases_by_day import completed, purchases_by_day
from goldrun.features.sessions_by_day import events_by_day, sessions_by_day
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import transactions_enriched

_PLACE = [entities.LOCATION, entities.CUSTOMER_SEGMENT]


@dataclass(frozen=True)
class Silver:
    """The shop's silver tables.

    Attributes:
        transactions: Rows of ``silver/transactions``.
        customers: Rows of ``silver/customers``; None for customers derived from their transactions,
            of whom only the latest place is known.
        customers_history: Rows of ``silver/customers_history``; None for the same.
        sessions: Rows of ``silver/sessions``; None when the shop records no sessions.
        events: Rows of ``silver/events``; None when the shop records no events.
        interactions: Rows of ``silver/interactions``; None when the shop records no interactions.
        orders: Result of ``purchases_by_day.orders_by_day``, where ``transactions`` are those of
            some days only, from which it can't be computed; None otherwise.
        zone: Time zone of the calendar days (``Source.zone``).
    """

    transactions: DataFrame
    customers: DataFrame | None = None
    customers_history: DataFrame | None = None
    sessions: DataFrame | None = None
    events: DataFrame | None = None
    interactions: DataFrame | None = None
    orders: DataFrame | None = None
    zone: str = UTC

    @property
    def has_only_transactions(self) -> bool:
        """Whether the shop records no sessions, events and interactions."""
        return self.sessions is self.events is self.interactions is None

    def of(self, customers: DataFrame) -> "Silver":
        """Keep the rows of some customers; ``customers`` has one row a ``customer_id``."""
        key = F.broadcast(customers.select(entities.CUSTOMER_ID))

        def theirs(rows: DataFrame) -> DataFrame:
            return rows.join(key, entities.CUSTOMER_ID, "left_semi")

        tables: dict[str, Any] = {
            field.name: theirs(rows)
            for field in fields(self)
            if isinstance(rows := getattr(self, field.name), DataFrame)
        }
        return replace(self, **tables)


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
    """

    daily: DataFrame
    products: DataFrame
    responses: DataFrame
    places: DataFrame
    recorded: frozenset[str]

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
        )


def customer_daily(silver: Silver) -> DataFrame:
    """Compute the daily metrics of each customer.

    Each entity is aggregated by itself; the results are then combined into one row a day.

    Args:
        silver: The shop's silver tables.

    Returns:
        Rows of ``gold/customer_daily``: one for each customer and day with activity of any
        entity. A metric without activity is 0, also where the shop does not record its entity.
    """
    parts = [purchases_by_day(silver.transactions, silver.zone, silver.orders)]
    if silver.sessions is not None:
        parts.append(sessions_by_day(silver.sessions, silver.events, silver.zone))
    if silver.events is not None:
        parts.append(events_by_day(silver.events, silver.zone))
    if silver.interactions is not None:
        parts.append(interactions_by_day(silver.interactions, silver.transactions, silver.zone))
    return _with_all_columns(parts[0] if len(parts) == 1 else _combined(parts))


def _combined(parts: Sequence[DataFrame]) -> DataFrame:
    """Combine parts that each have at most one row a customer and day, and own columns."""
    names = [name for part in parts for name in part.columns if name not in CUSTOMER_DAILY.key]
    values = [F.max(name).alias(name) for name in names]
    return stacked(parts).groupBy(*CUSTOMER_DAILY.key).agg(*values)


def _with_all_columns(sums: DataFrame) -> DataFrame:
    """Select every column of the contract; a metric that is null or missing is 0."""
    computed = {name: f"coalesce({name}, 0)" for name in sums.columns}
    metrics = [
        f"CAST({computed.get(each.name, 0)} AS {each.type.simpleString()}) AS {each.name}"
        for each in feature_tables.METRICS
    ]
    # Sorted as they are stored while they are narrow: with a shop's many zeros beside them it takes
    # a quarter longer.
    narrow = sums.sortWithinPartitions(*CUSTOMER_DAILY.clustered_by)
    return narrow.selectExpr(*CUSTOMER_DAILY.key, *metrics)


def customer_products(silver: Silver) -> DataFrame:
    """Count each customer's completed transactions by day and product.

    Returns:
        Rows of ``gold/customer_products``; transactions without a product are left out.
    """
    bought = completed(silver.transactions).where(F.col(entities.PRODUCT_ID).isNotNull())
    by_day = bought.withColumn(daily_metrics.DAY, day_of(entities.TRANSACTION_DATE, silver.zone))
    table = non_additive_tables.CUSTOMER_PRODUCTS
    return _counted(by_day, table, table.key)


def customer_responses(silver: Silver) -> DataFrame:
    """Count each customer's interactions by day and response time.

    Returns:
        Rows of ``gold/customer_responses``; interactions without a response time are left out.
    """
    table = non_additive_tables.CUSTOMER_RESPONSES
    if silver.interactions is None:
        return _nothing(silver.transactions, table)
    answered = silver.interactions.where(F.col(behaviour.RESPONSE_TIME).isNotNull())
    by_day = answered.withColumn(daily_metrics.DAY, day_of(behaviour.INTERACTION_DATE, silver.zone))
    return _counted(by_day, table, table.key)


def customer_places(silver: Silver) -> DataFrame:
    """Count each customer's transactions by day and the location and segment at their time.

    Returns:
        Rows of ``gold/customer_places``, of transactions of any status.
    """
    dated = silver.transactions.select(
        entities.CUSTOMER_ID,
        entities.TRANSACTION_DATE,
        day_of(entities.TRANSACTION_DATE, silver.zone).alias(daily_metrics.DAY),
    )
    table = non_additive_tables.CUSTOMER_PLACES
    if silver.customers is None or silver.customers_history is None:
        counted = _counted(dated, table, [entities.CUSTOMER_ID, daily_metrics.DAY])
        return counted.withColumns(dict.fromkeys(_PLACE, F.lit("")))
    placed = transactions_enriched(dated, silver.customers, silver.customers_history)
    return _counted(placed.fillna("", _PLACE), table, table.key)


def _counted(rows: DataFrame, table: Table, key: Sequence[str]) -> DataFrame:
    """Group rows by a key, and compute the daily metrics of their table."""
    return rows.groupBy(*key).agg(*daily_metrics.aggregates(table.columns))


def _nothing(any_frame: DataFrame, table: Table) -> DataFrame:
    columns = [F.lit(None).cast(c.type).alias(c.name) for c in table.columns]
    return any_frame.limit(0).select(*columns)
