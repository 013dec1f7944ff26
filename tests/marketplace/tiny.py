"""Tables of a few rows in a DuckDB database, for cases that are computed by hand."""

from collections.abc import Mapping, Sequence

import duckdb

from goldrun.contracts.marketplace import ENTITIES
from tests.marketplace.loading import LEDGER_COLUMNS, VERSIONED, duckdb_type

Rows = Sequence[Mapping[str, object]]

_VALIDITY = {"valid_from": "TIMESTAMP", "valid_to": "TIMESTAMP"}


def columns_of(entity: str) -> dict[str, str]:
    """Columns of an entity and their types in DuckDB."""
    return {c.name: duckdb_type(c.type) for c in ENTITIES[entity].columns}


def make(
    db: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Rows = ()
) -> None:
    """Create ``schema.table`` with these rows; a column that a row does not name is null."""
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.', maxsplit=1)[0]}")
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    db.execute(f"CREATE OR REPLACE TABLE {table} ({declared})")
    for row in rows:
        assert set(row) <= set(columns), sorted(set(row) - set(columns))
        marks = ", ".join("?" for _ in row)
        db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def truth(db: duckdb.DuckDBPyConnection, **rows: Rows) -> None:
    """Create the whole schema ``truth``; entities that are not given are empty."""
    for entity in ENTITIES:
        make(db, f"truth.{entity}", columns_of(entity), rows.get(entity, ()))
    for entity in VERSIONED:
        name = f"{entity}_history"
        make(db, f"truth.{name}", columns_of(entity) | _VALIDITY, rows.get(name, ()))
    make(db, "truth.ledger", LEDGER_COLUMNS, rows.get("ledger", ()))


def line(
    key: str, day: str, amount: str, status: str = "completed", **more: object
) -> dict[str, object]:
    """One order line of customer c1, by default 1 piece in its own order."""
    given: dict[str, object] = {
        "transaction_id": key,
        "order_id": key,
        "customer_id": "c1",
        "quantity": 1,
        "price": amount,
        "amount": amount,
        "transaction_date": day,
        "transaction_status": status,
        "updated_at": day,
    }
    return given | more


def session(key: str, start: str, end: str | None = None, **more: object) -> dict[str, object]:
    """One session of customer c1."""
    given: dict[str, object] = {
        "session_id": key,
        "customer_id": "c1",
        "session_start": start,
        "session_end": end,
    }
    return given | more


def event(key: str, kind: str, time: str, visit: str | None = None) -> dict[str, object]:
    """One event of customer c1."""
    return {
        "event_id": key,
        "customer_id": "c1",
        "session_id": visit,
        "event_type": kind,
        "event_timestamp": time,
    }


def interaction(key: str, time: str, channel: str = "email", **more: object) -> dict[str, object]:
    """One interaction of customer c1."""
    given: dict[str, object] = {
        "interaction_id": key,
        "customer_id": "c1",
        "interaction_date": time,
        "interaction_type": channel,
    }
    return given | more
