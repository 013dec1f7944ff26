"""Each reason to refuse a record has a remedy, and the columns that it is about."""

import pytest

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import (
    RECORD_MALFORMED,
    RECORD_UNDECODABLE,
    reject_reasons,
    warn_reasons,
)
from goldrun.contracts.remedies import columns_at_fault, remedy

TRANSACTIONS = ENTITIES["transactions"]
OF_THE_RECORD = {
    *(RECORD_MALFORMED, RECORD_UNDECODABLE),
    *("key_conflict", "key_not_unique", "currency_without_rate"),
}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_reason_of_every_entity_names_what_to_look_at(entity: str) -> None:
    table = ENTITIES[entity]
    for reason in {**reject_reasons(table), **warn_reasons(table)}:
        assert remedy(table, entity, reason), reason
        assert bool(columns_at_fault(table, reason)) != (reason in OF_THE_RECORD), reason


@pytest.mark.parametrize(
    ("reason", "looked_at"),
    [
        ("transaction_date_unparsed", "timestamp_format under [transactions]"),
        ("transaction_date_without_zone", "timezone"),
        ("transaction_date_in_future", "timezone and timestamp_format"),
        ("customer_unknown", "path under [customers]"),
        ("amount_missing", "the expression of amount under [transactions.columns]"),
        ("price_unparsed", "the expression of price under [transactions.columns]"),
        ("payment_method_not_allowed", "[transactions.values.payment_method]"),
        ("price_not_positive", "the expression of price under [transactions.columns]"),
        ("quantity_not_positive", "quantity and transaction_status under"),
        ("record_malformed", "delimiter and format under [transactions]"),
        ("currency_without_rate", "the rates file"),
    ],
)
def test_a_reason_names_the_key_of_the_toml(reason: str, looked_at: str) -> None:
    assert looked_at in str(remedy(TRANSACTIONS, "transactions", reason))


def test_a_reason_that_no_contract_has_has_no_remedy() -> None:
    assert remedy(TRANSACTIONS, "transactions", "moon_in_the_way") is None
    assert columns_at_fault(TRANSACTIONS, "moon_in_the_way") == ()
