"""Features as of a date count the versions of transactions that were known before it."""

from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_places,
    customer_products,
)
from goldrun.features.affected import Days, affected_days, contributing_rows
from goldrun.features.asof import with_corrections
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.labels import churn_labels
from goldrun.features.silver_tables import Silver
from goldrun.features.snapshots import snapshots, user_features
from goldrun.features.spans import in_spans
from tests.features.compared import assert_equal_features
from tests.features.computed import activity_of
from tests.features.corrections import (
    corrected_market,
    known_on,
    silver_with_history,
    versions_by_key,
)
from tests.features.markets import Market, silver_of, together
from tests.features.recomputed import features_of
from tests.features.shops import by_day
from tests.features.worlds import AS_OF, moved_to, some_worlds

RECORDED = frozenset({"customers", "transactions", "sessions", "events", "interactions"})
TABLES = (customer_daily, customer_products, customer_places)
OTHERS = ("sessions", "events", "interactions")
LONG_AGO = date(2020, 1, 1)
ZONE = "America/Los_Angeles"
DATES = [AS_OF.date() + timedelta(days=n) for n in (-40, -1, 0, 1, 2, 30, 300)]


@pytest.fixture(scope="module")
def market() -> Market:
    worlds = [moved_to(world, ZONE) for world in some_worlds(60)]
    return corrected_market(together({f"{n}/": world for n, world in enumerate(worlds)}), seed=2)


@pytest.fixture(scope="module")
def activity(spark: SparkSession, market: Market) -> Activity:
    silver = silver_with_history(spark, market, zone=ZONE).with_versions()
    made = activity_of(silver, RECORDED, has_versions=True)
    return replace(
        made,
        daily=made.daily.localCheckpoint(),
        products=made.products.localCheckpoint(),
        places=made.places.localCheckpoint(),
    )


@pytest.fixture(scope="module")
def features(activity: Activity) -> dict[tuple[str, date], dict[str, Any]]:
    rows = snapshots(activity, DATES, LONG_AGO).collect()
    return {(row["customer_id"], row["as_of"]): row.asDict() for row in rows}


@pytest.mark.parametrize("as_of", DATES, ids=str)
def test_every_feature_is_what_duckdb_finds_in_what_was_known(
    features: dict[tuple[str, date], dict[str, Any]], market: Market, as_of: date
) -> None:
    expected = features_of(known_on(market, as_of, ZONE), as_of, ZONE).sort_index()
    rows = [row for (_, day), row in features.items() if day == as_of]
    found = pd.DataFrame(rows).set_index("customer_id").drop(columns="as_of").sort_index()
    assert list(found.index) == list(expected.index)
    assert_equal_features(found, expected)


def test_the_features_of_a_date_depend_on_when_a_correction_was_made(market: Market) -> None:
    """Otherwise the test above would show nothing."""
    before, after = (known_on(market, day, ZONE) for day in (DATES[2], None))
    assert before["transactions"] != after["transactions"]
    versions = [len(each) for each in versions_by_key(market["transactions"])]
    assert max(versions) == 3
    assert 100 < sum(n > 1 for n in versions) < len(versions) / 1.5


def test_the_users_table_has_the_current_versions(
    spark: SparkSession, market: Market, activity: Activity
) -> None:
    current = silver_of(spark, known_on(market, None, ZONE), zone=ZONE)
    until = date(2025, 12, 31)
    expected = user_features(customer_daily(current), until).collect()
    found = user_features(activity.daily, until, has_versions=True).collect()
    assert sorted(found) == sorted(expected)
    assert len(found) > 50


