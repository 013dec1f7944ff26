"""Entries of a ledger for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from goldrun.registry.ledger import Action, Entry, State, chained

START = datetime(2026, 1, 1, 12, tzinfo=UTC)

ENTRY = Entry(
    model="shop-churn",
    number=0,
    recorded_at=START,
    action=Action.PROMOTION,
    state=State.DONE,
    from_version=None,
    to_version=1,
    training_run="run-1",
    evidence="ab" * 32,
    checksum="cd" * 32,
    verdict="pass",
    reasons=(),
    warnings=("features have drifted",),
    test_origin="2011-09-10",
    compared_with=None,
    comparison={},
    forced=False,
    why=None,
    user_name="ada",
    host="laptop",
    run="run-2",
)


def chain(*changes: dict[str, Any]) -> list[Entry]:
    """Return a chain of entries a day apart, each with these values."""
    entries: list[Entry] = []
    for number, values in enumerate(changes):
        at = START + timedelta(days=number)
        entries.append(chained(replace(ENTRY, recorded_at=at, **values), entries))
    return entries
