"""All entities of the marketplace, parents before children."""

from goldrun.contracts.behaviour import EVENTS, INTERACTIONS, SESSIONS
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.table import Table

ENTITIES: dict[str, Table] = {
    "customers": CUSTOMERS,
    "sessions": SESSIONS,
    "transactions": TRANSACTIONS,
    "events": EVENTS,
    "interactions": INTERACTIONS,
}
"""Entities that a source may map, by the name of their section in its TOML file."""