def test_a_label_is_as_known_at_the_end_of_its_window(
    spark: SparkSession, market: Market, activity: Activity
) -> None:
    as_of, horizon = AS_OF.date() - timedelta(days=32), 32
    population = activity.daily.select("customer_id").distinct()
    population = population.withColumn(gold.AS_OF, F.lit(as_of))
    then = known_on(market, as_of + timedelta(days=horizon), ZONE)
    as_then = customer_daily(silver_of(spark, then, zone=ZONE))
    expected = sorted(churn_labels(as_then, population, horizon).collect())
    assert sorted(churn_labels(activity.daily, population, horizon).collect()) == expected
    now = customer_daily(silver_of(spark, known_on(market, None, ZONE), zone=ZONE))
    assert sorted(churn_labels(now, population, horizon).collect()) != expected


def test_a_day_that_was_never_corrected_has_one_row(activity: Activity) -> None:
    rows = activity.daily.groupBy("customer_id", "day").agg(
        F.min("known_from").alias("first"), F.count("*").alias("n")
    )
    counts = rows.where("n = 1").where("first = day").count(), rows.where("n > 1").count()
    assert min(counts) > 50
    assert activity.daily.where("known_from < day").isEmpty()


def test_the_rows_of_a_day_add_up_to_its_current_activity(
    spark: SparkSession, market: Market, activity: Activity
) -> None:
    current = customer_daily(silver_of(spark, known_on(market, None, ZONE), zone=ZONE))
    # Without versions, whether an interaction follows an order is what the current ones say too.
    expected = with_corrections(current, CUSTOMER_DAILY)
    assert by_day(with_corrections(activity.daily, CUSTOMER_DAILY)) == by_day(expected)


def test_spans_of_days_have_the_activity_of_the_whole(spark: SparkSession, market: Market) -> None:
    silver = silver_with_history(spark, market, *OTHERS, zone=ZONE).with_versions()
    spans = in_spans(silver, 40)
    assert len(spans) > 3
    for compute in TABLES:
        found: dict[tuple[object, ...], list[str]] = {}
        for span in spans:
            found |= by_day(compute(span))
        assert found == by_day(compute(silver))


@pytest.mark.parametrize("seed", range(2))
def test_only_the_days_that_a_correction_affects_change(
    spark: SparkSession, market: Market, seed: int
) -> None:
    """Some versions come later; recomputing the days that they affect equals a full build."""
    late = {f"{row['record_id']}" for n, row in enumerate(market["transactions"]) if n % 29 == seed}
    rows = [row for row in market["transactions"] if row["record_id"] not in late]
    before = silver_with_history(spark, market | {"transactions": rows}, *OTHERS, zone=ZONE)
    after = silver_with_history(spark, market, *OTHERS, zone=ZONE)

    images = changes(before, after).localCheckpoint()
    pairs = affected_days(images, after).localCheckpoint()
    days = Days(
        pairs,
        *pairs.agg(F.count("*"), F.min(daily_metrics.DAY), F.max(daily_metrics.DAY)).collect()[0],
    )
    part = contributing_rows(days, after).with_versions()
    affected = {(row[0], row[1]) for row in pairs.collect()}
    for compute in TABLES:
        old, new = by_day(compute(before)), by_day(compute(after))
        assert by_day(days.of(compute(part))) == {k: v for k, v in new.items() if k in affected}
        assert {k for k in old.keys() | new.keys() if old.get(k) != new.get(k)} <= affected
    customers = pairs.select("customer_id").distinct()
    theirs = {row[0] for row in customers.collect()}
    for compute in TABLES:
        found = by_day(compute(after.of(customers)))
        expected = {k: v for k, v in by_day(compute(after)).items() if k[0] in theirs}
        assert {k: v for k, v in found.items() if k[0] in theirs} == expected


def changes(before: Silver, after: Silver) -> DataFrame:
    """The rows of a change data feed: of silver and of its history, before and after."""
    parts: list[DataFrame] = []
    for name in ("transactions", "transactions_history"):
        old, new = getattr(before, name), getattr(after, name)
        parts += [old.exceptAll(new), new.exceptAll(old)]
    columns = ["customer_id", "order_id", "transaction_id", "transaction_date"]
    return reduce(DataFrame.unionByName, [part.select(*columns) for part in parts])
