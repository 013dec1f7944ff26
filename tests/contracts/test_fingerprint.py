"""A fingerprint changes with each setting on which the fate of a record depends, and no other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.fingerprint import Fingerprint, Rate, fingerprint_of, reading_of
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Rule, Severity, Table

COLUMNS = {
    "transactions": {
        "transaction_id": "id",
        "customer_id": "who",
        "quantity": "1",
        "price": "paid",
        "amount": "paid",
        "transaction_date": "at",
        "transaction_status": "status",
    },
    "customers": {"customer_id": "who", "phone": "tel"},
    "events": {
        "event_id": "id",
        "customer_id": "who",
        "event_type": "what",
        "event_timestamp": "at",
    },
}
RATES: list[Rate] = [
    ("USD", date(2024, 1, 1), Decimal("0.90")),
    ("USD", date(2024, 2, 1), Decimal(1)),
]
DAY = "2024-01-15"


def shop(*entities: str, **settings: Any) -> Source:
    """A shop with files of some entities."""
    mapped = {
        entity: {"path": entity, "columns": COLUMNS[entity]} for entity in entities or COLUMNS
    }
    given = {"timezone": "Europe/Paris", "currency": "EUR", "rates": "rates.csv", **settings}
    return Source.model_validate({"name": "shop", **mapped, **given})


def mapped_as(source: Source, entity: str, **settings: Any) -> Source:
    mapping = source.entities[entity].model_copy(update=settings)
    return source.model_copy(update={"entities": source.entities | {entity: mapping}})


def changes(entity: str, source: Source, rates: list[Rate] | None = None) -> list[str]:
    """Names of the settings that differ from those of the plain shop."""
    stored = fingerprint_of(shop(), entity, RATES, DAY)
    now = fingerprint_of(source, entity, RATES if rates is None else rates, DAY)
    assert (stored.id == now.id) == (stored.changes_to(now) == [])
    return stored.changes_to(now)


@pytest.mark.parametrize("entity", COLUMNS)
def test_equal_settings_have_one_fingerprint(entity: str) -> None:
    assert changes(entity, shop()) == []
    assert changes(entity, shop(max_reject_share=0.5, registry_prefix="other")) == []
    moved = mapped_as(shop(), entity, path="elsewhere", delimiter=";")
    assert changes(entity, moved) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"timezone": "Asia/Tokyo"}, {"transactions": ["timezone"], "events": ["timezone"]}),
        ({"timezone": None}, {"transactions": ["timezone"], "events": ["timezone"]}),
        ({"phone_region": "FR"}, {"customers": ["phone_region"], "transactions": []}),
        ({"currency": "CHF"}, {"transactions": ["currency"], "customers": [], "events": []}),
    ],
)
def test_a_setting_is_named_for_the_entities_that_depend_on_it(
    settings: dict[str, Any], named: dict[str, list[str]]
) -> None:
    assert {entity: changes(entity, shop(**settings)) for entity in named} == named


def test_the_expressions_the_pattern_and_the_parents_are_the_mapping() -> None:
    columns = COLUMNS["events"] | {"event_type": "lower(what)"}
    assert changes("events", mapped_as(shop(), "events", columns=columns)) == ["mapping"]
    pattern = mapped_as(shop(), "events", timestamp_format="dd/MM/yyyy")
    assert changes("events", pattern) == ["mapping"]
    # Transactions define customers who are in no file, so that they refer to none.
    derived = shop("transactions", "events")
    assert changes("events", derived) == ["mapping"]
    assert changes("transactions", derived) == []
    apart = shop(unknown_customers="quarantine")
    assert [changes(name, apart) for name in ("transactions", "events")] == [["mapping"]] * 2
    assert changes("customers", apart) == []


@pytest.mark.parametrize(
    ("rates", "named"),
    [
        ([*RATES, ("GBP", date(2024, 1, 16), Decimal(2))], []),
        ([("USD", date(2024, 1, 1), Decimal("0.9"))], []),
        ([*RATES, ("GBP", date(2024, 1, 15), Decimal(2))], ["rates"]),
        ([("USD", date(2024, 1, 1), Decimal("0.91")), RATES[1]], ["rates"]),
        ([], ["rates"]),
    ],
)
def test_rates_count_up_to_the_day_of_the_ingestion(rates: list[Rate], named: list[str]) -> None:
    assert changes("transactions", shop(), rates) == named
    assert changes("events", shop(), rates) == []


def with_rule(severity: Severity) -> Callable[[Table], Table]:
    rule = Rule("event_type_long", "length(event_type) < 9", severity, "for this test")
    return lambda table: replace(table, rules=(*table.rules, rule))


def with_column(**changed: Any) -> Callable[[Table], Table]:
    def change(table: Table) -> Table:
        found = [replace(c, **changed) if c.name == "event_type" else c for c in table.columns]
        return replace(table, columns=tuple(found))

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (with_rule(Severity.REJECT), ["rules"]),
        (with_column(synonyms=(("seen", "page_view"),)), ["rules"]),
        (with_column(allowed=("click",)), ["rules"]),
        (with_column(required=False), ["rules"]),
        (with_column(standard=None), ["rules"]),
        (lambda table: replace(table, references=()), ["mapping", "rules"]),
        # What changes no fate and no value.
        (with_rule(Severity.WARN), []),
        (with_column(description="Another sentence."), []),
    ],
)
def test_what_a_contract_accepts_is_the_rules(
    change: Callable[[Table], Table], named: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = fingerprint_of(shop(), "events", [], DAY)
    monkeypatch.setitem(ENTITIES, "events", change(ENTITIES["events"]))
    now: Fingerprint = fingerprint_of(shop(), "events", [], DAY)
    assert stored.changes_to(now) == named


def test_a_reading_depends_on_format_delimiter_and_encoding() -> None:
    given: list[dict[str, Any]] = [
        {},
        {"delimiter": ";"},
        {"encoding": "latin-1"},
        {"format": "json"},
    ]
    readings = [reading_of(EntityMapping(path="a", **settings)) for settings in given]
    assert len(set(readings)) == len(readings)
    assert reading_of(EntityMapping(path="b", columns={"x": "y"})) == readings[0]


def test_a_file_that_is_separated_by_tabs_by_its_name_is_read_as_one_that_declares_them() -> None:
    by_name = EntityMapping(path="in/x.tsv")
    assert reading_of(by_name) == reading_of(EntityMapping(path="in/x.tsv", delimiter="\t"))
    assert reading_of(by_name) != reading_of(EntityMapping(path="in/x.tsv", delimiter=","))
