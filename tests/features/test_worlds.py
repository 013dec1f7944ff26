"""Many random marketplaces at once: every feature again in DuckDB, and nothing from later."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.features.snapshots import customer_features
from tests.features.compared import assert_equal_features
from tests.features.computed import activity_of
from tests.features.markets import Market, silver_of, together
from tests.features.recomputed import features_of
from tests.features.worlds import AS_OF, known_before, midnight_in, moved_to, some_worlds

RECORDED = frozenset({"customers", "transactions", "sessions", "events", "interactions"})
LONG_AGO = date(2020, 1, 1)
WORLDS = 150
ZONE = "America/Los_Angeles"
"""Its clocks are changed twice in the time of the worlds."""


@pytest.fixture(scope="module")
def whole() -> Market:
    """Every world as it is, and without what happened on and after the date."""
    worlds = [moved_to(world, ZONE) for world in some_worlds(WORLDS)]
    assert len(worlds) == WORLDS
    return together(
        {f"{n}/all/": world for n, world in enumerate(worlds)}
        | {f"{n}/past/": known_before(world, midnight_in(ZONE)) for n, world in enumerate(worlds)}
    )


@pytest.fixture(scope="module")
def features(spark: SparkSession, whole: Market) -> dict[str, dict[str, Any]]:
    activity = activity_of(silver_of(spark, whole, zone=ZONE), RECORDED)
    activity.daily.persist()
    rows = customer_features(activity, AS_OF.date(), LONG_AGO).collect()
    activity.daily.unpersist()
    return {row["customer_id"]: row.asDict() for row in rows}


def test_deleting_what_happens_on_and_after_the_date_changes_no_feature(
    features: dict[str, dict[str, Any]],
) -> None:
    def of(kind: str) -> dict[str, dict[str, Any]]:
        return {
            who.replace(kind, ""): {n: v for n, v in row.items() if n != "customer_id"}
            for who, row in features.items()
            if kind in who
        }

    assert of("/all/") == of("/past/")
    assert len(of("/all/")) > 150


def test_every_feature_is_what_duckdb_finds(
    features: dict[str, dict[str, Any]], whole: Market
) -> None:
    expected = features_of(whole, AS_OF.date(), ZONE).sort_index()
    found = pd.DataFrame(features.values()).set_index("customer_id").drop(columns="as_of")
    assert set(expected) == set(found)
    assert {*expected, "customer_id", "as_of"} == set(CUSTOMER_FEATURES.names)
    assert_equal_features(found.sort_index(), expected)


def test_the_worlds_reach_every_feature(features: dict[str, dict[str, Any]]) -> None:
    """A feature that is the same for everyone here would be tested for nothing."""
    table = pd.DataFrame(features.values()).drop(columns=["customer_id", "as_of"])
    assert {name for name in table if table[name].nunique() < 2} == set()
