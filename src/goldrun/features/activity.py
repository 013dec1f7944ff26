"""What customers did day by day: additive sums, from which every feature as of any date follows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity_tables, behaviour, entities, non_additive_tables
from goldrun.contracts.source import UTC
from goldrun.contracts.stacked import stacked
from goldrun.contracts.table import Table
from goldrun.features.interaction_metrics import interactions_by_day
from goldrun.features.purchase_metrics import completed, purchases
from goldrun.features.session_metrics import event_counts, sessions_by_day
from goldrun.medallion.days import day_of
from goldrun.medallion.enrichment import transactions_enriched

_PLACE = [entities.LOCATION, entities.CUSTOMER_SEGMENT]


@dataclass(frozen=True)
class Silver:
    """What the shop's silver tables hold.

    Attributes:
        transactions: Rows of ``silver/transactions``.
        customers: Rows of ``silver/customers``; None for customers derived from their transactions:
            they are at their latest place, and where they were before is not known.
        customers_history: Rows of ``silver/customers_history``; None likewise.
        sessions: Rows of ``silver/sessions``; None when the shop records no sessions.
        events: Rows of ``silver/events``; None when the shop records no events.
        interactions: Rows of ``silver/interactions``; None when the shop records no interactions.
        orders: Result of ``purchase_metrics.orders_by_day``, where ``transactions`` are only those
            of some days, from which it can't be computed; None otherwise.
        zone: Time zone whose calendar days the days of activity are (``Source.zone``).
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
    def only_lines(self) -> bool:
        """Whether the shop records transactions alone, whose days nothing else can change."""
        return self.sessions is self.events is self.interactions is None

    def of(self, customers: DataFrame) -> "Silver":
        """What the tables hold of some customers; ``customers`` has one row a ``customer_id``."""
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
    """What gold keeps day by day, which is all that features are computed from.

    Attributes:
        daily: Rows of ``gold/customer_daily``.
        products: Rows of ``gold/customer_products``.
        responses: Rows of ``gold/customer_responses``.
        places: Rows of ``gold/customer_places``.
        recorded: Entities that the shop records, as its source names them. What is said of an
            entity that is not among them is null: not recorded is not the same as not done.
    """

    daily: DataFrame
    products: DataFrame
    responses: DataFrame
    places: DataFrame
    recorded: frozenset[str]

    def of(self, customers: DataFrame) -> "Activity":
        """What gold keeps of some customers; ``customers`` has one row a ``customer_id``."""
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
    """Add up what each customer did by day.

    Each entity is added up by itself, and the sums are put beside each other.

    Args:
        silver: The shop's silver tables.

    Returns:
        Rows of ``gold/customer_daily``: one for each customer and day with activity of any
        entity. Numbers of what did not happen are 0, also where the shop records no such entity.
    """
    parts = [purchases(silver.transactions, silver.zone, silver.orders)]
    if silver.sessions is not None:
        parts.append(sessions_by_day(silver.sessions, silver.events, silver.zone))
    if silver.events is not None:
        parts.append(event_counts(silver.events, silver.zone))
    if silver.interactions is not None:
        parts.append(interactions_by_day(silver.interactions, silver.transactions, silver.zone))
    return _beside_each_other(parts)


def _beside_each_other(parts: Sequence[DataFrame]) -> DataFrame:
    """Put the sums that several parts have of a customer and day into one row.

    Each part has at most one row of a customer and day, so there is nothing left to add: the
    parts are stacked, and of each column the value that is there is taken.
    """
    return _filled(parts[0] if len(parts) == 1 else _taken(parts))


def _taken(parts: Sequence[DataFrame]) -> DataFrame:
    key = activity_tables.CUSTOMER_DAILY.key
    names = [name for part in parts for name in part.columns if name not in key]
    return stacked(parts).groupBy(*key).agg(*[F.max(name).alias(name) for name in names])


def _filled(sums: DataFrame) -> DataFrame:
    """All columns of the contract: 0 where nothing was done."""
    key = activity_tables.CUSTOMER_DAILY.key
    numbers = [c for c in activity_tables.CUSTOMER_DAILY.columns if c.name not in key]
    summed = {name: f"coalesce({name}, 0)" for name in sums.columns}
    # Sorted as they are stored while they are narrow: with a shop's many zeros beside them it takes
    # a quarter longer.
    return sums.sortWithinPartitions(*activity_tables.CUSTOMER_DAILY.clustered_by).selectExpr(
        *key,
        *[f"CAST({summed.get(c.name, 0)} AS {c.type.simpleString()}) AS {c.name}" for c in numbers],
    )


def customer_products(silver: Silver) -> DataFrame:
    """Count each customer's completed lines by day and product.

    Returns:
        Rows of ``gold/customer_products``; lines whose product is not recorded are left out.
    """
    bought = completed(silver.transactions).where(F.col(entities.PRODUCT_ID).isNotNull())
    by_day = bought.withColumn(activity_tables.DAY, day_of(entities.TRANSACTION_DATE, silver.zone))
    return by_day.groupBy(*non_additive_tables.CUSTOMER_PRODUCTS.key).agg(
        F.count("*").alias(activity_tables.LINES)
    )


def customer_responses(silver: Silver) -> DataFrame:
    """Count each customer's contacts by day and response time.

    Returns:
        Rows of ``gold/customer_responses``; interactions without a response time are left out.
    """
    if silver.interactions is None:
        return _nothing(silver.transactions, non_additive_tables.CUSTOMER_RESPONSES)
    answered = silver.interactions.where(F.col(behaviour.RESPONSE_TIME).isNotNull())
    by_day = answered.withColumn(
        activity_tables.DAY, day_of(behaviour.INTERACTION_DATE, silver.zone)
    )
    return by_day.groupBy(*non_additive_tables.CUSTOMER_RESPONSES.key).agg(
        F.count("*").alias(activity_tables.RESPONSES)
    )


def customer_places(silver: Silver) -> DataFrame:
    """Count each customer's lines by day and by where the customer was known to be then.

    Returns:
        Rows of ``gold/customer_places``, of lines of any status.
    """
    lines = silver.transactions.select(
        entities.CUSTOMER_ID,
        entities.TRANSACTION_DATE,
        day_of(entities.TRANSACTION_DATE, silver.zone).alias(activity_tables.DAY),
    )
    counted = F.count("*").alias(activity_tables.TRANSACTIONS)
    if silver.customers is None or silver.customers_history is None:
        by_day = lines.groupBy(entities.CUSTOMER_ID, activity_tables.DAY).agg(counted)
        return by_day.withColumns(dict.fromkeys(_PLACE, F.lit("")))
    placed = transactions_enriched(lines, silver.customers, silver.customers_history)
    return placed.fillna("", _PLACE).groupBy(*non_additive_tables.CUSTOMER_PLACES.key).agg(counted)


def _nothing(any_frame: DataFrame, table: Table) -> DataFrame:
    columns = [F.lit(None).cast(c.type).alias(c.name) for c in table.columns]
    return any_frame.limit(0).select(*columns)
