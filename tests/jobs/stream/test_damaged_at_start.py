"""A stream that starts on damaged gold ends in the tables that a batch computes."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from goldrun.contracts.entities import TRANSACTIONS
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.compaction import compact_if_free
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream.maintenance import tables_of
from tests import foreign
from tests.jobs.conftest import Shop, new_shop

pytestmark = [pytest.mark.of_spark, pytest.mark.slow]

Line = Callable[..., str]
DAILY = "gold/customer_daily"
AGAIN = "computed again"
GOLD = (*feature_tables.ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES)


@pytest.fixture(scope="module")
def streamed(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop whose lake a stream has written, in two starts."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("streamed"))
    for day in (1, 2):
        sales = [line(f"t{day}{n}", "completed", 1, who=f"c{n}") for n in range(4)]
        shop.add_file(f"day{day}.csv", *(s.replace("2024-05-01", f"2024-05-0{day}") for s in sales))
        start(shop)
    return shop


def start(shop: Shop) -> None:
    """Start a stream as a new process does, and end it without a new record."""
    later, lake = shop.ctx.now + timedelta(days=1), Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    shop.ctx = replace(shop.ctx, now=later, lake=lake)
    with shop.ctx.tracker.run("stream", "goldrun-pipeline"):
        shop.bronze()
        shop.silver()
        updater = GoldUpdater(shop.ctx.tracker.run_id, Scorer(SEGMENTATION, streaming=True))
        updater.backfill(shop.ctx)
        updater.publish_snapshot(shop.ctx, ending=True)


def content(shop: Shop) -> dict[str, list[str]]:
    lake = shop.ctx.lake
    return {t.name: sorted(map(str, lake.read(t.name).collect())) for t in GOLD}


@pytest.mark.parametrize("table", [DAILY, USER_FEATURES.name])
def test_a_restored_table_is_computed_again(
    streamed: Shop, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    expected = content(streamed)
    foreign.restore(streamed.ctx.lake, table, 1)
    assert content(streamed) != expected
    with caplog.at_level(logging.INFO):
        start(streamed)
    assert "(RESTORE) is not goldrun's" in caplog.text
    assert content(streamed) == expected


def test_silver_whose_changes_are_vacuumed_is_computed_again(
    streamed: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    expected = content(streamed)
    foreign.delete(streamed.ctx.lake, TRANSACTIONS.name, "customer_id = 'c1'")
    foreign.compact_and_vacuum(streamed.ctx.lake, TRANSACTIONS.name)
    with caplog.at_level(logging.INFO):
        start(streamed)
    assert "can't be read after version" in caplog.text
    assert content(streamed) == expected


def test_maintenance_computes_nothing_again(
    streamed: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    expected = content(streamed)
    for table in tables_of(streamed.ctx):
        if streamed.ctx.lake.exists(table.name):
            assert compact_if_free(streamed.ctx.lake, table)
    with caplog.at_level(logging.INFO):
        start(streamed)
    assert AGAIN not in caplog.text
    assert content(streamed) == expected
