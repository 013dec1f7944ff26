"""Gold of one shop in several time zones, beside pandas and Python's own zones."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from goldrun.features.activity import Activity, customer_daily
from goldrun.features.labels import History, churn_labels
from goldrun.features.snapshots import customer_features, user_features
from tests.features.markets import ENTITIES, Market, line, silver_of

OTHERS = ("sessions", "events", "interactions")
MakeActivity = Callable[[Any], Activity]
CHANGES = {
    "Asia/Tokyo": "2024-05-01",
    "America/Los_Angeles": "2024-03-10",
    "Australia/Lord_Howe": "2024-04-07",
    "Pacific/Kiritimati": "2024-05-01",
    "America/St_Johns": "2011-11-06",
    "UTC": "2024-05-01",
}
"""A day of each zone: one on which its clocks are changed, if they are."""


def lines_around(day: str) -> list[dict[str, Any]]:
    """80 lines of 30 orders in the four days around, at whole and half hours."""
    draw = random.Random(day).randrange
    start = datetime.fromisoformat(day) - timedelta(days=2)
    return [
        line(
            *(f"c{order % 6}", f"t{n}", f"o{order}"),
            f"{start + timedelta(minutes=30 * draw(4 * 48)):%Y-%m-%d %H:%M:%S}",
            f"{draw(1, 900) / 100:.2f}",
            transaction_status="completed" if draw(4) else "pending",
        )
        for n, order in ((n, draw(30)) for n in range(80))
    ]


def expected_of(lines: list[dict[str, Any]], zone: str) -> pd.DataFrame:
    """Orders, completed lines and money by customer and day, by pandas."""
    rows = pd.DataFrame(lines)
    rows["day"] = [at.astimezone(ZoneInfo(zone)).date() for at in rows.transaction_date]
    key = ["customer_id", "day"]
    done = rows[rows.transaction_status == "completed"]
    # The days of an order are in order, though in the zone its hours need not be.
    first = done.groupby(["customer_id", "order_id"], as_index=False).day.min()
    sums = pd.DataFrame(index=rows.groupby(key).size().index).assign(
        orders=first.groupby(key).size(),
        lines=done.groupby(key).size(),
        spend=done.assign(amount=done.amount.astype(float)).groupby(key).amount.sum(),
    )
    return sums.fillna(0).reset_index()


@pytest.mark.parametrize("zone", CHANGES)
def test_days_purchases_and_recency_are_those_of_the_zone(spark: SparkSession, zone: str) -> None:
    lines = lines_around(CHANGES[zone])
    market: Market = {entity: [] for entity in ENTITIES} | {"transactions": lines}
    daily = customer_daily(silver_of(spark, market, *OTHERS, zone=zone)).localCheckpoint()
    expected = expected_of(lines, zone)
    rows = daily.selectExpr("customer_id", "day", "orders", "lines", "cast(spend as double) spend")
    found = rows.toPandas().sort_values(["customer_id", "day"], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    newest = max(expected.day)
    assert History.of(daily).observed_until == newest
    last = expected[expected.orders > 0].groupby("customer_id").day.max()
    users = user_features(daily, newest).collect()
    assert {row["user_id"]: (row["last_purchase_date"], row["recency_days"]) for row in users} == {
        who: (day, (newest - day).days) for who, day in last.items()
    }


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Tokyo", "2024-06-29T15:00:00"),
        ("America/Los_Angeles", "2024-06-30T07:00:00"),
        ("UTC", "2024-06-30T00:00:00"),
    ],
)
def test_a_purchase_moves_from_the_features_to_the_label_at_the_midnight_of_the_zone(
    spark: SparkSession, activity_with: MakeActivity, zone: str, midnight: str
) -> None:
    as_of = date(2024, 6, 30)
    begins = datetime.fromisoformat(midnight).replace(tzinfo=UTC)
    second = timedelta(seconds=1)
    times = {
        "before": begins - second,
        "at": begins,
        "last": begins + timedelta(days=30) - second,
        "after": begins + timedelta(days=30),
    }
    old = f"{begins - timedelta(days=60):%Y-%m-%d %H:%M:%S}"
    lines = [line(who, f"old {who}", f"o {who}", old, "1") for who in times]
    lines += [line(who, who, who, f"{at:%Y-%m-%d %H:%M:%S}", "2") for who, at in times.items()]
    market: Market = {entity: [] for entity in ENTITIES} | {"transactions": lines}
    daily = customer_daily(silver_of(spark, market, *OTHERS, zone=zone)).localCheckpoint()
    features = customer_features(activity_with(daily), as_of, date(2024, 1, 1)).localCheckpoint()
    orders = {row["customer_id"]: row["purchase_frequency"] for row in features.collect()}
    assert orders == {"before": 2, "at": 1, "last": 1, "after": 1}
    labels = churn_labels(daily, features, 30).collect()
    churned = {row["customer_id"]: row["churned"] for row in labels}
    assert churned == {"before": 1, "at": 0, "last": 0, "after": 1}
