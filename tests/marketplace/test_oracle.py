"""The independent recomputation, compared with cases computed by hand."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from goldrun.features.catalog.daily_metrics import KNOWN_FROM
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from tests.marketplace import tiny
from tests.marketplace.loading import GOLD_TABLES
from tests.marketplace.oracle import compute_activity, compute_features

Row = dict[str, Any]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def rows(db: duckdb.DuckDBPyConnection, table: str, order: str = "ALL") -> list[Row]:
    found = db.execute(f"FROM oracle.{table} ORDER BY {order}")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def daily(db: duckdb.DuckDBPyConnection, day: str, **given: tiny.Rows) -> Row:
    """Return the metrics of c1 on a day, without zeros."""
    tiny.truth(db, **given)
    compute_activity(db)
    (row,) = [r for r in rows(db, "customer_daily") if str(r["day"]) == day]
    return {name: n for name, n in row.items() if n and name not in ("customer_id", "day")}


def features(db: duckdb.DuckDBPyConnection, as_of: str, **given: tiny.Rows) -> Row:
    """Return the features of c1."""
    tiny.truth(db, **given)
    compute_activity(db)
    compute_features(db, date.fromisoformat(as_of))
    (row,) = [r for r in rows(db, "customer_features", "1") if r["customer_id"] == "c1"]
    return row


def test_the_tables_have_the_columns_of_their_contracts(db: duckdb.DuckDBPyConnection) -> None:
    tiny.truth(db)
    compute_activity(db)
    compute_features(db, date(2024, 1, 1))
    for table in GOLD_TABLES:
        described = db.execute(f"DESCRIBE oracle.{table.name.split('/')[1]}").fetchall()
        assert {name for name, *_ in described} == set(table.names) - {KNOWN_FROM}, table.name


# A day ------------------------------------------------------------------------------------------


def test_an_order_counts_once_on_the_day_of_its_first_line_of_each_status(
    db: duckdb.DuckDBPyConnection,
) -> None:
    lines = [
        tiny.line("t1", "2024-03-01 10:00", "10", "pending", order_id="o1"),
        tiny.line("t2", "2024-03-02 10:00", "20.5", order_id="o1", quantity=2),
        tiny.line("t3", "2024-03-03 10:00", "5", order_id="o1", payment_method="cash"),
        tiny.line("t4", "2024-03-03 11:00", "-5", "cancelled", order_id="o1", quantity=-1),
    ]
    assert daily(db, "2024-03-01", transactions=lines) == {"transactions": 1, "orders_placed": 1}
    assert daily(db, "2024-03-02", transactions=lines) == {
        "transactions": 1,
        "orders": 1,
        "lines": 1,
        "pieces": 2,
        "spend": Decimal("20.5"),
        "net_spend": Decimal("20.5"),
    }
    assert daily(db, "2024-03-03", transactions=lines) == {
        "transactions": 2,
        "lines": 1,
        "pieces": 1,
        "spend": Decimal(5),
        "spend_cash": Decimal(5),
        "orders_cancelled": 1,
        "orders_refunded": 1,
        "refunds": Decimal(5),
    }


def test_money_paid_back_is_taken_off_once(db: duckdb.DuckDBPyConnection) -> None:
    lines = [
        tiny.line("t1", "2024-01-05 10:00", "100"),
        tiny.line("t2", "2024-01-06 10:00", "40", "refunded"),
        tiny.line("t3", "2024-02-20 10:00", "-30", "refunded", order_id="t1", quantity=0),
        tiny.line("t4", "2024-03-20 10:00", "-5", "cancelled", quantity=-1),
        tiny.line("t5", "2024-03-21 10:00", "7", "cancelled"),
        tiny.line("t6", "2024-03-21 10:00", "8", "pending"),
    ]
    row = features(db, "2024-04-10", transactions=lines)
    assert (row["total_spend"], row["net_spend"], row["refunded_amount"]) == (100, 65, 75)
    assert row["refund_rate"] == pytest.approx(75 / 140)
    assert (row["net_spend_last_30_days"], row["net_spend_last_90_days"]) == (-5, -35)
    assert (row["refunded_amount_last_90_days"], row["refund_rate_last_90_days"]) == (35, None)
    assert row["refunded_order_rate"] == 3 / 5


def test_a_session_counts_on_the_day_on_which_it_is_complete(
    db: duckdb.DuckDBPyConnection,
) -> None:
    given = {
        "sessions": [
            tiny.session(
                "s1",
                "2024-03-01 23:50",
                "2024-03-02 00:10",
                session_duration="1200.5",
                device_type="mobile",
            ),
            tiny.session("s2", "2024-03-01 10:00"),
            tiny.session("s3", "2024-03-01 11:00"),
        ],
        "events": [
            tiny.event("e1", "search", "2024-03-01 23:51", "s1"),
            tiny.event("e2", "add_to_cart", "2024-03-01 23:59", "s1"),
            tiny.event("e4", "purchase", "2024-03-02 00:05", "s1"),
            tiny.event("e3", "checkout", "2024-03-02 00:05", "s1"),
            tiny.event("e5", "add_to_cart", "2024-03-02 00:00", "s2"),
            tiny.event("e6", "click", "2024-03-02 01:00", "nowhere"),
            tiny.event("e7", "click", "2024-03-02 01:00"),
        ],
    }
    assert daily(db, "2024-03-01", **given) == {
        "sessions": 1,
        "events_search": 1,
        "events_add_to_cart": 1,
    }
    assert daily(db, "2024-03-02", **given) == {
        "sessions": 2,
        "timed_sessions": 1,
        "session_seconds": Decimal("1200.5"),
        "sessions_mobile": 1,
        "journeys": 2,
        "bounces": 1,
        "drop_offs": 1,
        "cart_journeys": 2,
        "cart_drop_offs": 1,
        "seeking_journeys": 1,
        "converted_journeys": 1,
        "journeys_ended_at_purchase": 1,
        "journeys_ended_at_add_to_cart": 1,
        "events_purchase": 1,
        "events_checkout": 1,
        "events_add_to_cart": 1,
        "events_click": 2,
    }


def test_days_and_dates_are_those_of_the_zone(db: duckdb.DuckDBPyConnection) -> None:
    tiny.truth(
        db,
        transactions=[
            tiny.line("t1", "2024-02-29 14:59:59", "10"),
            tiny.line("t2", "2024-02-29 15:00", "20"),
            tiny.line("t3", "2024-03-01 15:00", "40"),
        ],
        sessions=[tiny.session("s1", "2024-02-29 14:00", "2024-02-29 16:00")],
        events=[tiny.event("e1", "click", "2024-02-29 15:00")],
        interactions=[tiny.interaction("i1", "2024-02-29 15:00")],
    )
    compute_activity(db, "Asia/Tokyo")
    found = {
        str(r["day"]): (r["spend"], r["sessions"], r["events_click"], r["interactions"])
        for r in rows(db, "customer_daily")
    }
    assert found == {
        "2024-02-29": (10, 0, 0, 0),
        "2024-03-01": (20, 1, 1, 1),
        "2024-03-02": (40, 0, 0, 0),
    }
    compute_features(db, date(2024, 3, 2))
    (row,) = rows(db, "customer_features")
    assert (row["total_spend"], row["last_purchase_date"]) == (30, date(2024, 3, 1))
    assert (row["event_count_click"], row["session_count"], row["interaction_count"]) == (1, 1, 1)
    assert row["days_since_last_transaction"] == 1


def test_an_interaction_refers_to_an_order_of_the_last_thirty_times_24_hours(
    db: duckdb.DuckDBPyConnection,
) -> None:
    given = {
        "transactions": [
            tiny.line("t1", "2024-03-01 10:00", "10"),
            tiny.line("t2", "2024-03-20 10:00", "10", "cancelled"),
        ],
        "interactions": [
            tiny.interaction("i0", "2024-03-31 09:00", "phone", response_time="60.5"),
            tiny.interaction(
                "i1", "2024-03-31 10:00", response_time="1", interaction_outcome="resolved"
            ),
            tiny.interaction("i2", "2024-03-31 10:00:00.000001", interaction_outcome="abandoned"),
        ],
    }
    assert daily(db, "2024-03-31", **given) == {
        "interactions": 3,
        "interactions_phone": 1,
        "interactions_email": 2,
        "interactions_concluded": 2,
        "interactions_resolved": 1,
        "interactions_after_order": 2,
        "responses": 2,
        "response_seconds": Decimal("61.5"),
    }
    early = [tiny.interaction("i3", "2024-03-01 10:00"), tiny.interaction("i4", "2024-02-29 10:00")]
    assert "interactions_after_order" not in daily(
        db, "2024-03-01", transactions=given["transactions"], interactions=early
    )


def test_products_and_responses_are_counted_by_day(db: duckdb.DuckDBPyConnection) -> None:
    at = "2024-03-01 10:00"
    tiny.truth(
        db,
        transactions=[
            *(tiny.line(f"t{n}", at, "1", product_id="p1") for n in range(2)),
            tiny.line("t2", at, "1", "pending", product_id="p2"),
            tiny.line("t3", at, "1"),
        ],
        interactions=[tiny.interaction(f"i{n}", at, response_time="7") for n in range(3)]
        + [tiny.interaction("i9", at)],
    )
    compute_activity(db)
    (product,) = rows(db, "customer_products")
    assert (product["product_id"], product["lines"]) == ("p1", 2)
    (response,) = rows(db, "customer_responses")
    assert (response["response_time"], response["responses"]) == (Decimal(7), 3)


def test_a_transaction_has_the_place_of_the_customer_at_its_time(
    db: duckdb.DuckDBPyConnection,
) -> None:
    tiny.truth(
        db,
        customers=[{"customer_id": "c1", "location": "Bern", "updated_at": "2024-03-05 12:00"}],
        customers_history=[
            {
                "customer_id": "c1",
                "location": "Aarau",
                "customer_segment": "new",
                "updated_at": "2024-03-02",
                "valid_from": "2024-03-02",
                "valid_to": "2024-03-05 12:00",
            }
        ],
        transactions=[
            tiny.line("t1", "2024-03-01 10:00", "1"),
            tiny.line("t2", "2024-03-05 11:59", "1", "pending"),
            tiny.line("t3", "2024-03-05 12:00", "1"),
            tiny.line("t4", "2024-03-05 13:00", "1"),
        ],
    )
    compute_activity(db)
    found = [
        (r["day"].day, r["location"], r["customer_segment"], r["transactions"])
        for r in rows(db, "customer_places")
    ]
    assert found == [(1, "", "", 1), (5, "Aarau", "new", 1), (5, "Bern", "", 2)]


# As of a date -----------------------------------------------------------------------------------


def test_features_depend_on_purchases_before_midnight(db: duckdb.DuckDBPyConnection) -> None:
    lines = [
        tiny.line("t1", "2024-01-01 10:00", "10", product_id="p1", payment_method="card"),
        tiny.line("t2", "2024-01-11 10:00", "20", product_id="p2", payment_method="cash"),
        tiny.line("t3", "2024-01-11 11:00", "5", product_id="p1", order_id="t2", quantity=4),
        tiny.line("t4", "2024-01-31 10:00", "30", "cancelled", quantity=-3),
        tiny.line("t5", "2024-03-01 00:00", "3.0001", product_id="p3"),
        tiny.line("t6", "2024-03-31 00:00", "99"),
    ]
    row = features(db, "2024-03-31", transactions=lines)
    assert row["purchase_frequency"] == 3
    assert row["total_spend"] == Decimal("38.0001")
    assert row["avg_transaction_value"] == Decimal("12.6667")
    assert row["average_purchase_value"] == Decimal("9.5000")
    assert (row["recency_days"], row["tenure_days"]) == (30, 90)
    assert row["days_since_last_transaction"] == 30
    assert row["transaction_frequency_last_30_days"] == 1
    assert row["spend_last_90_days"] == Decimal("38.0001")
    assert row["spend_last_180_days"] is None
    assert row["spend_share_last_30_days"] == pytest.approx(3.0001 / 38.0001)
    assert row["spend_trend"] == 1
    assert row["cancellation_rate"] == 0.25
    assert row["payment_share_card"] == pytest.approx(1 / 3)
    assert row["payment_share_other"] == 0
    assert row["distinct_products"] == 3
    assert row["basket_size"] == pytest.approx(7 / 3)
    assert row["purchase_gap_mean_days"] == 30
    assert row["purchase_gap_std_days"] == pytest.approx(20 * 2**0.5)
    assert row["location"] is None


def test_rounding_is_half_up(db: duckdb.DuckDBPyConnection) -> None:
    lines = [tiny.line("t1", "2024-01-01", "0.005"), tiny.line("t2", "2024-01-02", "0.0001")]
    row = features(db, "2024-03-31", transactions=lines)
    assert row["avg_transaction_value"] == Decimal("0.0026")
    (user,) = rows(db, "user_features")
    assert user["total_spend"] == Decimal("0.01")
    assert user["avg_transaction_value"] == Decimal("0.00")


def test_features_of_missing_entities_are_null_and_of_inactive_customers_zero(
    db: duckdb.DuckDBPyConnection,
) -> None:
    lines = [tiny.line("t1", "2024-01-01", "5")]
    row = features(db, "2024-03-31", transactions=lines)
    names = CUSTOMER_FEATURES.names
    behaviour = names[names.index("session_count") :]
    assert {row[name] for name in behaviour} == {None}
    other = {"customer_id": "c2"}
    row = features(
        db,
        "2024-03-31",
        transactions=lines,
        sessions=[tiny.session("s", "2024-01-01") | other],
        events=[tiny.event("e", "click", "2024-01-01") | other],
        interactions=[tiny.interaction("i", "2024-01-01") | other],
    )
    counts = [name for name in behaviour if "count" in name and "180" not in name]
    assert {row[name] for name in (*counts, "contact_rate")} == {0}
    assert row["session_count_last_180_days"] is None
    assert {row[name] for name in behaviour if "rate" in name} == {None, 0}


def test_features_depend_on_sessions_and_interactions_before_midnight(
    db: duckdb.DuckDBPyConnection,
) -> None:
    row = features(
        db,
        "2024-02-10",
        transactions=[tiny.line("t1", "2024-02-01 10:00", "5")],
        sessions=[
            tiny.session("s1", "2024-02-01", session_duration="10", device_type="tablet"),
            tiny.session("s2", "2024-02-02", session_duration="5", device_type="mobile"),
            tiny.session("s3", "2024-02-03"),
            tiny.session("s4", "2024-02-09 23:00", "2024-02-10 00:00", device_type="tablet"),
        ],
        events=[
            tiny.event("e1", "click", "2024-02-01", "s1"),
            tiny.event("e2", "purchase", "2024-02-01 01:00", "s1"),
            tiny.event("e3", "add_to_cart", "2024-02-02", "s2"),
            tiny.event("e4", "click", "2024-02-09 23:30", "s4"),
        ],
        interactions=[
            tiny.interaction("i1", "2024-02-02", "phone", response_time="1"),
            tiny.interaction("i2", "2024-02-02", "chat", response_time="2"),
            tiny.interaction("i3", "2024-02-02", "social", response_time="4.5"),
            tiny.interaction("i4", "2024-02-10", "social"),
        ],
    )
    assert row["session_count"] == 3
    assert row["average_session_duration"] == 7.5
    assert row["preferred_device"] == "mobile"
    assert row["device_share_tablet"] == 0.5
    assert (row["bounce_rate"], row["drop_off_rate"], row["cart_drop_off_rate"]) == (0.5, 0.5, 1)
    assert row["usual_exit_step"] == "add_to_cart"
    assert row["event_conversion_rate"] == 1
    assert row["event_count_click"] == 2
    assert row["interaction_count"] == 3
    assert row["preferred_channel"] == "chat"
    assert row["share_resolved"] is None
    assert row["response_time_mean"] == 2.5
    assert row["response_time_p90"] == pytest.approx(4.0)
    assert row["contact_rate"] == 3


def test_the_place_with_the_most_transactions_of_the_last_day_wins(
    db: duckdb.DuckDBPyConnection,
) -> None:
    moved = [
        {
            "customer_id": "c1",
            "location": place,
            "customer_segment": segment,
            "updated_at": f"2024-01-02 {hour:02}:00",
            "valid_from": f"2024-01-02 {hour:02}:00",
            "valid_to": f"2024-01-02 {hour + 1:02}:00",
        }
        for hour, place, segment in ((1, "Bern", "a"), (2, "Aarau", "b"), (3, "Bern", "b"))
    ]
    lines = [tiny.line(f"t{hour}", f"2024-01-02 {hour:02}:30", "1") for hour in (1, 2, 3)]
    row = features(db, "2024-03-31", transactions=lines, customers_history=moved)
    assert (row["location"], row["customer_segment"]) == ("Bern", "b")


def test_users_are_as_of_the_newest_event_of_any_kind(db: duckdb.DuckDBPyConnection) -> None:
    tiny.truth(
        db,
        transactions=[tiny.line("t1", "2024-01-01 10:00", "1.005")],
        events=[tiny.event("e", "click", "2024-01-05 23:00")],
    )
    compute_activity(db)
    (user,) = rows(db, "user_features")
    assert list(user) == list(USER_FEATURES.names)
    assert (user["recency_days"], user["total_spend"]) == (4, Decimal("1.01"))


def test_every_metric_of_a_day_has_a_value_without_activity(
    db: duckdb.DuckDBPyConnection,
) -> None:
    tiny.truth(db, events=[tiny.event("e", "click", "2024-01-05 23:00")])
    compute_activity(db)
    (row,) = rows(db, "customer_daily")
    names = set(CUSTOMER_DAILY.names) - {KNOWN_FROM}
    assert all(row[name] is not None for name in names)
