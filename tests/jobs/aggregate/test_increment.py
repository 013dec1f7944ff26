"""An update recomputes only affected rows, and equals a full computation."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.features.catalog.feature_tables import USER_FEATURES
from goldrun.features.silver_tables import Silver
from goldrun.features.spans import in_spans
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import ACTIVITY
from goldrun.jobs.context import Context
from goldrun.jobs.refine import silver
from goldrun.jobs.refine.batches import completed_batches
from goldrun.jobs.refine.tables import read_fates
from goldrun.medallion.batches import incomplete_batches
from tests import foreign
from tests.jobs.conftest import SETTINGS, new_shop
from tests.jobs.refine.test_silver_converges import PowerCutError, stop_at

pytestmark = pytest.mark.e2e

HISTORY = lineage.history_table(TRANSACTIONS).name
BRONZE = lineage.bronze_table("transactions").name
Line = Callable[..., str]
Shop = Any


@pytest.fixture(scope="module")
def first_day(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop with its first day in gold, and the files of its second day."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("two-days"))
    shop.add_file("day1.csv", *(line(f"t{n}", "completed", 1, who=f"c{n % 8}") for n in range(9)))
    run_to_gold(shop)
    later = line("t9", "completed", 2, who="c1").replace("2024-05-01", "2024-05-02")
    moved = line("t0", "cancelled", 3, who="c0")
    shop.add_file("day2.csv", later, moved, line("t10", "completed", 1, who="new"))
    shop.keep("one-day")
    return shop


@pytest.fixture
def two_days(first_day: Shop) -> Shop:
    """The shop of ``first_day``, restored to its original files and tables."""
    return first_day.restored("one-day")


@pytest.fixture(scope="module")
def second_day(first_day: Shop) -> Shop:
    """The shop after the run on the files of both days."""
    shop = first_day.restored("one-day")
    run_to_gold(shop)
    shop.keep("updated")
    return shop


@pytest.fixture
def updated(second_day: Shop) -> Shop:
    """The shop of ``second_day``, restored to its original files and tables."""
    return second_day.restored("updated")


def open_batches(ctx: Context) -> dict[str, int]:
    fates = read_fates(ctx.lake, "transactions")
    completed = completed_batches(ctx.lake, "transactions")
    return incomplete_batches(ctx.lake.read(BRONZE), fates, completed)


def run_to_gold(shop: Shop, *, rebuild: bool = False) -> None:
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=1))
    with shop.ctx.tracker.run("run to gold", "goldrun-pipeline"):
        shop.bronze()
        shop.silver()
        gold_tables.run(shop.ctx, rebuild=rebuild)


def test_updated_gold_equals_rebuilt_gold(updated: Shop) -> None:
    tables = [*(table.name for table, _ in ACTIVITY), USER_FEATURES.name]
    lake = updated.ctx.lake
    before = Lake(lake.engine, f"{lake.root}-one-day").versions(tables)
    after = lake.versions(tables)
    assert after["gold/customer_daily"] == before["gold/customer_daily"] + 1
    run_to_gold(updated, rebuild=True)
    assert updated.ctx.lake.versions(tables) == after
    users = updated.ctx.lake.read(USER_FEATURES.name)
    found = {row["user_id"]: row["purchase_frequency"] for row in users.collect()}
    assert found == {"c0": 1, "c1": 2, "new": 1} | {f"c{n}": 1 for n in range(2, 8)}


def test_gold_computed_in_spans_of_days_equals_rebuilt_gold(
    updated: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [*(table.name for table, _ in ACTIVITY), USER_FEATURES.name]
    before = updated.ctx.lake.versions(tables)
    parts: list[int] = []

    def counted(silver: Silver, lines: int | None) -> list[Silver]:
        spans = in_spans(silver, lines)
        parts.append(len(spans))
        return spans

    monkeypatch.setattr(gold_tables, "in_spans", counted)
    monkeypatch.setattr(Lake, "rows_at_once", 2)
    run_to_gold(updated, rebuild=True)
    assert parts == [2]
    assert updated.ctx.lake.versions(tables) == before


def test_unchanged_tables_are_not_recomputed(
    two_days: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[object] = []
    monkeypatch.setattr(gold_tables, "_compute_all", computed.append)
    run_to_gold(two_days)
    assert computed == []


def test_batches_are_incomplete_while_records_have_no_fate(two_days: Shop) -> None:
    ctx = two_days.ctx
    assert open_batches(ctx) == {}
    two_days.ctx = ctx = replace(ctx, now=ctx.now + timedelta(days=1))
    two_days.bronze()
    newest = f"{ctx.now:%Y%m%dT%H%M%S.%fZ}"
    assert open_batches(ctx) == {newest: 3}
    two_days.silver()
    assert open_batches(ctx) == {}
    assert silver.accounts(ctx)["transactions"].closed


def test_the_run_after_an_interrupted_replay_completes_it(
    shop: Shop, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1), line("t2", "completed", 1, amount="free"))
    shop.bronze()
    shop.silver()
    better = tmp_path / "shop.toml"
    text = SETTINGS.format(folder=shop.folder)
    better.write_text(text.replace('"Amount"', '''"if(Amount = 'free', '1', Amount)"'''))
    ctx = replace(shop.ctx, source=load_source(str(better)))
    with monkeypatch.context() as patched:
        stop_at(patched, TRANSACTIONS.name)
        with pytest.raises(PowerCutError):
            silver.run(ctx, replay=True)
    assert not silver.accounts(ctx)["transactions"].closed
    silver.run(ctx)
    assert silver.accounts(ctx)["transactions"].closed
    assert Lake(ctx.lake.engine, ctx.lake.root).read(TRANSACTIONS.name).count() == 2


def test_a_deleted_silver_table_is_recreated(two_days: Shop) -> None:
    ctx = two_days.ctx
    before = ctx.lake.read(TRANSACTIONS.name).count()
    shutil.rmtree(ctx.lake.path(TRANSACTIONS.name))
    again = replace(ctx, lake=Lake(ctx.lake.engine, ctx.lake.root))
    silver.run(again)
    assert again.lake.read(TRANSACTIONS.name).count() == before
    assert silver.accounts(again)["transactions"].closed


def test_a_deleted_gold_table_is_recreated_completely(two_days: Shop) -> None:
    ctx = two_days.ctx
    shutil.rmtree(ctx.lake.path("gold/customer_daily"))
    two_days.ctx = replace(ctx, lake=Lake(ctx.lake.engine, ctx.lake.root))
    run_to_gold(two_days)
    total = two_days.ctx.lake.read("gold/customer_daily").agg({"lines": "sum"}).collect()[0][0]
    assert total == 10


def test_gold_is_recomputed_after_silver_lost_records(updated: Shop) -> None:
    ctx = updated.ctx
    for name in (TRANSACTIONS.name, HISTORY, "silver/customers"):
        shutil.rmtree(ctx.lake.path(name))
    for file in updated.folder.glob("day2.csv"):
        file.unlink()
    shutil.rmtree(ctx.lake.path(BRONZE))
    updated.ctx = replace(ctx, lake=Lake(ctx.lake.engine, ctx.lake.root))
    run_to_gold(updated)
    users = updated.ctx.lake.read(USER_FEATURES.name).select("user_id").collect()
    assert {row["user_id"] for row in users} == {f"c{n}" for n in range(8)}


DAILY = "gold/customer_daily"


def remove_metric(shop: Shop) -> None:
    """Remove the metric ``pieces`` from gold, as in a lake of an older version."""
    foreign.overwrite(shop.ctx.lake, DAILY, shop.ctx.lake.read(DAILY).drop("pieces"))
    shop.ctx = replace(shop.ctx, lake=Lake(shop.ctx.lake.engine, shop.ctx.lake.root))


def pieces(shop: Shop) -> int | None:
    total: int | None = shop.ctx.lake.read(DAILY).agg({"pieces": "sum"}).collect()[0][0]
    return total


@pytest.mark.slow
def test_a_daily_metric_that_an_older_lake_lacks_is_computed_for_all_days(updated: Shop) -> None:
    expected = pieces(updated)
    assert expected
    remove_metric(updated)
    run_to_gold(updated)
    assert pieces(updated) == expected


def test_a_stop_after_a_new_metric_leaves_no_day_without_it(
    updated: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pieces(updated)
    remove_metric(updated)

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(gold_tables, "_compute_all", cut)
        with pytest.raises(PowerCutError):
            run_to_gold(updated)
    assert pieces(updated) is None
    run_to_gold(updated)
    assert pieces(updated) == expected
