"""From raw files: nothing that happens on or after a date changes the features as of it."""

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from goldrun.contracts import gold
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES
from goldrun.features.labels import churn_labels
from goldrun.jobs.aggregate import gold_tables
from tests.jobs.aggregate.test_increment import run_to_gold
from tests.jobs.conftest import Shop

pytestmark = pytest.mark.e2e

AS_OF = date(2024, 5, 20)
START = datetime(2024, 3, 1, tzinfo=UTC)
STATUSES = ("completed", "completed", "pending", "cancelled", "refunded")
SPEND = CUSTOMER_FEATURES.names.index("total_spend")
Row = dict[str, Any]


def sold(key: str, draw: random.Random, first: datetime, days: int) -> Row:
    """A transaction within some days after a time, exported perhaps long after it."""
    when = first + timedelta(days=draw.randrange(days), seconds=draw.randrange(86_400))
    return {
        "key": key,
        "who": f"c{draw.randrange(6)}",
        "amount": draw.randrange(1, 90),
        "when": when,
        "status": draw.choice(STATUSES),
        "updated": when + timedelta(days=draw.choice((0, 0, 0, 120))),
    }


def changed(row: Row, draw: random.Random, since: datetime) -> Row:
    """A later version of a transaction: another status, amount, time or customer."""
    change = {
        "status": draw.choice(STATUSES),
        "amount": draw.randrange(1, 90),
        "when": row["when"] - timedelta(days=draw.randrange(1, 9)),
        "who": f"c{draw.randrange(6)}",
    }
    name = draw.choice(sorted(change))
    updated = max(since, row["updated"]) + timedelta(days=draw.randrange(9), seconds=1)
    return row | {name: change[name], "updated": updated}


def text(row: Row) -> str:
    amount = -row["amount"] if row["status"] == "cancelled" else row["amount"]
    when, updated = (f"{row[name]:%Y-%m-%d %H:%M:%S}" for name in ("when", "updated"))
    return f"{row['key']},{row['who']},1,5,{amount},{when},{row['status']},{updated}"


def snapshot(shop: Shop, *, rebuild: bool = False) -> None:
    with shop.ctx.tracker.run("snapshot", "goldrun-pipeline"):
        gold_tables.run(shop.ctx, AS_OF, rebuild=rebuild)


def features(shop: Shop) -> list[tuple[Any, ...]]:
    rows = shop.ctx.lake.read(CUSTOMER_FEATURES.name).where(f"{gold.AS_OF} = DATE'{AS_OF}'")
    return sorted(tuple(row) for row in rows.select(*CUSTOMER_FEATURES.names).collect())


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_what_is_exported_later_leaves_the_features_of_a_date_as_they_were(
    shop: Shop, seed: int
) -> None:
    draw = random.Random(seed)
    midnight = datetime.combine(AS_OF, time(), UTC)
    rows = [sold(f"t{n}", draw, START, 79) for n in range(60)]
    # Versions that were known before the date are part of it; the rest of the file is not changed.
    known = [changed(row, draw, row["when"]) for row in draw.sample(rows, 15)]
    known = [row for row in known if row["updated"] < midnight]
    after = [sold(f"late{n}", draw, midnight, 30) for n in range(10)]
    shop.add_file("first.csv", *map(text, [*rows, *known, *after]))
    run_to_gold(shop)
    snapshot(shop)
    before = features(shop)
    assert len(before) > 3

    newest = {row["key"]: row for row in [*rows, *known]}
    edits = [changed(row, draw, midnight) for row in draw.sample(list(newest.values()), 25)]
    # Not even the first day of the shop, which says for which windows its history is long enough.
    updated = max(midnight, newest["t0"]["updated"]) + timedelta(days=9, seconds=2)
    edits.append(newest["t0"] | {"when": START - timedelta(days=200), "updated": updated})
    more = [sold(f"more{n}", draw, midnight, 60) for n in range(10)]
    shop.add_file("second.csv", *map(text, [*edits, *more]))
    run_to_gold(shop)
    snapshot(shop)
    assert features(shop) == before
    snapshot(shop, rebuild=True)
    assert features(shop) == before
    # Otherwise the second file would show nothing.
    assert current_spend(shop) != sum(row[SPEND] for row in before)


def test_an_order_shifted_across_a_boundary_moves_from_the_features_to_the_label_or_out_of_it(
    shop: Shop,
) -> None:
    midnight, horizon = datetime.combine(AS_OF, time(), UTC), timedelta(days=90)
    second = timedelta(seconds=1)
    times = {
        "before": midnight - second,
        "first": midnight,
        "last": midnight + horizon - second,
        "after": midnight + horizon,
    }
    orders = [order(f"{who}2", who, when) for who, when in times.items()]
    orders += [order(f"{who}1", who, START) for who in times]
    # Somebody buys every day, so that the history covers the label's window.
    orders += [order(f"d{n}", "daily", START + timedelta(days=n)) for n in range(190)]
    shop.add_file("orders.csv", *map(text, orders))
    run_to_gold(shop)
    snapshot(shop)
    lake = shop.ctx.lake
    stored = lake.read(CUSTOMER_FEATURES.name).where(f"{gold.AS_OF} = DATE'{AS_OF}'")
    labels = churn_labels(lake.read(CUSTOMER_DAILY.name), stored, horizon.days)
    orders_of = {r["customer_id"]: r["purchase_frequency"] for r in stored.collect()}
    churned = {r["customer_id"]: r["churned"] for r in labels.collect()}
    assert {who: (orders_of[who], churned[who]) for who in times} == {
        "before": (2, 1),
        "first": (1, 0),
        "last": (1, 0),
        "after": (1, 1),
    }


def order(key: str, who: str, when: datetime) -> Row:
    row = {"key": key, "who": who, "amount": 5, "status": "completed"}
    return row | {"when": when, "updated": when}


def current_spend(shop: Shop) -> object:
    return shop.ctx.lake.read("gold/user_features").agg({"total_spend": "sum"}).collect()[0][0]
