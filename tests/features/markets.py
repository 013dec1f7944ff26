"""Small marketplaces: rows as dicts, and the silver frames of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.behaviour import EVENTS, INTERACTIONS, SESSIONS
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.table import Table
from goldrun.features.silver_tables import Silver

Row = dict[str, Any]
Market = dict[str, list[Row]]
"""Rows by entity; ``versions`` are all versions of customers, current or not."""

ENTITIES = ("versions", "transactions", "sessions", "events", "interactions")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def version(who: str, since: str, location: str | None, segment: str | None = None) -> Row:
    return {
        "customer_id": who,
        "updated_at": at(since),
        "location": location,
        "customer_segment": segment,
    }


def line(who: str, key: str, order: str, when: str, amount: str, **more: Any) -> Row:
    return {
        "customer_id": who,
        "transaction_id": key,
        "order_id": order,
        "transaction_date": at(when),
        "updated_at": at(when),
        "amount": Decimal(amount),
        "price": Decimal(1),
        "quantity": 1,
        "product_id": "p",
        "transaction_status": "completed",
    } | more


def session(who: str, key: str, start: str, end: str | None = None, **more: Any) -> Row:
    seconds = (at(end) - at(start)).total_seconds() if end else None
    return {
        "customer_id": who,
        "session_id": key,
        "session_start": at(start),
        "session_end": at(end) if end else None,
        "session_duration": None if seconds is None else Decimal(seconds),
    } | more


def event(who: str, key: str, visit: str | None, kind: str, when: str) -> Row:
    return {
        "customer_id": who,
        "event_id": key,
        "session_id": visit,
        "event_type": kind,
        "event_timestamp": at(when),
    }


def contact(who: str, key: str, when: str, channel: str, **more: Any) -> Row:
    return {
        "customer_id": who,
        "interaction_id": key,
        "interaction_date": at(when),
        "interaction_type": channel,
    } | more


def together(markets: Mapping[str, Market]) -> Market:
    """Put many marketplaces into one: the name of each goes before every id of it."""
    ids = ("customer_id", "transaction_id", "order_id", "session_id", "event_id", "interaction_id")
    return {
        entity: [
            row | {name: f"{prefix}{row[name]}" for name in ids if row.get(name) is not None}
            for prefix, market in markets.items()
            for row in market[entity]
        ]
        for entity in ENTITIES
    }


def current_and_history(versions: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Part customers as silver does: the newest version, and the older with their validity."""
    current, history = [], []
    by_customer: dict[str, list[Row]] = {}
    for row in sorted(versions, key=lambda row: (row["customer_id"], row["updated_at"])):
        by_customer.setdefault(row["customer_id"], []).append(row)
    for rows in by_customer.values():
        current.append(rows[-1])
        for row, following in pairwise(rows):
            validity = {"valid_from": row["updated_at"], "valid_to": following["updated_at"]}
            history.append(row | validity)
    return current, history


def frame(spark: SparkSession, table: Table, rows: Sequence[Row], *more: str) -> DataFrame:
    names = (*table.names, *more)
    stored = lineage.history_table(table) if more else table
    schema = "struct<" + ",".join(
        f"{name}:{stored.column(name).type.simpleString()}" for name in names
    )
    exact = {name for name in names if isinstance(stored.column(name).type, T.DecimalType)}
    tuples = [
        tuple(
            Decimal(row[name]) if name in exact and row.get(name) is not None else row.get(name)
            for name in names
        )
        for row in rows
    ]
    return spark.createDataFrame(tuples, f"{schema}>")


def silver_of(spark: SparkSession, market: Market, *without: str, zone: str = "UTC") -> Silver:
    """Make the silver tables of a marketplace, perhaps of one that does not record an entity."""
    current, history = current_and_history(market["versions"])

    def recorded(entity: str, table: Table) -> DataFrame | None:
        return None if entity in without else frame(spark, table, market[entity])

    return Silver(
        transactions=frame(spark, TRANSACTIONS, market["transactions"]),
        customers=frame(spark, CUSTOMERS, current),
        customers_history=frame(spark, CUSTOMERS, history, lineage.VALID_FROM, lineage.VALID_TO),
        sessions=recorded("sessions", SESSIONS),
        events=recorded("events", EVENTS),
        interactions=recorded("interactions", INTERACTIONS),
        zone=zone,
    )
