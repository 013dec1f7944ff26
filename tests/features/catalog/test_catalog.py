"""The catalog's entries are complete, and their SQL reads only what they declare."""

import re

import pytest

from goldrun.contracts import behaviour, entities
from goldrun.contracts.uses import USES
from goldrun.features.catalog import daily_metrics, feature_tables, totals
from goldrun.features.catalog.entry import DailyMetric, Feature
from goldrun.features.catalog.feature_tables import (
    ALL_FEATURES,
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    METRICS,
)

OF_ORDERS = {totals.FIRST_PURCHASE, totals.LAST_PURCHASE, totals.PURCHASE_DAYS, totals.SQUARED_GAPS}
every_feature = pytest.mark.parametrize("feature", ALL_FEATURES, ids=lambda f: f.name)
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)


def metrics_read_by(sql: str) -> set[str]:
    """Names of the daily metrics whose sums a feature's SQL reads."""
    words = {re.sub(r"_in_\d+$", "", word) for word in re.findall(r"\w+", sql)}
    read = words & {metric.name for metric in METRICS}
    if words & OF_ORDERS:
        read.add(daily_metrics.ORDERS)
    if totals.LAST_TRANSACTION in words:
        read.add(daily_metrics.TRANSACTIONS)
    return read


@every_feature
def test_a_feature_has_either_an_expression_or_an_aggregate(feature: Feature) -> None:
    assert bool(feature.expression) != bool(feature.aggregate)


@every_metric
def test_a_daily_metric_has_an_expression(metric: DailyMetric) -> None:
    assert metric.expression


@every_feature
def test_a_feature_declares_the_daily_metrics_that_its_sql_reads(feature: Feature) -> None:
    declared = {
        source.removeprefix("customer_daily.")
        for source in feature.made_from
        if source.startswith("customer_daily.")
    }
    assert metrics_read_by(feature.expression or feature.aggregate) == declared


def test_the_tables_have_the_columns_of_the_catalog() -> None:
    assert CUSTOMER_DAILY.columns[3:] == METRICS
    assert CUSTOMER_FEATURES.columns[2:] == ALL_FEATURES


@every_feature
def test_a_feature_is_found_by_its_name(feature: Feature) -> None:
    assert feature_tables.feature_named(feature.name) is feature


@pytest.mark.parametrize("name", ["recency_weeks", "customer_id", "as_of"])
def test_a_name_of_no_feature_is_refused(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        feature_tables.feature_named(name)


def test_no_feature_with_an_aggregate_is_named_like_a_total() -> None:
    windows = {totals.in_window(*each) for each in totals.IN_WINDOWS}
    others = {totals.OBSERVED_FROM, totals.SQUARED_GAPS, *totals.AGGREGATES}
    taken = {metric.name for metric in METRICS} | windows | others
    assert {feature.name for feature in ALL_FEATURES if feature.aggregate} & taken == set()


@every_feature
def test_a_feature_declares_the_entity_that_it_is_made_from(feature: Feature) -> None:
    """Without it, the feature is 0 and not null in a shop that does not record the entity."""
    activity = {
        f"{table.name.removeprefix('gold/')}.{column.name}": column.made_from
        for table in feature_tables.ACTIVITY
        for column in table.columns
    }
    silver = {origin for source in feature.made_from for origin in activity[source]}
    optional = {origin.partition(".")[0] for origin in silver} - {"transactions", "customers"}
    assert feature.entity in optional or (not feature.entity and not optional)


@every_feature
def test_a_feature_is_made_from_activity_columns_that_exist(feature: Feature) -> None:
    activity = {
        f"{t.name.removeprefix('gold/')}.{name}"
        for t in feature_tables.ACTIVITY
        for name in t.names
    }
    assert feature.made_from
    assert set(feature.made_from) <= activity


@every_feature
def test_a_feature_serves_known_uses(feature: Feature) -> None:
    assert feature.serves
    assert set(feature.serves) <= set(USES)
    assert len(set(feature.serves)) == len(feature.serves)


@every_feature
def test_a_share_lies_between_nothing_and_all(feature: Feature) -> None:
    assert (feature.unit == "share") == ((feature.minimum, feature.maximum) == (0, 1))


@pytest.mark.parametrize("use", USES)
def test_every_use_is_served(use: str) -> None:
    assert [c.name for c in ALL_FEATURES if use in c.serves]


def test_every_number_of_customer_daily_is_used_by_a_feature() -> None:
    used = {source for c in ALL_FEATURES for source in c.made_from}
    daily = set(CUSTOMER_DAILY.names) - set(CUSTOMER_DAILY.key)
    assert daily - {name.removeprefix("customer_daily.") for name in used} == set()


def test_a_share_among_kinds_is_made_from_the_counts_of_all_kinds() -> None:
    families = {
        "payment_share_": [daily_metrics.spend_by(method) for method in entities.PAYMENT_METHODS],
        "device_share_": [daily_metrics.sessions_on(device) for device in behaviour.DEVICES],
    }
    for prefix, whole in families.items():
        for column in ALL_FEATURES:
            if column.name.startswith(prefix):
                made_from = [name.removeprefix("customer_daily.") for name in column.made_from]
                assert made_from == whole, column.name


def test_a_feature_of_one_category_is_there_for_each() -> None:
    families = {
        "payment_share_": entities.PAYMENT_METHODS,
        "device_share_": behaviour.DEVICES,
        "event_count_": behaviour.EVENT_TYPES,
        "interaction_count_": behaviour.CHANNELS,
    }
    for prefix, kinds in families.items():
        there = [n.removeprefix(prefix) for n in CUSTOMER_FEATURES.names if n.startswith(prefix)]
        assert there == list(kinds)


def test_only_features_that_rise_with_the_calendar_are_marked_so() -> None:
    """Sums over all of a customer's past rise with the history; windows, means and shares don't."""
    growing = {c.name for c in ALL_FEATURES if c.grows_with_time}
    assert growing == {
        "purchase_frequency",
        "total_spend",
        "net_spend",
        "refunded_amount",
        "tenure_days",
        "distinct_products",
        "session_count",
        "interaction_count",
        *(f"event_count_{kind}" for kind in behaviour.EVENT_TYPES),
        *(f"interaction_count_{channel}" for channel in behaviour.CHANNELS),
    }


def test_features_are_the_numbers_of_customer_features() -> None:
    assert {c.name for c in feature_tables.NUMERIC_FEATURES} == set(CUSTOMER_FEATURES.names) - {
        "customer_id",
        "as_of",
        "last_purchase_date",
        "location",
        "customer_segment",
        "preferred_device",
        "preferred_channel",
        "usual_exit_step",
    }
