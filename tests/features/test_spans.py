"""Activity that is computed a span of days after the other is that of all lines at once."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.entities import TRANSACTION_DATE
from goldrun.features.activity import customer_daily, customer_places, customer_products
from goldrun.features.silver_tables import Silver
from goldrun.features.spans import dates_in_parts, in_spans
from goldrun.medallion.days import day_of
from tests.features.markets import ENTITIES, Market, silver_of, version
from tests.features.shops import ZONES, Shop, by_day

OTHERS = ("sessions", "events", "interactions")
ALL = 60
"""Lines of the shop, on at most ten days."""


def shop_of(spark: SparkSession, seed: int) -> Silver:
    zone, start = ZONES.get(seed, ZONES[0])
    market: Market = {entity: [] for entity in ENTITIES} | {
        "versions": [version(f"c{n}", f"{start} 12:00", f"city {n}") for n in range(8)],
        "transactions": list(Shop(seed, start).lines.values()),
    }
    return silver_of(spark, market, *OTHERS, zone=zone)


def ends(part: Silver) -> tuple[int, date, date]:
    day = day_of(TRANSACTION_DATE, part.zone)
    row: Any = part.transactions.agg(F.count("*"), F.min(day), F.max(day)).collect()[0]
    return tuple(row)


@pytest.mark.parametrize(("seed", "lines"), [(0, 1), (1, 10), (2, 25)])
@pytest.mark.parametrize("compute", [customer_daily, customer_products, customer_places])
def test_the_days_of_all_spans_are_those_of_the_whole(
    spark: SparkSession, compute: Any, seed: int, lines: int
) -> None:
    whole = shop_of(spark, seed)
    parts = [by_day(compute(part)) for part in in_spans(whole, lines)]
    together = {key: rows for part in parts for key, rows in part.items()}
    assert together == by_day(compute(whole))
    assert len(together) == sum(map(len, parts))
    assert len(parts) > 1


def test_spans_follow_each_other_and_none_has_more_lines_than_asked_unless_it_is_a_day(
    spark: SparkSession,
) -> None:
    found = [ends(part) for part in in_spans(shop_of(spark, 3), 13)]
    assert sum(count for count, *_ in found) == ALL
    assert all(count <= 13 or first == last for count, first, last in found)
    assert all(before[2] < after[1] for before, after in pairwise(found))
    # Two that would fit into one are one.
    assert all(before[0] + after[0] > 13 for before, after in pairwise(found))


def test_few_lines_are_one_part_and_orders_are_not_asked_for(spark: SparkSession) -> None:
    whole = shop_of(spark, 4)
    assert in_spans(whole, ALL) == [whole]
    assert in_spans(whole, None) == [whole]


@pytest.mark.parametrize("recorded", OTHERS)
def test_where_anything_else_is_recorded_all_is_one_part(
    spark: SparkSession, recorded: str
) -> None:
    market: Market = {entity: [] for entity in ENTITIES}
    market["transactions"] = list(Shop(5).lines.values())
    whole = silver_of(spark, market, *[other for other in OTHERS if other != recorded])
    assert in_spans(whole, 1) == [whole]


def test_what_a_part_has_of_some_customers_has_their_orders(spark: SparkSession) -> None:
    last = in_spans(shop_of(spark, 6), 20)[-1]
    everybody = spark.createDataFrame([(f"c{n}",) for n in range(8)], "customer_id string")
    found = by_day(customer_daily(last))
    assert by_day(customer_daily(last.of(everybody))) == found
    # The lines of these days alone tell other days of some orders.
    assert by_day(customer_daily(replace(last, orders=None))) != found


@pytest.mark.parametrize(
    ("rows", "rows_at_once", "sizes"),
    [(10, None, [5]), (0, 50, [5]), (10, 50, [5]), (10, 49, [4, 1]), (10, 9, [1] * 5)],
)
def test_dates_are_split_where_their_rows_are_too_many_for_one_computation(
    rows: int, rows_at_once: int | None, sizes: list[int]
) -> None:
    dates = [date(2024, 1, day) for day in (9, 2, 7, 3, 5, 2)]
    parts = dates_in_parts(dates, rows, rows_at_once)
    assert [len(part) for part in parts] == sizes
    assert [day for part in parts for day in part] == sorted({*dates})
