"""Only the days that a change touches are computed again, and come out as if all had been."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.entities import TRANSACTIONS
from goldrun.features.activity import customer_daily, customer_places, customer_products
from goldrun.features.affected import Days, affected_days, contributing_rows
from goldrun.features.catalog import daily_metrics
from goldrun.features.silver_tables import Silver
from tests.features.markets import ENTITIES, Market, frame, line, silver_of, version
from tests.features.shops import ZONES, Shop, by_day

TABLES = (customer_daily, customer_products, customer_places)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_computed_of_the_days_touched_is_what_all_lines_give(
    spark: SparkSession, seed: int
) -> None:
    zone, start = ZONES[seed]
    shop = Shop(seed, start)
    market: Market = {entity: [] for entity in ENTITIES} | {
        "versions": [version(f"c{n}", f"{start} 12:00", f"city {n}") for n in range(8)]
    }
    others = ("sessions", "events", "interactions")
    before = silver_of(
        spark, market | {"transactions": list(shop.lines.values())}, *others, zone=zone
    )
    images = frame(spark, TRANSACTIONS, shop.change())
    after = silver_of(
        spark, market | {"transactions": list(shop.lines.values())}, *others, zone=zone
    )

    pairs = affected_days(images, after).localCheckpoint()
    days = Days(
        pairs,
        *pairs.agg(F.count("*"), F.min(daily_metrics.DAY), F.max(daily_metrics.DAY)).collect()[0],
    )
    part = contributing_rows(days, after)
    touched = {(row[0], row[1]) for row in pairs.collect()}

    for compute in TABLES:
        old, new = by_day(compute(before)), by_day(compute(after))
        assert by_day(days.of(compute(part))) == {k: v for k, v in new.items() if k in touched}
        untouched = old.keys() | new.keys()
        assert {k for k in untouched if old.get(k) != new.get(k)} <= touched
    # Or else nothing would be saved.
    assert touched < by_day(customer_daily(after)).keys() | by_day(customer_daily(before)).keys()


def test_pairs_come_once_and_no_day_beside_them(spark: SparkSession) -> None:
    stored = frame(
        spark,
        TRANSACTIONS,
        [
            line("c", "t1", "o", "2024-03-01 10:00:00", "1.00"),
            line("c", "t2", "o", "2024-03-02 10:00:00", "1.00"),
            line("c", "t3", "other", "2024-03-03 10:00:00", "1.00"),
        ],
    )
    found = affected_days(stored.where("transaction_id = 't2'"), Silver(stored)).collect()
    assert sorted(str(row[daily_metrics.DAY]) for row in found) == ["2024-03-01", "2024-03-02"]
