"""Planted faults: each is in the files and the ledger, and breaks the rules that it lists."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from goldrun.contracts.quarantine_reasons import (
    RECORD_MALFORMED,
    RECORD_UNDECODABLE,
    reject_reasons,
)
from goldrun.errors import SettingsError
from goldrun.io.settings import load_source
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.faults import faults, kinds
from goldrun.simulation.layouts import DUPLICATE, LAYOUTS, LEDGER, QUARANTINED
from goldrun.simulation.options import read_dirt, read_settings
from goldrun.simulation.parameters import Settings
from goldrun.simulation.planting import AT_LEAST
from tests.simulation.conftest import Written, csv_fields, rows_of

MARK = re.compile(rb"x\d{18}")


def marked(market: Written, entity: str) -> dict[str, bytes]:
    """Return the planted lines by the mark at their beginning."""
    head = 10 if LAYOUTS[entity].format == "json" else 0
    found = {}
    for line in market.lines(entity):
        mark = MARK.match(line[head:].removeprefix(b'"'))
        if mark:
            found[mark.group().decode()] = line
    return found


@pytest.mark.parametrize("entity", LAYOUTS)
def test_every_fault_of_an_entity_is_planted_and_in_the_ledger(
    market: Written, entity: str
) -> None:
    ledger = market.truth("ledger")
    assert tuple(ledger.columns) == LEDGER.names
    ledger = ledger[ledger["entity"] == entity]
    lines = marked(market, entity)
    assert sorted(ledger["trace"]) == sorted(lines)
    assert len(lines) + len(market.clean(entity)) == len(market.lines(entity))
    number = ledger["trace"].str[2:5].astype(int)
    planted = number.value_counts()
    assert set(planted.index) == set(range(len(faults(LAYOUTS[entity], market.settings))))
    assert (planted >= AT_LEAST).all()


@pytest.mark.parametrize("entity", LAYOUTS)
def test_the_reasons_in_the_ledger_are_reasons_of_the_contract(
    market: Written, entity: str
) -> None:
    ledger = market.truth("ledger").query("entity == @entity")
    reasons = {reason for row in ledger["reasons"] for reason in row}
    known = set(reject_reasons(load_source("marketplace").contract(entity)))
    # Columns with a default cannot be missing, and quality fails if a key is not unique.
    assert known - reasons <= {"updated_at_missing", "order_id_missing", "key_not_unique"}
    assert reasons <= known
    duplicate = ledger["fate"] == DUPLICATE
    assert (ledger[~duplicate]["fate"] == QUARANTINED).all()
    assert ((ledger["reasons"].str.len() == 0) == duplicate).all()


@pytest.mark.parametrize("entity", LAYOUTS)
def test_a_duplicate_differs_from_its_original_in_its_mark_only(
    market: Written, entity: str
) -> None:
    ledger = market.truth("ledger").query("entity == @entity and kind == 'duplicate'")
    lines, clean = marked(market, entity), Counter(market.clean(entity))
    for mark in ledger["trace"]:
        copy = lines[mark]
        if LAYOUTS[entity].format == "json":
            original = copy.replace(f'"trace":"{mark}",'.encode(), b"")
        else:
            original = copy.removeprefix(mark.encode())
        assert clean[original] >= 1


@pytest.mark.parametrize("entity", LAYOUTS)
def test_a_planted_key_is_unique_unless_the_fault_concerns_keys(
    market: Written, entity: str
) -> None:
    ledger = market.truth("ledger").query("entity == @entity").set_index("trace")
    (key,) = LAYOUTS[entity].table.key
    known = set(market.truth(entity)[key])
    about_keys = ledger["kind"].isin(["duplicate", "key_conflict"])
    assert ledger[about_keys]["key"].isin(known).all()
    fresh = ledger[~about_keys]["key"].dropna()
    assert not fresh.isin(known).any()
    assert fresh.is_unique


def _mark_read(line: bytes, entity: str) -> str:
    """Return the mark as a strict reader reads it."""
    if LAYOUTS[entity].format == "json":
        return str(json.loads(line)["trace"])
    return csv_fields(line, entity)["trace"]


@pytest.mark.parametrize("entity", LAYOUTS)
def test_a_strict_reader_rejects_only_malformed_lines(market: Written, entity: str) -> None:
    ledger = market.truth("ledger").query("entity == @entity").set_index("trace")
    for mark, line in marked(market, entity).items():
        reasons = list(ledger["reasons"][mark])
        if reasons == [RECORD_UNDECODABLE]:
            with pytest.raises(UnicodeDecodeError):
                _mark_read(line, entity)
        elif reasons == [RECORD_MALFORMED]:
            with pytest.raises((csv.Error, ValueError)):
                _mark_read(line, entity)
        else:
            assert _mark_read(line, entity) == mark


def test_a_number_in_json_has_no_quotes(market: Written) -> None:
    ledger = market.truth("ledger").query("entity == 'interactions'").set_index("kind")["trace"]
    lines = marked(market, "interactions")
    for kind, text in {"huge_number": b":1e400", "infinity": b"Infinity"}.items():
        assert all(text in lines[mark] for mark in ledger[[kind]])


@pytest.mark.parametrize("entity", ["sessions", "events", "interactions"])
def test_a_conflicting_row_is_later_than_its_original(market: Written, entity: str) -> None:
    ledger = market.truth("ledger").query("entity == @entity and kind == 'key_conflict'")
    lines = marked(market, entity)
    assert len(ledger)
    # All events are earlier.
    assert all(b"2025-06-30T00:00:00Z" in lines[mark] for mark in ledger["trace"])


def test_faults_do_not_change_the_clean_rows(market: Written, tmp_path: Path) -> None:
    clean = Written(market.settings, tmp_path / "clean")
    write_marketplace(market.settings.model_copy(update={"dirt": {}}), clean.folder, processes=1)
    for entity in LAYOUTS:
        assert Counter(clean.lines(entity)) == Counter(market.clean(entity))
    assert clean.truth("ledger").empty


def test_a_fault_is_planted_with_the_requested_frequency(tmp_path: Path) -> None:
    asked = read_settings(customers=2_000, days=90, dirt="missing_customer=0.1, digits_lost")
    made = Written(asked, tmp_path / "made")
    write_marketplace(asked, made.folder, processes=1)
    ledger = made.truth("ledger")
    assert set(ledger["kind"]) == {"missing_customer", "digits_lost"}
    rows = {name: len(frame) for name, frame in rows_of(asked).items()}
    found = Counter(ledger[ledger["kind"] == "missing_customer"]["entity"])
    expected = {name: count * 0.1 for name, count in rows.items() if name != "customers"}
    assert set(found) == set(expected)
    assert all(abs(found[name] - n) < 4 * n**0.5 for name, n in expected.items())


def test_an_unknown_fault_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError, match=r"missing_keys.*did you mean 'missing_key'"):
        read_dirt("missing_keys=0.1")


@pytest.mark.parametrize("text", ["missing_key=2", "missing_key=-1", "missing_key=much", "nan=nan"])
def test_an_invalid_share_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no share of rows"):
        read_dirt(text)


def test_all_kinds_have_the_usual_share_and_none_has_none() -> None:
    assert set(read_dirt("all")) == set(kinds())
    assert read_dirt("none") == read_dirt("") == {}
    assert len({fault.name for fault in faults(LAYOUTS["events"], Settings())}) == len(
        faults(LAYOUTS["events"], Settings())
    )
