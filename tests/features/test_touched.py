"""Only the days that a change touches are computed again, and come out as if all had been."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts.entities import CUSTOMER_ID, TRANSACTIONS
from goldrun.features.activity import customer_daily, customer_places, customer_products
from goldrun.features.touched import Days, days_touched, lines_behind
from tests.features.markets import ENTITIES, Market, Row, at, frame, line, silver_of, version

KEY = [CUSTOMER_ID, A.DAY]
TABLES = (customer_daily, customer_products, customer_places)


class Shop:
    """Orders of several lines on several days, which are added, changed, moved and removed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: dict[str, Row] = {}
        for n in range(60):
            self._put(f"t{n}")

    def _put(self, key: str) -> None:
        draw = self.random.randrange
        when = at("2024-02-26") + timedelta(hours=draw(24 * 9))
        order = draw(25)
        self.lines[key] = line(
            # Some orders have lines of two customers.
            *(f"c{order % 7 + (draw(20) == 0)}", key, f"o{order}", when.isoformat()[:19]),
            f"{draw(1, 900) / 100:.2f}",
            product_id=f"p{draw(3)}",
            transaction_status=self.random.choice(("completed", "pending", "cancelled")),
        )

    def change(self) -> list[Row]:
        """Change a few lines; return each as it was before and as it is now."""
        keys = [*self.random.sample(sorted(self.lines), 3), f"new{self.random.random()}"]
        images = [self.lines.get(key) for key in keys]
        for key in keys:
            self._put(key)
        del self.lines[keys[0]]
        return [row for row in [*images, *map(self.lines.get, keys)] if row]


def by_day(rows: DataFrame) -> dict[tuple[object, ...], list[str]]:
    found: dict[tuple[object, ...], list[str]] = {}
    for row in rows.select(*KEY, F.to_json(F.struct("*")).alias("row")).collect():
        found.setdefault((row[0], row[1]), []).append(row[2])
    return {key: sorted(texts) for key, texts in found.items()}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_computed_of_the_days_touched_is_what_all_lines_give(
    spark: SparkSession, seed: int
) -> None:
    shop = Shop(seed)
    market: Market = {entity: [] for entity in ENTITIES} | {
        "versions": [version(f"c{n}", "2024-03-01", f"city {n}") for n in range(8)]
    }
    others = ("sessions", "events", "interactions")
    before = silver_of(spark, market | {"transactions": list(shop.lines.values())}, *others)
    images = frame(spark, TRANSACTIONS, shop.change())
    after = silver_of(spark, market | {"transactions": list(shop.lines.values())}, *others)

    pairs = days_touched(images, after.transactions).localCheckpoint()
    days = Days(pairs, *pairs.agg(F.count("*"), F.min(A.DAY), F.max(A.DAY)).collect()[0])
    part = replace(after, transactions=lines_behind(days, after.transactions))
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
    found = days_touched(stored.where("transaction_id = 't2'"), stored).collect()
    assert sorted(str(row[A.DAY]) for row in found) == ["2024-03-01", "2024-03-02"]
