"""Snapshots of several dates are the same in one part and in several."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES
from goldrun.features.catalog.non_additive_tables import CUSTOMER_PLACES
from goldrun.features.snapshots import snapshots_of_sums
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import activity_in
from goldrun.jobs.aggregate.snapshots import write_snapshots
from tests.jobs.conftest import Shop, new_shop

DATES = [date(2024, 5, day) for day in (4, 2, 3)]


@pytest.fixture(scope="module")
def shop(
    engine: Engine,
    tracker: Tracker,
    line: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """A shop with sales on three days, and gold of them."""
    built = new_shop(engine, tracker, tmp_path_factory.mktemp("snapshots"))
    sales = [line(f"t{n}", "completed", n, who=f"c{n % 3}") for n in range(1, 8)]
    days = [text.replace("2024-05-01", f"2024-05-0{n % 3 + 1}") for n, text in enumerate(sales)]
    built.add_file("sales.csv", *days)
    with tracker.run("run to gold", "goldrun-pipeline"):
        built.bronze()
        built.silver()
        gold_tables.run(built.ctx)
    return built


def stored(shop: Shop) -> list[tuple[object, ...]]:
    rows = shop.ctx.lake.read(CUSTOMER_FEATURES.name).orderBy(*CUSTOMER_FEATURES.key)
    return [tuple(row) for row in rows.collect()]


@pytest.mark.parametrize(("rows_at_once", "parts"), [(1, 3), (7, 2)])
def test_a_shop_with_many_rows_has_its_dates_computed_in_parts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, rows_at_once: int, parts: int
) -> None:
    ctx = shop.ctx
    write_snapshots(ctx, DATES)
    whole = stored(shop)
    ctx.lake.replace(CUSTOMER_FEATURES, ctx.lake.read(CUSTOMER_FEATURES.name).limit(0))
    computed: list[list[date]] = []

    def counted(*given: Any, **options: Any) -> DataFrame:
        computed.append(given[1])
        return snapshots_of_sums(*given, **options)

    monkeypatch.setattr(f"{write_snapshots.__module__}.snapshots_of_sums", counted)
    monkeypatch.setattr(Lake, "rows_at_once", rows_at_once)
    write_snapshots(ctx, DATES)
    assert len(computed) == parts
    assert len({row[1] for row in whole}) == len(DATES)
    assert stored(shop) == whole


def test_days_that_are_known_later_are_corrections_whatever_the_source_records(shop: Shop) -> None:
    ctx = shop.ctx
    assert not activity_in(ctx).has_versions
    daily = ctx.lake.read(CUSTOMER_DAILY.name).localCheckpoint()
    later = daily.withColumn("known_from", F.date_add("day", 1))
    ctx.lake.replace(CUSTOMER_DAILY, later)
    assert activity_in(ctx).has_versions
    ctx.lake.replace(CUSTOMER_DAILY, daily)
    assert not activity_in(ctx).has_versions
    places = ctx.lake.read(CUSTOMER_PLACES.name).localCheckpoint()
    ctx.lake.replace(CUSTOMER_PLACES, places.withColumn("known_from", F.date_add("day", 1)))
    assert activity_in(ctx).has_versions
    ctx.lake.replace(CUSTOMER_PLACES, places)
