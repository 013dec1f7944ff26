"""Each reason has a record with only that fault, and a record on the boundary without it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.table import Severity
from goldrun.medallion.quarantine import RAW_LINE, quarantined
from goldrun.medallion.silver import accepted, rejected, with_content_hash

Change = Mapping[str, str | None]
Valid = dict[str, str | None]
Reasons = dict[str, list[str]]

BREAKS: dict[str, tuple[str, Change]] = {
    f"{name} empty": (f"{name}_missing", {name: None})
    for name in (
        "customer_id",
        "quantity",
        "amount",
        "transaction_status",
    )
} | {
    "customer blank": ("customer_id_missing", {"customer_id": "  "}),
    "malformed": ("record_malformed", {"malformed": "a;line"}),
    "undecodable": ("record_undecodable", {"product_id": "caf\ufffd"}),
    "quantity text": ("quantity_unparsed", {"quantity": "one"}),
    "quantity five decimals": ("quantity_digits_lost", {"quantity": "0.43501"}),
    "amount text": ("amount_unparsed", {"amount": "Infinity"}),
    "amount five decimals": ("amount_digits_lost", {"amount": "7.00001"}),
    "date unreadable": ("transaction_date_unparsed", {"transaction_date": "2024-02-30"}),
    "date local": ("transaction_date_without_zone", {"transaction_date": "2024-05-01 10:00"}),
    "update unreadable": ("updated_at_unparsed", {"updated_at": "soon"}),
    "update local": ("updated_at_without_zone", {"updated_at": "2024-05-01 10:00"}),
    "date too exact": (
        "transaction_date_digits_lost",
        {"transaction_date": "2024-05-01T10:00:00.0000001Z"},
    ),
    "update too exact": (
        "updated_at_digits_lost",
        {"updated_at": "2024-05-01T11:00:00.1234567Z"},
    ),
    "status other": ("transaction_status_not_allowed", {"transaction_status": "finished"}),
    "currency of nobody": ("currency_unparsed", {"currency": "ZZZ"}),
    "currency for tests": ("currency_unparsed", {"currency": "XTS"}),
    "currency symbol": ("currency_unparsed", {"currency": "£"}),
    "price negative": ("price_negative", {"price": "-0.0001"}),
    "quantity zero": ("quantity_not_positive", {"quantity": "0"}),
    "quantity negative": ("quantity_not_positive", {"quantity": "-1"}),
    "amount negative": ("amount_negative", {"amount": "-0.0001"}),
    "amount negative, unpaid": (
        "amount_negative",
        {"amount": "-7", "transaction_status": "pending"},
    ),
    "date too late": (
        "transaction_date_in_future",
        {"transaction_date": "2024-06-02T12:00:00.000001Z"},
    ),
    "date of a default": (
        "transaction_date_long_ago",
        {"transaction_date": "1970-01-01T00:00:00Z"},
    ),
    "price beyond all": ("price_out_of_range", {"price": "100000000000.0001"}),
    "amount beyond all": ("amount_out_of_range", {"amount": "100000000000.0001"}),
    "update too late": ("updated_at_in_future", {"updated_at": "2999-01-01T00:00:00Z"}),
}
"""Changes of a valid record, and the one reason that follows."""

EMPTIED: dict[str, tuple[str, Change]] = {
    "price text": ("price_unparsed", {"price": "free"}),
    "price five decimals": ("price_digits_lost", {"price": "3.50001"}),
    "price beyond its type": ("price_unparsed", {"price": "1e400"}),
    "payment other": ("payment_method_not_allowed", {"payment_method": "barter"}),
}
"""Changes of an optional value, and the warning with which it is emptied."""

KEEPS: dict[str, Change] = {
    "valid": {},
    "no price": {"price": None},
    "free item": {"price": "0"},
    "smallest price": {"price": "0.0001"},
    "one piece": {"quantity": "1"},
    "one piece as a decimal": {"quantity": "1.0"},
    "a weight": {"quantity": "0.435"},
    "given away": {"amount": "0"},
    "taken back": {"quantity": "-1", "amount": "-7", "transaction_status": "cancelled"},
    "nothing taken back": {"quantity": "0", "transaction_status": "cancelled"},
    "refund of its own": {"quantity": "-1", "amount": "-7", "transaction_status": "refunded"},
    "part of the money": {"quantity": "0", "amount": "-0.5", "transaction_status": "refunded"},
    "a day ahead": {"transaction_date": "2024-06-02T12:00:00Z"},
    "extreme": {"quantity": "80995"},
    "four decimals": {"price": "3.5001", "amount": "7.00020000"},
    "no product": {"product_id": None, "currency": None, "payment_method": " "},
    "no order": {"order_id": None},
    "currency of a union": {"currency": "xof"},
    "currency of then": {"currency": "HRK"},
    "no update": {"updated_at": ""},
    "status shouted": {"transaction_status": " COMPLETED "},
    "status by another name": {"transaction_status": "Canceled"},
    "payment by another name": {"payment_method": "Apple-Pay"},
    **{f"status {s}": {"transaction_status": s} for s in ("pending", "refunded", "failed")},
}

CAUGHT_WITH_THEIR_DEFAULT: dict[str, tuple[str, Change]] = {
    "no identity": ("transaction_id_missing", {"transaction_id": None}),
    "no date": ("transaction_date_missing", {"transaction_date": None}),
}


@pytest.fixture(scope="module")
def reasons(valid: Valid, reasons_of: Callable[..., Reasons]) -> Reasons:
    changed = {name: change for name, (_, change) in BREAKS.items()} | KEEPS
    changed |= {name: change for name, (_, change) in CAUGHT_WITH_THEIR_DEFAULT.items()}
    return reasons_of({name: valid | dict(change) for name, change in changed.items()})


@pytest.mark.parametrize("case", BREAKS)
def test_one_fault_has_one_reason(reasons: Reasons, case: str) -> None:
    assert reasons[case] == [BREAKS[case][0]]


@pytest.mark.parametrize("case", CAUGHT_WITH_THEIR_DEFAULT)
def test_a_missing_default_is_reported_once_if_the_other_columns_have_values(
    reasons: Reasons, case: str
) -> None:
    assert reasons[case] == [CAUGHT_WITH_THEIR_DEFAULT[case][0]]


@pytest.mark.parametrize("case", KEEPS)
def test_a_record_on_the_boundary_is_accepted(reasons: Reasons, case: str) -> None:
    assert reasons[case] == []


@pytest.mark.parametrize("strict", [False, True])
def test_a_fault_of_an_optional_value_empties_it_or_rejects_where_the_source_says_so(
    valid: Valid, validated: Callable[..., DataFrame], strict: bool
) -> None:
    records = {case: valid | dict(change) for case, (_, change) in EMPTIED.items()}
    rejects = tuple({warning for warning, _ in EMPTIED.values()}) if strict else ()
    rows = validated(records | {"fine": valid}, rejects=rejects).collect()
    found = {row[lineage.RECORD_ID]: row for row in rows}
    for case, (warning, change) in EMPTIED.items():
        row = found.pop(case)
        assert list(row[lineage.REASONS]) == ([warning] if strict else []), case
        assert list(row[lineage.WARNINGS]) == ([] if strict else [warning]), case
        (column,) = change
        assert strict or row[column] is None, case
        assert (str(row.amount), row.quantity) == ("7.0000", 2), case
    assert list(found["fine"][lineage.WARNINGS]) == []
    assert str(found["fine"].price) == "3.5000"


def test_a_shop_rejects_free_items_where_it_says_so(
    valid: Valid, reasons_of: Callable[..., Reasons]
) -> None:
    records = {"free": valid | {"price": "0"}, "none": valid | {"price": None}, "fine": valid}
    assert reasons_of(records) == {"free": [], "none": [], "fine": []}
    strict = reasons_of(records, rejects=("price_not_positive",))
    assert strict == {"free": ["price_not_positive"], "none": [], "fine": []}


def test_every_warning_about_a_value_has_a_test_case() -> None:
    shown = {warning for warning, _ in EMPTIED.values()}
    rules = {rule.name for rule in TRANSACTIONS.rules_of(Severity.WARN)}
    assert shown == set(warn_reasons(TRANSACTIONS)) - rules


def test_every_reason_of_the_contract_has_a_test_case() -> None:
    shown = {reason for reason, _ in (*BREAKS.values(), *CAUGHT_WITH_THEIR_DEFAULT.values())}
    # Their defaults are required columns, so these two cannot be missing alone.
    shown |= {"order_id_missing", "updated_at_missing"}
    # These need other tables or other rows.
    shown |= {"customer_unknown", "currency_without_rate", "key_not_unique"}
    assert shown == set(reject_reasons(TRANSACTIONS))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"transaction_date": "2024-02-30"}, "transaction_date_unparsed"),
        ({"transaction_date": "2024-05-01 10:00"}, "transaction_date_without_zone"),
        ({"transaction_date": None}, "transaction_date_missing"),
        ({"transaction_id": None}, "transaction_id_missing"),
    ],
)
def test_a_fault_is_not_repeated_for_columns_that_default_to_it(
    valid: Valid, reasons_of: Callable[..., Reasons], change: Change, reason: str
) -> None:
    mapped = [n for n in TRANSACTIONS.names if n not in {"order_id", "updated_at"}]
    assert reasons_of({"r": valid | dict(change)}, mapped=mapped)["r"] == [reason]


def test_all_faults_of_a_record_are_reported(
    valid: Valid, reasons_of: Callable[..., Reasons]
) -> None:
    change = {"customer_id": None, "price": "-1", "quantity": "x"}
    assert set(reasons_of({"r": valid | change})["r"]) == {
        "customer_id_missing",
        "price_negative",
        "quantity_unparsed",
    }


def test_reasons_are_listed_in_the_contract(reasons: Reasons) -> None:
    assert {r for found in reasons.values() for r in found} <= set(reject_reasons(TRANSACTIONS))


def test_defaults_replace_unmapped_and_empty_values(
    valid: Valid, validated: Callable[..., DataFrame]
) -> None:
    mapped = [n for n in TRANSACTIONS.names if n not in {"order_id", "updated_at", "currency"}]
    rows = validated({"r": valid}, mapped=mapped).collect()
    assert rows[0]["order_id"] == "t1"
    assert rows[0]["updated_at"] == rows[0]["transaction_date"]
    assert rows[0]["currency"] is None
    emptied = validated({"r": valid | {"order_id": " ", "updated_at": None}}).collect()
    assert (emptied[0]["order_id"], emptied[0]["updated_at"]) == ("t1", rows[0]["transaction_date"])


def test_a_valid_record_becomes_typed_values(
    valid: Valid, validated: Callable[..., DataFrame]
) -> None:
    frame = validated({"r": valid})
    types = {f.name: f.dataType for f in frame.schema.fields}
    assert {c.name: types[c.name] for c in TRANSACTIONS.columns} == {
        c.name: c.type for c in TRANSACTIONS.columns
    }
    row = frame.select("quantity", F.unix_seconds("transaction_date")).collect()[0]
    assert row[0] == 2
    assert datetime.fromtimestamp(row[1], UTC) == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_quarantine_keeps_the_raw_record_with_unmapped_columns(
    valid: Valid, validated: Callable[..., DataFrame]
) -> None:
    raw = valid | {"price": " -3.50 ", "gift note": 'say "hi"\\n', "currency": None}
    # Computed once, as silver does: both parts would be planned from the text again, for a minute.
    both = validated({"rejected": raw, "fine": valid}).localCheckpoint()
    in_quarantine, in_silver = (
        quarantined(rejected(both), "transactions"),
        with_content_hash(accepted(both), TRANSACTIONS),
    )
    rows = in_quarantine.collect()
    assert [row[lineage.RECORD_ID] for row in rows] == ["rejected"]
    stored = {name: text for name, text in raw.items() if text is not None}
    assert json.loads(rows[0][lineage.RECORD]) | {"currency": None} == stored | {"currency": None}
    assert (rows[0][lineage.ENTITY], rows[0][lineage.STATE], rows[0][lineage.FILE]) == (
        "transactions",
        "open",
        "shop.csv",
    )
    assert rows[0][lineage.REASONS] == ["price_negative"]
    assert rows[0][lineage.RELEASED_AT] is None
    assert in_quarantine.columns == list(lineage.QUARANTINE.names)
    assert [row[lineage.RECORD_ID] for row in in_silver.collect()] == ["fine"]
    assert in_silver.columns == list(lineage.silver_table(TRANSACTIONS).names)


def test_a_malformed_line_has_one_reason_and_keeps_its_text(
    valid: Valid, validated: Callable[..., DataFrame]
) -> None:
    cut = {"transaction_id": "t9", "malformed": 't9,"cut'}
    (row,) = quarantined(validated({"cut": cut}), "transactions").collect()
    assert row[lineage.REASONS] == ["record_malformed"]
    assert json.loads(row[lineage.RECORD]) == {RAW_LINE: 't9,"cut'}


DIFFERENT: dict[str, Change] = {
    "same": {},
    "transaction_id": {"transaction_id": "t2"},
    "order_id": {"order_id": "o2"},
    "customer_id": {"customer_id": "c2"},
    "product_id": {"product_id": "p2"},
    "product none": {"product_id": None},
    "quantity": {"quantity": "3"},
    "price": {"price": "3.5001"},
    "amount": {"amount": "7.0001"},
    "currency": {"currency": "EUR"},
    "currency none": {"currency": None},
    "payment": {"payment_method": "cash"},
    "payment none": {"payment_method": None},
    "value moved": {"product_id": None, "order_id": "p1"},
    "value moved back": {"product_id": "card", "payment_method": None},
    "date": {"transaction_date": "2024-05-01T10:00:00.001Z"},
    "date by a microsecond": {"transaction_date": "2024-05-01T10:00:00.000001Z"},
    "status": {"transaction_status": "pending"},
    "update": {"updated_at": "2024-05-01T11:00:00.001Z"},
    "update by a microsecond": {"updated_at": "2024-05-01T11:00:00.000001Z"},
}


@pytest.fixture(scope="module")
def hashes(valid: Valid, validated: Callable[..., DataFrame]) -> dict[str, str]:
    records = {name: valid | dict(change) for name, change in DIFFERENT.items()}
    records["written otherwise"] = valid | {
        "price": " 3.5000",
        "amount": "7",
        "transaction_date": "2024-05-01T12:00:00+02:00",
        "transaction_status": "Complete",
        "payment_method": "Credit Card",
        "currency": "gbp",
    }
    hashed = with_content_hash(validated(records), TRANSACTIONS)
    return {r[lineage.RECORD_ID]: r[lineage.CONTENT_HASH] for r in hashed.collect()}


@pytest.mark.parametrize("case", [name for name in DIFFERENT if name != "same"])
def test_the_content_hash_differs_when_any_column_differs(
    hashes: dict[str, str], case: str
) -> None:
    others = {h for name, h in hashes.items() if name not in {case, "written otherwise"}}
    assert len(others) >= len(DIFFERENT) - 3
    assert hashes[case] not in others


def test_the_content_hash_depends_on_values_and_not_on_notation(hashes: dict[str, str]) -> None:
    assert hashes["written otherwise"] == hashes["same"]
    assert len(hashes["same"]) == 64
