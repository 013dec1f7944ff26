"""One small marketplace with every awkward case, against numbers worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from statistics import stdev
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_responses,
)
from goldrun.features.catalog import (
    feature_tables,
    interaction_features,
    non_additive_tables,
    session_features,
)
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES
from goldrun.features.labels import History
from goldrun.features.sessions_by_day import summarise_events
from goldrun.features.snapshots import customer_features
from goldrun.medallion.enrichment import events_enriched
from tests.features.computed import activity_of
from tests.features.markets import Market, contact, event, line, session, silver_of, version

AS_OF = date(2024, 7, 1)
RECORDED = frozenset({"customers", "transactions", "sessions", "events", "interactions"})
Rows = dict[tuple[Any, ...], dict[str, Any]]

ANN, BEN, CAS, DEE = "ann", "ben", "cas", "dee"
MARKET: Market = {
    "versions": [
        version(ANN, "2024-01-01", "York", "new"),
        version(ANN, "2024-03-01", "Leeds", "loyal"),
        version(ANN, "2024-07-01", "Rome", "gone"),
        version(BEN, "2024-03-10 12:00", "Bath"),
        version(CAS, "2024-01-01", "Hull"),
    ],
    "transactions": [
        # One order over midnight.
        line(ANN, "t1", "o1", "2024-02-01 23:59:59", "10", product_id="p1", quantity=2)
        | {"payment_method": "card"},
        line(ANN, "t2", "o1", "2024-02-02", "5.5", product_id="p2", payment_method="card"),
        # At the very time that a new version of the customer is valid from.
        line(ANN, "t3", "o2", "2024-03-01", "20", product_id="p1", payment_method="wallet"),
        line(ANN, "t4", "o6", "2024-05-20", "14.5", product_id=None, payment_method="card"),
        line(ANN, "t5", "o3", "2024-06-11", "30", product_id="p3", quantity=3),
        line(ANN, "t6", "o4", "2024-06-15", "40", transaction_status="pending"),
        line(ANN, "t7", "o5", "2024-06-20", "-7", transaction_status="cancelled", quantity=-1),
        line(ANN, "t8", "o7", "2024-07-01", "999", product_id="p9"),
        # Two lines before the shop knew the customer, and one after.
        line(BEN, "u1", "q1", "2024-03-10 10:00", "8", product_id="p1"),
        line(BEN, "u2", "q1", "2024-03-10 11:00", "8", product_id="p1"),
        line(BEN, "u3", "q2", "2024-03-10 13:00", "2", product_id="p2"),
        line(DEE, "v1", "r1", "2024-05-01", "5", transaction_status="cancelled"),
    ],
    "sessions": [
        session(ANN, "s1", "2024-03-05 10:00", "2024-03-05 10:10", device_type="mobile"),
        session(ANN, "s2", "2024-03-06 23:50", "2024-03-07 00:20", device_type="desktop"),
        session(ANN, "s3", "2024-03-08 09:00", device_type="tablet"),
        session(ANN, "s4", "2024-03-09 23:59"),
        session(ANN, "s5", "2024-06-30 23:00", "2024-07-01 00:30", device_type="mobile"),
        session(BEN, "s6", "2024-03-11 08:00", "2024-03-11 08:05", device_type="mobile"),
        session(BEN, "s7", "2024-03-12 08:00", "2024-03-12 08:00", device_type="desktop"),
        session(BEN, "s8", "2024-03-13 08:00", "2024-03-13 08:01"),
        session(CAS, "s9", "2024-01-20 08:00", "2024-01-20 08:01"),
    ],
    "events": [
        # Of two events at one time the later by event_id is the last.
        event(ANN, "e1", "s1", "page_view", "2024-03-05 10:00"),
        event(ANN, "e2", "s1", "search", "2024-03-05 10:01"),
        event(ANN, "e3", "s1", "add_to_cart", "2024-03-05 10:02"),
        event(ANN, "e4", "s1", "purchase", "2024-03-05 10:05"),
        event(ANN, "e5", "s1", "page_view", "2024-03-05 10:05"),
        event(ANN, "e6", "s2", "search", "2024-03-06 23:51"),
        event(ANN, "e7", "s2", "add_to_cart", "2024-03-07 00:10"),
        # After the midnight of a visit without an end.
        event(ANN, "e8", "s4", "click", "2024-03-10 00:05"),
        event(ANN, "e9", "s5", "search", "2024-06-30 23:10"),
        # In no visit, in an unknown one, in somebody else's.
        event(ANN, "e10", None, "search", "2024-03-11 09:00"),
        event(ANN, "e11", "nowhere", "purchase", "2024-03-11 09:00"),
        event(ANN, "e12", "s6", "click", "2024-03-11 08:01"),
        event(BEN, "f1", "s7", "search", "2024-03-12 08:00"),
        event(BEN, "f2", "s8", "checkout", "2024-03-13 08:00"),
    ],
    "interactions": [
        contact(ANN, "i1", "2024-03-01", "email", response_time=Decimal(60))
        | {"interaction_outcome": "resolved"},
        contact(ANN, "i2", "2024-03-31", "email", response_time=Decimal(120))
        | {"interaction_outcome": "unresolved"},
        contact(ANN, "i3", "2024-03-31 00:00:01", "phone"),
        contact(ANN, "i4", "2024-01-15", "chat", response_time=Decimal(60))
        | {"interaction_outcome": "resolved"},
        contact(ANN, "i5", "2024-07-01", "social", response_time=Decimal(9)),
        contact(BEN, "j1", "2024-03-10 12:00", "phone", response_time=Decimal("10.5"))
        | {"interaction_outcome": "escalated"},
        contact(BEN, "j2", "2024-03-12", "chat", response_time=Decimal(20)),
    ],
}


def by_key(rows: DataFrame, *key: str) -> Rows:
    return {tuple(row[name] for name in key): row.asDict() for row in rows.collect()}


@pytest.fixture(scope="module")
def activity(spark: SparkSession) -> Iterator[Activity]:
    made = activity_of(silver_of(spark, MARKET), RECORDED)
    tables = [made.daily, made.products, made.responses, made.places]
    for rows, table in zip(tables, feature_tables.ACTIVITY, strict=True):
        assert [(f.name, f.dataType) for f in rows.schema.fields] == [
            (c.name, c.type) for c in table.columns
        ]
        rows.persist()
    yield made
    for rows in tables:
        rows.unpersist()


def not_zero(rows: DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """What is not 0 on each day."""
    found = by_key(rows, "customer_id", "day")
    assert all(value is not None for row in found.values() for value in row.values())
    key = CUSTOMER_DAILY.key
    return {
        (who, str(day)): {name: n for name, n in row.items() if n != 0 and name not in key}
        for (who, day), row in found.items()
    }


@pytest.fixture(scope="module")
def daily(activity: Activity) -> dict[tuple[str, str], dict[str, Any]]:
    return not_zero(activity.daily)


@pytest.fixture(scope="module")
def features(activity: Activity) -> dict[str, dict[str, Any]]:
    rows = customer_features(activity, AS_OF, History.of(activity.daily).observed_from)
    return {row["customer_id"]: row.asDict() for row in rows.collect()}


# Day by day ------------------------------------------------------------------------------------


def test_every_day_with_any_activity_is_there_and_no_other(daily: dict[Any, Any]) -> None:
    days = {who: sorted(day for w, day in daily if w == who) for who in (ANN, BEN, CAS, DEE)}
    assert days == {
        ANN: [
            *("2024-01-15", "2024-02-01", "2024-02-02", "2024-03-01", "2024-03-05"),
            *("2024-03-06", "2024-03-07", "2024-03-08", "2024-03-10", "2024-03-11"),
            *("2024-03-31", "2024-05-20", "2024-06-11", "2024-06-15", "2024-06-20"),
            *("2024-06-30", "2024-07-01"),
        ],
        BEN: ["2024-03-10", "2024-03-11", "2024-03-12", "2024-03-13"],
        CAS: ["2024-01-20"],
        DEE: ["2024-05-01"],
    }


def test_a_journey_ends_at_its_last_event_and_of_equals_at_the_last_by_id(
    daily: dict[Any, Any],
) -> None:
    assert daily[(ANN, "2024-03-05")] == {
        **{"sessions": 1, "timed_sessions": 1, "session_seconds": 600, "sessions_mobile": 1},
        **{"journeys": 1, "cart_journeys": 1, "seeking_journeys": 1, "converted_journeys": 1},
        "journeys_ended_at_page_view": 1,
        **{"events_page_view": 2, "events_search": 1, "events_add_to_cart": 1},
        "events_purchase": 1,
    }


def test_a_visit_over_midnight_is_on_the_day_it_ended_and_its_events_on_their_own(
    daily: dict[Any, Any],
) -> None:
    assert daily[(ANN, "2024-03-06")] == {"events_search": 1}
    assert daily[(ANN, "2024-03-07")] == {
        **{"sessions": 1, "timed_sessions": 1, "session_seconds": 1800, "sessions_desktop": 1},
        **{"journeys": 1, "drop_offs": 1, "cart_journeys": 1, "cart_drop_offs": 1},
        **{"seeking_journeys": 1, "journeys_ended_at_add_to_cart": 1, "events_add_to_cart": 1},
    }


def test_a_visit_without_an_end_is_on_the_day_of_its_last_event(daily: dict[Any, Any]) -> None:
    assert (ANN, "2024-03-09") not in daily
    assert daily[(ANN, "2024-03-10")] == {
        **{"sessions": 1, "journeys": 1, "bounces": 1, "drop_offs": 1, "seeking_journeys": 1},
        **{"journeys_ended_at_click": 1, "events_click": 1},
    }


def test_a_visit_without_events_is_no_journey(daily: dict[Any, Any]) -> None:
    assert daily[(ANN, "2024-03-08")] == {"sessions": 1, "sessions_tablet": 1}


def test_events_outside_a_known_visit_of_their_customer_count_for_no_journey(
    daily: dict[Any, Any],
) -> None:
    assert daily[(ANN, "2024-03-11")] == {
        **{"events_search": 1, "events_purchase": 1, "events_click": 1}
    }
    assert daily[(BEN, "2024-03-11")] == {
        **{"sessions": 1, "timed_sessions": 1, "session_seconds": 300, "sessions_mobile": 1}
    }


def test_journeys_are_of_the_visits_that_the_view_of_events_tells(spark: SparkSession) -> None:
    silver = silver_of(spark, MARKET)
    assert silver.events is not None
    assert silver.sessions is not None
    found = summarise_events(events_enriched(silver.events, silver.sessions)).collect()
    visits = [(ANN, "s1"), (ANN, "s2"), (ANN, "s4"), (ANN, "s5"), (BEN, "s7"), (BEN, "s8")]
    assert sorted((row["customer_id"], row["session_id"]) for row in found) == visits


def test_what_the_view_of_events_does_not_know_is_no_journey(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def knows_no_visit(events: DataFrame, sessions: DataFrame) -> DataFrame:
        return events_enriched(events, sessions.limit(0))

    monkeypatch.setattr("goldrun.features.sessions_by_day.events_enriched", knows_no_visit)
    totals = customer_daily(silver_of(spark, MARKET)).groupBy().sum("sessions", "journeys")
    assert tuple(totals.collect()[0]) == (9, 0)


def test_a_visit_of_no_length_has_a_known_duration(daily: dict[Any, Any]) -> None:
    assert daily[(BEN, "2024-03-12")]["timed_sessions"] == 1
    assert "session_seconds" not in daily[(BEN, "2024-03-12")]


def test_a_contact_is_about_an_order_up_to_thirty_days_of_24_hours_after_it(
    daily: dict[Any, Any],
) -> None:
    at_once, at_last = daily[(ANN, "2024-03-01")], daily[(ANN, "2024-03-31")]
    assert (at_once["interactions"], at_once["interactions_after_order"]) == (1, 1)
    assert (at_last["interactions"], at_last["interactions_after_order"]) == (2, 1)
    assert daily[(ANN, "2024-01-15")] == {
        **{"interactions": 1, "interactions_chat": 1, "interactions_concluded": 1},
        **{"interactions_resolved": 1, "responses": 1, "response_seconds": 60},
    }


def test_money_is_also_counted_by_how_it_was_paid(daily: dict[Any, Any]) -> None:
    assert daily[(ANN, "2024-02-01")]["spend_card"] == 10
    assert daily[(ANN, "2024-06-11")] == {
        **{"orders": 1, "spend": 30, "net_spend": 30, "lines": 1, "pieces": 3},
        "orders_placed": 1,
        "transactions": 1,
    }


def test_the_products_of_completed_lines_are_kept_by_day(activity: Activity) -> None:
    found = by_key(activity.products, "customer_id", "day", "product_id")
    assert {key: row["lines"] for key, row in found.items()} == {
        (ANN, date(2024, 2, 1), "p1"): 1,
        (ANN, date(2024, 2, 2), "p2"): 1,
        (ANN, date(2024, 3, 1), "p1"): 1,
        (ANN, date(2024, 6, 11), "p3"): 1,
        (ANN, date(2024, 7, 1), "p9"): 1,
        (BEN, date(2024, 3, 10), "p1"): 2,
        (BEN, date(2024, 3, 10), "p2"): 1,
    }


def test_response_times_are_kept_by_day(activity: Activity) -> None:
    found = by_key(activity.responses, "customer_id", "day", "response_time")
    assert {key: row["responses"] for key, row in found.items() if key[0] == BEN} == {
        (BEN, date(2024, 3, 10), Decimal("10.500")): 1,
        (BEN, date(2024, 3, 12), Decimal(20)): 1,
    }
    assert len(found) == 6


def test_places_are_as_known_at_the_time_and_empty_before(activity: Activity) -> None:
    found = by_key(activity.places, *non_additive_tables.CUSTOMER_PLACES.key)
    assert {key[:1] + key[3:]: row["transactions"] for key, row in found.items()} == {
        (ANN, "York", "new"): 1,
        (ANN, "Leeds", "loyal"): 1,
        (ANN, "Rome", "gone"): 1,
        (BEN, "", ""): 2,
        (BEN, "Bath", ""): 1,
        (DEE, "", ""): 1,
    }
    assert found[(ANN, *[date(2024, 2, 2)] * 2, "York", "new")]["transactions"] == 1


# As of a date ----------------------------------------------------------------------------------


def shares(name: str, of: tuple[str, ...], **given: float) -> dict[str, float]:
    return {f"{name}_{each}": given.get(each, 0.0) for each in of}


DEVICES = ("desktop", "mobile", "tablet", "other")
METHODS = ("card", "wallet", "bank_transfer", "invoice", "cash", "voucher", "other")


def test_only_buyers_have_features(features: dict[str, Any]) -> None:
    assert set(features) == {ANN, BEN}
    assert set(features[ANN]) == set(CUSTOMER_FEATURES.names)


EXPECTED_OF_ANN: dict[str, Any] = {
    "as_of": AS_OF,
    "purchase_frequency": 4,
    "total_spend": Decimal(80),
    "avg_transaction_value": Decimal(20),
    "average_purchase_value": Decimal(16),
    "last_purchase_date": date(2024, 6, 11),
    "recency_days": 20,
    "tenure_days": 151,
    "days_since_last_transaction": 11,
    "transaction_frequency_last_30_days": 1,
    "transaction_frequency_last_90_days": 2,
    "transaction_frequency_last_180_days": None,
    "spend_last_30_days": Decimal(30),
    "spend_last_90_days": Decimal("44.5"),
    "spend_last_180_days": None,
    "spend_share_last_30_days": 30 / 80,
    "spend_share_last_90_days": 44.5 / 80,
    "spend_share_last_180_days": None,
    "spend_trend": 30 / 44.5,
    "net_spend": Decimal(73),
    "refunded_amount": Decimal(7),
    "refund_rate": 7 / 80,
    "refunded_order_rate": 1 / 6,
    "net_spend_last_30_days": Decimal(23),
    "net_spend_last_90_days": Decimal("37.5"),
    "net_spend_last_180_days": None,
    "refunded_amount_last_30_days": Decimal(7),
    "refunded_amount_last_90_days": Decimal(7),
    "refunded_amount_last_180_days": None,
    "refund_rate_last_30_days": 7 / 30,
    "refund_rate_last_90_days": 7 / 44.5,
    "refund_rate_last_180_days": None,
    "cancellation_rate": 1 / 6,
    **shares("payment_share", METHODS, card=0.6, wallet=0.4),
    "distinct_products": 3,
    "basket_size": 8 / 4,
    "purchase_gap_mean_days": (29 + 80 + 22) / 3,
    "purchase_gap_std_days": stdev([29, 80, 22]),
    "location": "Leeds",
    "customer_segment": "loyal",
    "session_count": 4,
    "session_count_last_30_days": 0,
    "session_count_last_90_days": 0,
    "session_count_last_180_days": None,
    "average_session_duration": 1200.0,
    "preferred_device": "desktop",
    **shares("device_share", DEVICES, desktop=1 / 3, mobile=1 / 3, tablet=1 / 3),
    "bounce_rate": 1 / 3,
    "drop_off_rate": 2 / 3,
    "cart_drop_off_rate": 1 / 2,
    "usual_exit_step": "add_to_cart",
    "event_conversion_rate": 1 / 3,
    "event_count_page_view": 2,
    "event_count_search": 4,
    "event_count_click": 2,
    "event_count_add_to_cart": 2,
    "event_count_remove_from_cart": 0,
    "event_count_checkout": 0,
    "event_count_purchase": 2,
    "event_count_other": 0,
    "interaction_count": 4,
    "interaction_count_email": 2,
    "interaction_count_phone": 1,
    "interaction_count_chat": 1,
    "interaction_count_social": 0,
    "interaction_count_other": 0,
    "preferred_channel": "email",
    "share_resolved": 2 / 3,
    "response_time_mean": 80.0,
    "response_time_p90": 60 + 0.8 * (120 - 60),
    "contact_rate": 2 / 4,
}
EXPECTED_OF_BEN: dict[str, Any] = {
    "purchase_frequency": 2,
    "average_purchase_value": Decimal(6),
    "days_since_last_transaction": 113,
    "spend_last_90_days": Decimal(0),
    "spend_share_last_90_days": 0.0,
    "spend_trend": None,
    "net_spend": Decimal(18),
    "refund_rate": 0.0,
    "refund_rate_last_90_days": None,
    **dict.fromkeys(f"payment_share_{method}" for method in METHODS),
    "distinct_products": 2,
    "basket_size": 3 / 2,
    "purchase_gap_mean_days": None,
    "purchase_gap_std_days": None,
    "location": "Bath",
    "customer_segment": None,
    "average_session_duration": (300 + 0 + 60) / 3,
    "preferred_device": "desktop",
    "bounce_rate": 1.0,
    "cart_drop_off_rate": None,
    "usual_exit_step": "checkout",
    "event_conversion_rate": 0.0,
    "preferred_channel": "chat",
    "share_resolved": 0.0,
    "response_time_p90": 10.5 + 0.9 * (20 - 10.5),
    "contact_rate": 1.0,
}


def close_to(expected: Any) -> Any:
    return pytest.approx(expected, rel=1e-12) if isinstance(expected, float) else expected


def test_every_feature_has_its_expected_value_here() -> None:
    assert set(EXPECTED_OF_ANN) | {"customer_id"} == set(CUSTOMER_FEATURES.names)


@pytest.mark.parametrize("feature", EXPECTED_OF_ANN)
def test_a_feature_of_who_did_everything_is_as_worked_out_by_hand(
    features: dict[str, Any], feature: str
) -> None:
    assert features[ANN][feature] == close_to(EXPECTED_OF_ANN[feature])


@pytest.mark.parametrize("feature", EXPECTED_OF_BEN)
def test_a_feature_with_ties_and_gaps_is_as_worked_out_by_hand(
    features: dict[str, Any], feature: str
) -> None:
    assert features[BEN][feature] == close_to(EXPECTED_OF_BEN[feature])


# A shop that does not record everything --------------------------------------------------------

OF_SESSIONS = {
    *(
        session_features.SESSION_COUNT,
        session_features.AVERAGE_SESSION_DURATION,
        session_features.PREFERRED_DEVICE,
    ),
    *(session_features.sessions_in(days) for days in (30, 90, 180)),
    *(session_features.device_share(device) for device in DEVICES),
}
OF_CONTACTS = {
    *(
        interaction_features.INTERACTION_COUNT,
        interaction_features.PREFERRED_CHANNEL,
        interaction_features.SHARE_RESOLVED,
        interaction_features.CONTACT_RATE,
    ),
    *(interaction_features.RESPONSE_TIME_MEAN, interaction_features.RESPONSE_TIME_P90),
    *(
        interaction_features.interaction_count(channel)
        for channel in ("email", "phone", "chat", "social", "other")
    ),
}
OF_JOURNEYS = {
    *(
        session_features.BOUNCE_RATE,
        session_features.DROP_OFF_RATE,
        session_features.CART_DROP_OFF_RATE,
    ),
    *(session_features.USUAL_EXIT_STEP, session_features.EVENT_CONVERSION_RATE),
}
OF_EVENTS = {name for name in CUSTOMER_FEATURES.names if name.startswith("event_count")}


def column_is_of(name: str) -> str:
    """Entity that a column of customer_daily counts."""
    made_from = CUSTOMER_DAILY.column(name).made_from
    entities = {source.split(".")[0] for source in made_from}
    if name.startswith("interactions"):
        return "interactions"
    if "journey" in name or name in {"bounces", "drop_offs", "cart_drop_offs"}:
        return "events"
    return "sessions" if "sessions" in entities else "".join(entities)


def test_a_shop_without_sessions_has_no_journeys_and_the_rest_is_as_ever(
    spark: SparkSession, features: dict[str, Any]
) -> None:
    activity = activity_of(silver_of(spark, MARKET, "sessions"), RECORDED - {"sessions"})
    activity.daily.persist()
    rows = customer_features(activity, AS_OF, date(2024, 1, 15)).collect()
    activity.daily.unpersist()
    unknown = OF_SESSIONS | OF_JOURNEYS
    assert {row["customer_id"]: row.asDict() for row in rows} == {
        who: {name: None if name in unknown else value for name, value in row.items()}
        for who, row in features.items()
    }


@pytest.mark.parametrize("without", [("events",), ("sessions", "events", "interactions")])
def test_what_a_shop_does_not_record_is_0_day_by_day_and_the_rest_is_as_ever(
    spark: SparkSession, daily: dict[Any, Any], without: tuple[str, ...]
) -> None:
    silver = silver_of(spark, MARKET, *without)
    assert "interactions" not in without or customer_responses(silver).isEmpty()
    found = not_zero(customer_daily(silver))
    # A visit without an end is on the day it began, when no event is known.
    kept = {name for name in CUSTOMER_DAILY.names if column_is_of(name) not in without}
    here = {key: {n: v for n, v in row.items() if n in kept} for key, row in daily.items()}
    here[(ANN, "2024-03-09")] = here.pop((ANN, "2024-03-10"))
    assert found == {key: row for key, row in here.items() if row}


def test_the_null_of_an_entity_not_recorded_does_not_depend_on_what_is_in_the_table(
    activity: Activity,
) -> None:
    nothing = replace(activity, recorded=frozenset({"customers", "transactions"}))
    row = customer_features(nothing, AS_OF, date(2024, 1, 1)).where("customer_id = 'ann'").first()
    assert row is not None
    behaviour = OF_SESSIONS | OF_JOURNEYS | OF_EVENTS | OF_CONTACTS
    assert {name for name in behaviour if row[name] is not None} == set()
    assert behaviour == {f.name for f in feature_tables.ALL_FEATURES if f.entity}
