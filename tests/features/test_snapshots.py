"""What is known as of a date: nothing from that day on, and nothing that is not known."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.features.activity import Activity
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.snapshots import customer_features, snapshots, user_features

MakeDaily = Callable[..., DataFrame]
MakeActivity = Callable[[DataFrame], Activity]
AS_OF = date(2024, 6, 30)
LONG_AGO = date(2023, 1, 1)


def of(rows: DataFrame, key: str = "customer_id") -> dict[str, dict[str, Any]]:
    return {row[key]: row.asDict() for row in rows.collect()}


def ago(days: int) -> str:
    return str(AS_OF - timedelta(days=days))


@pytest.fixture(scope="module")
def features(daily_of: MakeDaily, activity_with: MakeActivity) -> dict[str, dict[str, Any]]:
    """Customers who bought once, so many days before the date, each at 10."""
    days = [(f"{n}", ago(n), 1, "10") for n in (-1, 0, 1, 30, 31, 90, 91, 180, 181)]
    rows = customer_features(activity_with(daily_of(*days)), AS_OF, LONG_AGO)
    assert [(f.name, f.dataType) for f in rows.schema.fields] == [
        (c.name, c.type) for c in CUSTOMER_FEATURES.columns
    ]
    return of(rows)


def test_who_bought_the_day_before_is_there_and_who_bought_on_the_day_is_not(
    features: dict[str, Any],
) -> None:
    assert set(features) == {"1", "30", "31", "90", "91", "180", "181"}


@pytest.mark.parametrize(
    ("bought_days_ago", "in_30", "in_90", "in_180"),
    [
        (1, 1, 1, 1),
        (30, 1, 1, 1),
        (31, 0, 1, 1),
        (90, 0, 1, 1),
        (91, 0, 0, 1),
        (180, 0, 0, 1),
        (181, 0, 0, 0),
    ],
)
def test_a_window_of_n_days_holds_the_nth_day_before_and_not_the_one_before_that(
    features: dict[str, Any], bought_days_ago: int, in_30: int, in_90: int, in_180: int
) -> None:
    row = features[str(bought_days_ago)]
    assert [row[f"transaction_frequency_last_{n}_days"] for n in (30, 90, 180)] == [
        in_30,
        in_90,
        in_180,
    ]
    assert [row[f"spend_last_{n}_days"] for n in (30, 90, 180)] == [
        10 * in_30,
        10 * in_90,
        10 * in_180,
    ]


def test_recency_and_tenure_are_days_to_the_date(features: dict[str, Any]) -> None:
    assert (features["1"]["recency_days"], features["1"]["tenure_days"]) == (1, 1)
    assert (features["181"]["recency_days"], features["181"]["tenure_days"]) == (181, 181)


def test_recency_is_from_the_last_and_tenure_from_the_first_completed_order(
    daily_of: MakeDaily,
    activity_with: MakeActivity,
) -> None:
    daily = daily_of(
        ("c", ago(50), 0, "0", 1),
        ("c", ago(40), 1, "30"),
        ("c", ago(20), 2, "12.5"),
        ("c", ago(3), 0, "0", 1),
    )
    row = of(customer_features(activity_with(daily), AS_OF, LONG_AGO))["c"]
    assert (row["recency_days"], row["tenure_days"]) == (20, 40)
    assert row["last_purchase_date"] == AS_OF - timedelta(days=20)
    assert (row["purchase_frequency"], row["total_spend"]) == (3, Decimal("42.5"))
    assert row["avg_transaction_value"] == Decimal("14.1667")
    assert row["cancellation_rate"] == 2 / 5


def test_who_never_completed_an_order_is_not_there(
    daily_of: MakeDaily, activity_with: MakeActivity
) -> None:
    daily = daily_of(("c", ago(5), 0, "0", 3), ("d", ago(5), 1, "1"))
    assert set(of(customer_features(activity_with(daily), AS_OF, LONG_AGO))) == {"d"}


@pytest.mark.parametrize(
    ("history_days", "known"),
    [
        (29, set[int]()),
        (30, {30}),
        (89, {30}),
        (90, {30, 90}),
        (179, {30, 90}),
        (180, {30, 90, 180}),
    ],
)
def test_a_window_that_is_longer_than_the_history_is_null(
    daily_of: MakeDaily, activity_with: MakeActivity, history_days: int, known: set[int]
) -> None:
    daily = daily_of(("c", ago(5), 1, "10"))
    row = of(customer_features(activity_with(daily), AS_OF, AS_OF - timedelta(days=history_days)))[
        "c"
    ]
    for name in ("transaction_frequency", "spend"):
        found = {n for n in (30, 90, 180) if row[f"{name}_last_{n}_days"] is not None}
        assert found == known


def test_what_happens_on_and_after_the_date_changes_nothing(
    daily_of: MakeDaily, activity_with: MakeActivity
) -> None:
    past = [
        (
            f"c{n % 7}",
            str(date(2024, 1, 1) + timedelta(days=5 * n)),
            n % 3,
            f"{n % 3 * 7}.25",
            n % 2,
        )
        for n in range(36)
    ]
    future = [
        (f"c{n % 9}", str(AS_OF + timedelta(days=n)), 1 + n % 3, "999", n % 2) for n in range(40)
    ]
    with_future = customer_features(activity_with(daily_of(*past, *future)), AS_OF, LONG_AGO)
    without = customer_features(activity_with(daily_of(*past)), AS_OF, LONG_AGO)
    assert of(with_future) == of(without)
    assert of(without)


def test_several_dates_stack_what_each_one_gives_alone(
    daily_of: MakeDaily, activity_with: MakeActivity
) -> None:
    daily = daily_of(("c", "2024-01-10", 1, "10"), ("c", "2024-03-10", 1, "20"))
    dates = [date(2024, 2, 1), date(2024, 4, 1)]
    stacked = snapshots(activity_with(daily), dates, LONG_AGO).collect()
    alone = [
        row for d in dates for row in customer_features(activity_with(daily), d, LONG_AGO).collect()
    ]
    assert sorted(stacked) == sorted(alone)
    assert {row["as_of"]: row["total_spend"] for row in stacked} == {
        dates[0]: Decimal(10),
        dates[1]: Decimal(30),
    }


def test_an_average_is_rounded_once(daily_of: MakeDaily, activity_with: MakeActivity) -> None:
    spends = {"a": (101, "0.0050"), "b": (3, "10"), "c": (199, "12.3456"), "d": (2, "0.0001")}
    daily = daily_of(*[(who, ago(5), n, spend) for who, (n, spend) in spends.items()])
    found = of(customer_features(activity_with(daily), AS_OF, LONG_AGO))
    expected = {
        who: (Decimal(spend) / n).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        for who, (n, spend) in spends.items()
    }
    assert {who: row["avg_transaction_value"] for who, row in found.items()} == expected


# The users' table ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def users(daily_of: MakeDaily) -> dict[str, dict[str, Any]]:
    daily = daily_of(
        ("today", "2024-06-30", 1, "10"),
        ("yesterday", "2024-06-29", 1, "10"),
        ("cents", "2024-06-01", 3, "0.0150"),
        ("half", "2024-06-01", 1, "2.6750"),
        ("late", "2024-06-01", 2, "0.0098"),
        ("gone", "2024-06-30", 0, "0", 1),
    )
    rows = user_features(daily, date(2024, 6, 30))
    assert [(f.name, f.dataType) for f in rows.schema.fields] == [
        (c.name, c.type) for c in USER_FEATURES.columns
    ]
    return of(rows, "user_id")


def test_who_bought_on_the_last_day_has_recency_zero(users: dict[str, Any]) -> None:
    assert users["today"]["recency_days"] == 0
    assert users["yesterday"]["recency_days"] == 1
    assert "gone" not in users


def test_money_is_rounded_half_up_to_cents_and_only_at_the_end(users: dict[str, Any]) -> None:
    assert users["cents"]["total_spend"] == Decimal("0.02")
    assert users["cents"]["avg_transaction_value"] == Decimal("0.01")
    assert users["half"]["total_spend"] == Decimal("2.68")
    # From the rounded total it would be 0.01 / 2 = 0.005, and so 0.01.
    assert users["late"]["avg_transaction_value"] == Decimal("0.00")


def test_the_result_does_not_depend_on_how_the_rows_are_spread(daily_of: MakeDaily) -> None:
    daily = daily_of(
        *[("c", str(date(2024, 1, 1) + timedelta(days=n)), 1, "0.1") for n in range(99)]
    )
    first = user_features(daily.repartition(1), date(2024, 6, 30))
    second = user_features(daily.orderBy(F.desc("day")).repartition(7), date(2024, 6, 30))
    assert of(first, "user_id") == of(second, "user_id")
    assert of(first, "user_id")["c"]["total_spend"] == Decimal("9.90")
