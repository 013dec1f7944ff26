"""Features of activity that is summed up between dates are those of a pass for each date."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from goldrun.features.activity import Activity
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.entry import Feature
from goldrun.features.snapshots import snapshots, snapshots_of_sums
from goldrun.features.sums_between import sums_between
from tests.features.compared import assert_equal_features
from tests.features.computed import activity_of
from tests.features.markets import Market, silver_of, together
from tests.features.recomputed import features_of
from tests.features.worlds import AS_OF, moved_to, some_worlds

RECORDED = frozenset({"customers", "transactions", "sessions", "events", "interactions"})
LONG_AGO = date(2020, 1, 1)
ZONE = "America/Los_Angeles"
DATES = [AS_OF.date() + timedelta(days=n) for n in (1, -150, -40, 2, -1, 0, 300, 0)]


@pytest.fixture(scope="module")
def market() -> Market:
    worlds = [moved_to(world, ZONE) for world in some_worlds(60)]
    return together({f"{n}/": world for n, world in enumerate(worlds)})


@pytest.fixture(scope="module")
def activity(spark: SparkSession, market: Market) -> Activity:
    made = activity_of(silver_of(spark, market, zone=ZONE), RECORDED)
    names = ("daily", "products", "responses", "places")
    return replace(made, **{name: getattr(made, name).localCheckpoint() for name in names})


def of_sums(activity: Activity, at_once: int) -> list[dict[str, Any]]:
    """Features as of the dates, from one computation of the sums; so many dates a part."""
    between, dates = sums_between(activity, DATES, staged=True), sorted({*DATES})
    parts = [dates[first : first + at_once] for first in range(0, len(dates), at_once)]
    computed = [snapshots_of_sums(between, part, LONG_AGO) for part in parts]
    found = [row.asDict() for rows in computed for row in rows.collect()]
    return sorted(found, key=lambda row: (row["as_of"], row["customer_id"]))


def of_days(activity: Activity) -> list[dict[str, Any]]:
    found = [row.asDict() for row in snapshots(activity, DATES, LONG_AGO).collect()]
    return sorted(found, key=lambda row: (row["as_of"], row["customer_id"]))


@pytest.fixture(scope="module")
def features(activity: Activity) -> list[dict[str, Any]]:
    return of_sums(activity, at_once=3)


@pytest.mark.parametrize("as_of", sorted({*DATES}), ids=str)
def test_every_feature_is_what_duckdb_finds(
    features: list[dict[str, Any]], market: Market, as_of: date
) -> None:
    expected = features_of(market, as_of, ZONE).sort_index()
    rows = [row for row in features if row["as_of"] == as_of]
    found = pd.DataFrame(rows).set_index("customer_id").drop(columns="as_of")
    assert list(found.index) == list(expected.index)
    assert_equal_features(found, expected)


def test_they_are_exactly_those_of_a_pass_for_each_date(
    features: list[dict[str, Any]], activity: Activity
) -> None:
    assert features == of_days(activity)
    assert len({row["as_of"] for row in features}) == len({*DATES})


def test_a_date_by_itself_has_the_same_features(
    features: list[dict[str, Any]], activity: Activity
) -> None:
    assert of_sums(activity, at_once=1) == features


def test_a_shop_of_transactions_alone_has_no_features_of_other_entities(
    activity: Activity,
) -> None:
    alone = replace(activity, recorded=frozenset({"customers", "transactions"}))
    found = of_sums(alone, at_once=10)
    assert found == of_days(alone)
    others = [each.name for each in feature_tables.ALL_FEATURES if each.entity]
    assert {row[name] for row in found for name in others} == {None}


def test_a_feature_with_an_aggregate_of_its_own_is_computed_from_the_days(
    activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Feature(
        "busiest_day",
        T.LongType(),
        "Most transactions of a day.",
        aggregate="max(transactions) - min(transactions)",
    )
    several = (*feature_tables.ALL_FEATURES, own)
    table = feature_tables.CUSTOMER_FEATURES
    monkeypatch.setattr(feature_tables, "ALL_FEATURES", several)
    monkeypatch.setattr(
        f"{snapshots.__module__}.CUSTOMER_FEATURES",
        replace(table, columns=(*table.columns, own)),
    )
    found = of_sums(activity, at_once=2)
    assert found == of_days(activity)
    assert len({row["busiest_day"] for row in found}) > 2


def test_corrected_days_are_refused(activity: Activity) -> None:
    with pytest.raises(ValueError, match="corrected later do not add up"):
        sums_between(replace(activity, has_versions=True), DATES)
