"""The ledger's chain shows every change, removal and insertion of an entry."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from goldrun.contracts.promotions import PROMOTIONS
from goldrun.registry.ledger import Entry, breaks_of, chained
from tests.registry.entries import ENTRY, chain

CHAIN = chain({}, {"to_version": 2, "from_version": 1}, {"to_version": 3, "from_version": 2})
OTHERS: dict[str, Any] = {
    "model": "other",
    "number": 7,
    "recorded_at": ENTRY.recorded_at + timedelta(microseconds=1),
    "from_version": 9,
    "to_version": 9,
    "comparison": {"champion.auc": 0.7},
    "forced": True,
    "reasons": ("none",),
    "warnings": (),
    "compared_with": 3,
}


def test_an_entry_has_the_columns_of_its_contract() -> None:
    assert tuple(f.name for f in fields(Entry)) == PROMOTIONS.names


def test_a_whole_chain_has_no_breaks() -> None:
    assert breaks_of(CHAIN) == []
    assert breaks_of([]) == []


@pytest.mark.parametrize(
    "name", [f.name for f in fields(Entry) if f.name[:4] not in {"hash", "sign"}]
)
@pytest.mark.parametrize("number", range(3))
def test_a_changed_value_is_found_in_every_column(name: str, number: int) -> None:
    changed = list(CHAIN)
    changed[number] = replace(CHAIN[number], **{name: OTHERS.get(name, "other")})
    assert breaks_of(changed)[0].startswith(f"entry {number} ")


@pytest.mark.parametrize("number", range(3))
def test_a_changed_value_with_a_new_hash_breaks_the_chain_behind_it(number: int) -> None:
    changed = list(CHAIN)
    other = replace(CHAIN[number], to_version=9)
    changed[number] = replace(other, hash=other.computed_hash())
    # The newest entry has none behind it; the head, kept elsewhere, is what shows its change.
    assert bool(breaks_of(changed)) == (number < 2)


def test_a_removed_repeated_or_exchanged_entry_is_found() -> None:
    first, second, third = CHAIN
    assert breaks_of([first, third]) == ["entry 1 is missing, or another occurs twice"]
    assert breaks_of([second, third]) == ["entry 0 is missing, or another occurs twice"]
    assert breaks_of([first, first, second, third])
    assert breaks_of([first, third, second])


def test_an_entry_that_is_appended_to_another_chain_is_found() -> None:
    other = chain({"host": "another"}, {})
    assert breaks_of([*CHAIN[:1], other[1]]) == [
        "the entry before entry 1 is not the one that it was appended to"
    ]


def test_a_row_is_read_as_it_was_written() -> None:
    entry = chained(replace(ENTRY, comparison={"champion.auc": 0.1 + 0.2, "x": None}), CHAIN)
    row = dict(zip(PROMOTIONS.names, entry.to_row(), strict=True))
    assert Entry.from_row(row) == entry
    assert breaks_of([*CHAIN, Entry.from_row(row)]) == []
