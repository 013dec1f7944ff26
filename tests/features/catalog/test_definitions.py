"""A changed expression, column or version of code changes its fingerprint, and no other."""

from dataclasses import replace

import pytest

from goldrun.features.catalog import definitions, feature_tables, totals
from goldrun.features.catalog.definitions import ROWS, TOTALS, changed_definitions
from goldrun.features.catalog.entry import DailyMetric
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES

ALL = frozenset({"transactions", "sessions", "events", "interactions", "customers"})


def changed(before: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Names of the definitions that are other ones now, by table."""
    now = definitions.definitions(ALL)
    found = {table: changed_definitions(before[table], now[table]) for table in now}
    return {table: names for table, names in found.items() if names}


@pytest.fixture
def before() -> dict[str, dict[str, str]]:
    return definitions.definitions(ALL)


def test_equal_definitions_have_equal_fingerprints(before: dict[str, dict[str, str]]) -> None:
    assert changed(before) == {}


def test_a_changed_expression_is_named(
    before: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    spend = CUSTOMER_DAILY.column("spend")
    assert isinstance(spend, DailyMetric)
    other = [
        replace(spend, expression="count(*)") if c is spend else c for c in CUSTOMER_DAILY.columns
    ]
    daily = replace(CUSTOMER_DAILY, columns=tuple(other))
    monkeypatch.setattr(definitions, "ACTIVITY", (daily, *feature_tables.ACTIVITY[1:]))
    assert changed(before) == {CUSTOMER_DAILY.name: ["spend"]}


def test_a_column_that_is_new_or_gone_is_named(
    before: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *rest = [c for c in CUSTOMER_FEATURES.columns if c.name != "as_of"]
    table = replace(CUSTOMER_FEATURES, columns=(first, replace(second, name="new"), *rest))
    monkeypatch.setattr(definitions, "CUSTOMER_FEATURES", table)
    assert changed(before) == {CUSTOMER_FEATURES.name: sorted(["as_of", "new", second.name])}


def test_the_versions_of_code_are_definitions(
    before: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "ROWS_VERSION", definitions.ROWS_VERSION + 1)
    assert changed(before) == {table.name: [ROWS] for table in feature_tables.ACTIVITY}
    monkeypatch.undo()
    monkeypatch.setattr(totals, "IN_WINDOWS", totals.IN_WINDOWS[1:])
    assert set(map(tuple, changed(before).values())) == {(TOTALS,)}


def test_features_of_an_entity_change_when_a_shop_begins_to_record_it(
    before: dict[str, dict[str, str]],
) -> None:
    without = definitions.definitions(ALL - {"sessions"})
    found = changed(without)
    assert set(found) == {CUSTOMER_FEATURES.name}
    assert "session_count" in found[CUSTOMER_FEATURES.name]
    assert "total_spend" not in found[CUSTOMER_FEATURES.name]
