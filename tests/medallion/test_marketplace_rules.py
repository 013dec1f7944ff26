"""Customers, sessions, events and interactions: each reason has a record with only that fault."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.table import Severity

Change = Mapping[str, str | None]
Reasons = dict[str, list[str]]

VALID: dict[str, dict[str, str | None]] = {
    "customers": {
        "customer_id": "c1",
        "name": "Ada Lovelace",
        "email": "ada@mail-example.com",
        "phone": "030 901820",
        "registration_date": "2024-01-01T00:00:00Z",
        "location": "Berlin",
        "customer_segment": "Gold Plus",
        "updated_at": "2024-02-01T00:00:00Z",
    },
    "sessions": {
        "session_id": "s1",
        "customer_id": "c1",
        "device_type": "mobile",
        "session_start": "2024-05-01T10:00:00Z",
        "session_end": "2024-05-01T10:05:00.5Z",
        "session_duration": "300.5",
    },
    "events": {
        "event_id": "e1",
        "customer_id": "c1",
        "session_id": "s1",
        "product_id": "p1",
        "event_type": "page_view",
        "event_timestamp": "2024-05-01T10:00:00Z",
    },
    "interactions": {
        "interaction_id": "i1",
        "customer_id": "c1",
        "interaction_date": "2024-05-01T10:00:00Z",
        "interaction_type": "chat",
        "response_time": "12.5",
        "interaction_outcome": "resolved",
    },
}

BREAKS: dict[str, dict[str, tuple[str, Change]]] = {
    "customers": {
        "nobody": ("customer_id_missing", {"customer_id": " "}),
        "no address": ("email_unparsed", {"email": "ada at mail"}),
        "no number": ("phone_unparsed", {"phone": "12"}),
        "words for a number": ("phone_unparsed", {"phone": "call me"}),
        "registered never": ("registration_date_unparsed", {"registration_date": "2024-13-01"}),
        "registered locally": (
            "registration_date_without_zone",
            {"registration_date": "2024-01-01 10:00:00"},
        ),
        "registered too exactly": (
            "registration_date_digits_lost",
            {"registration_date": "2024-01-01T10:00:00.1234567Z"},
        ),
        "registered later": (
            "registration_date_in_future",
            {"registration_date": "2999-01-01T00:00:00Z"},
        ),
        "updated never": ("updated_at_unparsed", {"updated_at": "never"}),
        "updated locally": ("updated_at_without_zone", {"updated_at": "2024-02-01 10:00:00"}),
        "updated too exactly": (
            "updated_at_digits_lost",
            {"updated_at": "2024-02-01T10:00:00.1234567Z"},
        ),
        "updated later": ("updated_at_in_future", {"updated_at": "2999-01-01T00:00:00Z"}),
    },
    "sessions": {
        "nothing": ("session_id_missing", {"session_id": None}),
        "nobody": ("customer_id_missing", {"customer_id": None}),
        "another device": ("device_type_not_allowed", {"device_type": "fridge"}),
        "no start": ("session_start_missing", {"session_start": None}),
        "start unreadable": ("session_start_unparsed", {"session_start": "10:00"}),
        "start local": ("session_start_without_zone", {"session_start": "2024-05-01 10:00"}),
        "start too exact": (
            "session_start_digits_lost",
            {"session_start": "2024-05-01T10:00:00.0000001Z"},
        ),
        "start at a default": ("session_start_long_ago", {"session_start": "1970-01-01T00:00:00Z"}),
        "start later": (
            "session_start_in_future",
            {"session_start": "2999-01-01T00:00:00Z", "session_end": None},
        ),
        "end unreadable": ("session_end_unparsed", {"session_end": "later"}),
        "end local": ("session_end_without_zone", {"session_end": "2024-05-01 10:00"}),
        "end too exact": (
            "session_end_digits_lost",
            {"session_end": "2024-05-01T10:05:00.1234567Z"},
        ),
        "end later": ("session_end_in_future", {"session_end": "2999-01-01T00:00:00Z"}),
        "end before start": (
            "session_end_before_start",
            {"session_end": "2024-05-01T09:59:59.999Z"},
        ),
        "duration unreadable": ("session_duration_unparsed", {"session_duration": "5 min"}),
        "duration infinite": ("session_duration_unparsed", {"session_duration": "Infinity"}),
        "duration too exact": ("session_duration_digits_lost", {"session_duration": "0.0001"}),
        "duration negative": ("session_duration_negative", {"session_duration": "-0.001"}),
    },
    "events": {
        "nothing": ("event_id_missing", {"event_id": None}),
        "nobody": ("customer_id_missing", {"customer_id": None}),
        "no type": ("event_type_missing", {"event_type": ""}),
        "another type": ("event_type_not_allowed", {"event_type": "teleport"}),
        "no time": ("event_timestamp_missing", {"event_timestamp": None}),
        "time unreadable": ("event_timestamp_unparsed", {"event_timestamp": "2024-05-32"}),
        "time local": ("event_timestamp_without_zone", {"event_timestamp": "2024-05-01T10:00"}),
        "time too exact": (
            "event_timestamp_digits_lost",
            {"event_timestamp": "2024-05-01T10:00:00.1234567Z"},
        ),
        "time at a default": (
            "event_timestamp_long_ago",
            {"event_timestamp": "0001-06-01T00:00:00Z"},
        ),
        "time later": ("event_timestamp_in_future", {"event_timestamp": "2999-01-01T00:00:00Z"}),
    },
    "interactions": {
        "nothing": ("interaction_id_missing", {"interaction_id": None}),
        "nobody": ("customer_id_missing", {"customer_id": None}),
        "no time": ("interaction_date_missing", {"interaction_date": None}),
        "time unreadable": ("interaction_date_unparsed", {"interaction_date": "noon"}),
        "time local": ("interaction_date_without_zone", {"interaction_date": "2024-05-01 10:00"}),
        "time too exact": (
            "interaction_date_digits_lost",
            {"interaction_date": "2024-05-01T10:00:00.1234567Z"},
        ),
        "time at a default": (
            "interaction_date_long_ago",
            {"interaction_date": "1900-01-01T00:00:00Z"},
        ),
        "time later": ("interaction_date_in_future", {"interaction_date": "2999-01-01T00:00:00Z"}),
        "no channel": ("interaction_type_missing", {"interaction_type": None}),
        "another channel": ("interaction_type_not_allowed", {"interaction_type": "pigeon"}),
        "response no number": ("response_time_unparsed", {"response_time": "-Infinity"}),
        "response overflowing": ("response_time_unparsed", {"response_time": "1e400"}),
        "response too exact": ("response_time_digits_lost", {"response_time": "1.2345"}),
        "response negative": ("response_time_negative", {"response_time": "-1"}),
        "another outcome": ("interaction_outcome_not_allowed", {"interaction_outcome": "meh"}),
    },
}
"""Changes of a valid record, and the one reason that follows."""

KEEPS: dict[str, dict[str, tuple[Change, Mapping[str, str | None]]]] = {
    "customers": {
        "valid": ({}, {"phone": "+4930901820", "customer_segment": "gold_plus"}),
        "capitals": ({"email": " Ada@Mail-Example.COM"}, {"email": "ada@mail-example.com"}),
        "abroad": ({"phone": "+44 20 7946 0018"}, {"phone": "+442079460018"}),
        "only a key": (
            dict.fromkeys(n for n in VALID["customers"] if n not in {"customer_id", "updated_at"}),
            {"name": None, "email": None, "phone": None},
        ),
        "not updated": ({"updated_at": None}, {"updated_at": "2024-01-01 00:00:00"}),
    },
    "sessions": {
        "valid": ({}, {"session_duration": "300.500"}),
        "duration from its times": ({"session_duration": None}, {"session_duration": "300.500"}),
        "still open": (
            {"session_end": None, "session_duration": None},
            {"session_duration": None},
        ),
        "device by another name": ({"device_type": "PC"}, {"device_type": "desktop"}),
        "of a moment": (
            {"session_end": "2024-05-01T12:00:00+02:00", "session_duration": "0"},
            {"session_end": "2024-05-01 10:00:00"},
        ),
    },
    "events": {
        "valid": ({}, {}),
        "outside a visit": ({"session_id": None, "product_id": ""}, {"session_id": None}),
        "type spelled otherwise": ({"event_type": "Add to-Cart"}, {"event_type": "add_to_cart"}),
        "type by another name": ({"event_type": "PageView"}, {"event_type": "page_view"}),
    },
    "interactions": {
        "valid": ({}, {"response_time": "12.500"}),
        "never answered": ({"response_time": None}, {"response_time": None}),
        "at once": ({"response_time": "0"}, {"response_time": "0.000"}),
        "channel by another name": ({"interaction_type": "E-Mail"}, {"interaction_type": "email"}),
        "still open": ({"interaction_outcome": None}, {"interaction_outcome": None}),
    },
}
"""Changes of a valid record, and the values in silver."""

ELSEWHERE = {
    *("customer_unknown", "key_conflict", "key_not_unique"),
    *("record_malformed", "record_undecodable"),
}
"""Reasons that need other rows, and general reasons, which are tested with transactions."""


EMPTIED = {
    "customers": {
        *("email_unparsed", "phone_unparsed", "registration_date_digits_lost"),
        *("registration_date_unparsed", "registration_date_without_zone"),
    },
    "sessions": {
        *("device_type_not_allowed", "session_duration_digits_lost", "session_duration_unparsed"),
        *("session_end_digits_lost", "session_end_unparsed", "session_end_without_zone"),
    },
    "events": set[str](),
    "interactions": {
        *("interaction_outcome_not_allowed", "response_time_digits_lost"),
        "response_time_unparsed",
    },
}
"""Faults of optional values, which empty the value; all others reject the record."""


@pytest.fixture(scope="module")
def rows(validated: Callable[..., DataFrame]) -> dict[str, dict[str, dict[str, Any]]]:
    """Validated records by entity and case."""
    found = {}
    for entity, valid in VALID.items():
        changes = {case: change for case, (_, change) in BREAKS[entity].items()}
        changes |= {case: change for case, (change, _) in KEEPS[entity].items()}
        records = {case: valid | dict(change) for case, change in changes.items()}
        frame = validated(records, entity=entity, phone_region="DE")
        shown = [F.col(c).cast("string").alias(c) for c in ENTITIES[entity].names]
        names = (lineage.RECORD_ID, lineage.REASONS, lineage.WARNINGS)
        collected = frame.select(*names, *shown).collect()
        found[entity] = {row[lineage.RECORD_ID]: row.asDict() for row in collected}
    return found


@pytest.mark.parametrize(
    ("entity", "case"), [(entity, case) for entity, cases in BREAKS.items() for case in cases]
)
def test_one_fault_has_one_reason(
    rows: dict[str, dict[str, dict[str, Any]]], entity: str, case: str
) -> None:
    reason, change = BREAKS[entity][case]
    row = rows[entity][case]
    if reason not in EMPTIED[entity]:
        assert (row[lineage.REASONS], row[lineage.WARNINGS]) == ([reason], [])
        return
    assert (row[lineage.REASONS], row[lineage.WARNINGS]) == ([], [reason])
    (column,) = change
    # The duration is then the time from start to end.
    assert row[column] == ("300.500" if column == "session_duration" else None)


@pytest.mark.parametrize(
    ("entity", "case"), [(entity, case) for entity, cases in KEEPS.items() for case in cases]
)
def test_a_valid_record_is_stored_in_standard_form(
    rows: dict[str, dict[str, dict[str, Any]]], entity: str, case: str
) -> None:
    row = rows[entity][case]
    assert row[lineage.REASONS] == []
    expected = KEEPS[entity][case][1]
    assert {name: row[name] for name in expected} == dict(expected)


@pytest.mark.parametrize("entity", VALID)
def test_every_reason_of_the_contract_has_a_case(entity: str) -> None:
    shown = {reason for reason, _ in BREAKS[entity].values()} | ELSEWHERE
    # It defaults to the time of ingestion, so it cannot be missing.
    shown |= {"updated_at_missing"} if entity == "customers" else set()
    table = ENTITIES[entity]
    rules = {rule.name for rule in table.rules_of(Severity.WARN)}
    assert {*reject_reasons(table), *warn_reasons(table)} - rules - shown == set()


def test_a_phone_number_without_country_needs_a_declared_region(
    validated: Callable[..., DataFrame],
) -> None:
    records = {"local": VALID["customers"], "full": VALID["customers"] | {"phone": "+4930901820"}}
    shown = (lineage.RECORD_ID, lineage.WARNINGS, "phone")
    found = validated(records, entity="customers").select(*shown).collect()
    assert {row[0]: (row[1], row[2]) for row in found} == {
        "local": (["phone_unparsed"], None),
        "full": ([], "+4930901820"),
    }
