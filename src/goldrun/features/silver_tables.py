"""The silver tables that activity is computed from."""

from dataclasses import dataclass, fields, replace
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities
from goldrun.contracts.source import UTC
from goldrun.contracts.stacked import stacked
from goldrun.features.catalog.daily_metrics import DAY
from goldrun.features.purchases_by_day import orders_by_day
from goldrun.features.transaction_versions import (
    ORDER,
    known_on_its_day,
    orders_with_versions,
    states_of_orders,
)
from goldrun.medallion.days import day_of

_ID = entities.TRANSACTION_ID


@dataclass(frozen=True)
class Silver:
    """The shop's silver tables.

    Attributes:
        transactions: Rows of ``silver/transactions``; after ``with_versions`` those of the orders
            that were never changed.
        customers: Rows of ``silver/customers``; None for customers derived from their transactions,
            for which only the latest place is known.
        customers_history: Rows of ``silver/customers_history``; None for the same.
        sessions: Rows of ``silver/sessions``; None when the shop records no sessions.
        events: Rows of ``silver/events``; None when the shop records no events.
        interactions: Rows of ``silver/interactions``; None when the shop records no interactions.
        transactions_history: Rows of ``silver/transactions_history``; None if no transaction was
            changed or the shop does not record when. Then the current version of a transaction is
            known from its day on.
        orders: Result of ``orders_by_day``, if ``transactions`` are those of some days only,
            from which it can't be computed; None otherwise.
        versions: Result of ``orders_with_versions``; None before ``with_versions`` and if no
            transaction was changed.
        states: Result of ``states_of_orders``; None for the same.
        zone: Time zone of the calendar days (``Source.zone``).
    """

    transactions: DataFrame
    customers: DataFrame | None = None
    customers_history: DataFrame | None = None
    sessions: DataFrame | None = None
    events: DataFrame | None = None
    interactions: DataFrame | None = None
    transactions_history: DataFrame | None = None
    orders: DataFrame | None = None
    versions: DataFrame | None = None
    states: DataFrame | None = None
    zone: str = UTC

    @property
    def has_only_transactions(self) -> bool:
        """Whether the shop records no sessions, events and interactions."""
        return self.sessions is self.events is self.interactions is None

    def of(self, customers: DataFrame) -> "Silver":
        """Keep the rows of some customers; ``customers`` has one row a ``customer_id``.

        Other versions of their transactions are kept too, also those of another customer, because
        the other versions determine the days on which a version is known.
        """
        key = F.broadcast(customers.select(entities.CUSTOMER_ID))

        def theirs(rows: DataFrame) -> DataFrame:
            return rows.join(key, entities.CUSTOMER_ID, "left_semi")

        tables: dict[str, Any] = {
            field.name: theirs(rows)
            for field in fields(self)
            if isinstance(rows := getattr(self, field.name), DataFrame)
        }
        kept = replace(self, **tables)
        if self.transactions_history is None or kept.transactions_history is None:
            return kept
        ids = kept.transactions.select(_ID).unionByName(kept.transactions_history.select(_ID))
        ids = ids.distinct().localCheckpoint()
        return replace(
            kept,
            transactions=self.transactions.join(ids, _ID, "left_semi"),
            transactions_history=self.transactions_history.join(ids, _ID, "left_semi"),
        )

    def with_versions(self) -> "Silver":
        """Separate the orders in which a transaction was changed; see ``states``.

        Their versions and states are computed once, because several tables are made from them.
        """
        if self.transactions_history is None:
            return self
        versions = orders_with_versions(self.transactions, self.transactions_history, self.zone)
        versions = versions.localCheckpoint()
        changed = versions.select(*ORDER).distinct()
        ids = self.transactions_history.select(_ID).distinct()
        others = self.transactions.join(ids, _ID, "left_anti").join(changed, ORDER, "left_anti")
        states = states_of_orders(versions).localCheckpoint()
        return replace(
            self,
            transactions=others,
            transactions_history=None,
            versions=versions,
            states=states,
        )

    def dated_transactions(self) -> DataFrame:
        """Transactions with their ``day``; with ``known_from`` and ``sign`` if there are states."""
        dated = self._dated()
        if self.states is None:
            return dated
        names = [name for name in dated.columns if name in self.states.columns]
        return stacked([known_on_its_day(dated.select(*names)), self.states])

    def orders_by_day(self) -> DataFrame:
        """Result of ``purchases_by_day.orders_by_day`` for all orders."""
        if self.orders is not None:
            return self.orders
        counted = orders_by_day(self._dated())
        if self.states is None:
            return counted
        return stacked([known_on_its_day(counted), orders_by_day(self.states)])

    def _dated(self) -> DataFrame:
        return self.transactions.withColumn(DAY, day_of(entities.TRANSACTION_DATE, self.zone))
