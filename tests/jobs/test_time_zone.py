"""A lake has one time zone; gold of a lake without one is recomputed."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from goldrun.contracts.ops import LAKE_SETTINGS
from goldrun.contracts.table import Table
from goldrun.errors import MissingTableError, SettingsError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import ACTIVITY
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import drift
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.refine import silver
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.time_zone import check_zone, zone_of_gold
from goldrun.jobs.train import train
from tests.jobs.conftest import new_shop
from tests.jobs.refine.test_silver_converges import PowerCutError

pytestmark = pytest.mark.e2e

Shop = Any
TOKYO = "Asia/Tokyo"
STEPS: dict[str, Callable[[Context], object]] = {
    "bronze": bronze.run,
    "silver": silver.run,
    "gold": gold_tables.run,
    "stream": lambda ctx: stream.run(ctx, Limits()),
    "churn": lambda ctx: train.train(ctx, "churn"),
    "segmentation": lambda ctx: train.train(ctx, "segmentation"),
    "drift": lambda ctx: drift.run(ctx, "churn"),
}


def sold(key: str, who: str, at: str, amount: str = "5") -> str:
    return f"{key},{who},1,5,{amount},{at},completed,{at}"


def in_zone(shop: Shop, zone: str | None) -> Context:
    """Return the shop's context with another time zone and without cached tables."""
    source = shop.ctx.source.model_copy(update={"timezone": zone})
    lake = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    ctx: Context = replace(shop.ctx, source=source, lake=lake)
    return ctx


def build(ctx: Context, as_of: date | None = None) -> None:
    with ctx.tracker.run("built", "goldrun-pipeline"):
        bronze.run(ctx)
        silver.run(ctx)
        gold_tables.run(ctx, as_of)


def last_purchases(ctx: Context) -> dict[str, tuple[str, int]]:
    rows = ctx.lake.read(USER_FEATURES.name).collect()
    return {r["user_id"]: (str(r["last_purchase_date"]), r["recency_days"]) for r in rows}


def snapshot_dates(ctx: Context) -> set[str]:
    rows = ctx.lake.read(CUSTOMER_FEATURES.name).select("as_of").distinct().collect()
    return {str(row["as_of"]) for row in rows}


def test_every_step_refuses_a_source_of_another_time_zone(shop: Shop) -> None:
    shop.add_file("day.csv", sold("t1", "c", "2024-05-01"), sold("t2", "d", "2024-05-02"))
    tokyo = in_zone(shop, TOKYO)
    build(tokyo)
    assert last_purchases(tokyo) == {"c": ("2024-05-01", 1), "d": ("2024-05-02", 0)}
    shop.add_file("late.csv", sold("t3", "c", "2024-05-03"))
    tables = ("bronze/transactions", "silver/transactions", "gold/customer_daily")
    before = tokyo.lake.versions(tables)
    for step in STEPS.values():
        for zone, named in (("America/New_York", "America/New_York"), (None, "UTC")):
            with pytest.raises(SettingsError) as exc_info:
                step(in_zone(shop, zone))
            message = str(exc_info.value)
            assert f"in the time zone {TOKYO}, and shop.toml in {named}" in message
            assert f"Set timezone = '{TOKYO}', or validate all records in {named} with" in message
            assert "-e silver -P source=shop -P remap=true, or build another lake" in message
    assert tokyo.lake.versions(tables) == before


def test_a_missing_time_zone_means_utc(shop: Shop) -> None:
    shop.add_file("day.csv", sold("t1", "c", "2024-05-01T23:59:59Z"))
    build(in_zone(shop, None))
    for zone in ("UTC", "Etc/UTC", None):
        check_zone(in_zone(shop, zone))
    with pytest.raises(SettingsError):
        check_zone(in_zone(shop, "Europe/London"))


def test_a_lake_with_only_rejected_rows_may_change_its_time_zone(shop: Shop) -> None:
    shop.add_file("day.csv", sold("t1", "c", "2024-05-01 10:00:00", amount="free"))
    utc, tokyo = in_zone(shop, "UTC"), in_zone(shop, TOKYO)
    bronze.run(utc)
    silver.run(utc)
    silver.run(tokyo)
    settings = tokyo.lake.read(LAKE_SETTINGS.name).collect()
    assert {row["value"] for row in settings} == {TOKYO}


@pytest.fixture(scope="module")
def built(engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("old-zone"))
    shop.add_file(
        "day.csv",
        sold("t1", "c", "2024-05-01T14:59:59Z"),
        sold("t2", "d", "2024-05-01T15:00:00Z"),
        sold("t3", "e", "2024-05-03T16:00:00Z"),
    )
    utc = in_zone(shop, "UTC")
    build(utc, date(2024, 5, 2))
    assert last_purchases(utc)["d"] == ("2024-05-01", 2)
    assert snapshot_dates(utc) == {"2024-05-02"}
    shutil.rmtree(utc.lake.path(LAKE_SETTINGS.name))
    shop.keep("old")
    return shop


@pytest.fixture
def old(built: Shop) -> Shop:
    """A lake without a time zone, as of an older version: its days are in UTC."""
    return built.restored("old")


def test_an_old_lake_of_a_shop_in_utc_is_unchanged(
    old: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[object] = []
    monkeypatch.setattr(gold_tables, "_compute_all", computed.append)
    build(in_zone(old, "UTC"))
    assert computed == []
    assert snapshot_dates(in_zone(old, "UTC")) == {"2024-05-02", "2024-05-04"}


def test_an_old_lake_of_another_time_zone_is_recomputed_even_after_a_stop(
    old: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replaced = Lake.replace

    def cut(self: Lake, table: Table, *given: Any, **more: Any) -> bool:
        if table.name == USER_FEATURES.name:
            raise PowerCutError
        return replaced(self, table, *given, **more)

    with pytest.raises(MissingTableError, match=r"has the days of UTC.*run gold first"):
        train.train(in_zone(old, TOKYO), "churn")
    with monkeypatch.context() as patched:
        patched.setattr(Lake, "replace", cut)
        with pytest.raises(PowerCutError):
            build(in_zone(old, TOKYO))
    tokyo = in_zone(old, TOKYO)
    assert zone_of_gold(tokyo) == "UTC"
    days = tokyo.lake.read("gold/customer_daily").select("day").collect()
    assert {str(row["day"]) for row in days} == {"2024-05-01", "2024-05-02", "2024-05-04"}
    # The next run completes the recomputation: here the start of a stream.
    with tokyo.tracker.run("stream", "goldrun-pipeline") as run_id:
        GoldUpdater(run_id, Scorer(SEGMENTATION)).backfill(tokyo)
    assert last_purchases(tokyo) == {
        "c": ("2024-05-01", 3),
        "d": ("2024-05-02", 2),
        "e": ("2024-05-04", 0),
    }
    assert snapshot_dates(tokyo) == {"2024-05-05"}
    assert f"gold has the days of UTC, and shop those of {TOKYO}" in caplog.text
    assert zone_of_gold(tokyo) == TOKYO
    computed: list[object] = []
    monkeypatch.setattr(gold_tables, "_compute_all", computed.append)
    build(tokyo)
    assert computed == []


def gold_rows(ctx: Context) -> dict[str, list[str]]:
    """All rows of gold that depend on the time zone or on money, as sorted texts."""
    names = [*(table.name for table, _ in ACTIVITY), CUSTOMER_FEATURES.name, USER_FEATURES.name]
    return {name: sorted(map(str, ctx.lake.read(name).collect())) for name in names}


@pytest.mark.slow
def test_a_remap_moves_a_lake_to_another_time_zone(shop: Shop) -> None:
    shop.add_file(
        "day.csv",
        sold("t1", "c", "2024-05-01"),
        sold("t2", "d", "2024-05-02 00:30:00"),
        sold("t3", "d", "2024-05-02 20:00:00Z"),
    )
    build(in_zone(shop, TOKYO))
    moved = in_zone(shop, "America/New_York")
    silver.run(moved, remap=True)
    assert zone_of_gold(moved) == TOKYO
    build(moved)
    fresh = replace(moved, lake=Lake(moved.lake.engine, f"{moved.lake.root}-fresh"))
    build(fresh)
    assert gold_rows(moved) == gold_rows(fresh)
    with pytest.raises(SettingsError, match="in the time zone America/New_York"):
        silver.run(in_zone(shop, TOKYO))


def test_gold_is_updated_by_what_a_remap_changes(
    shop: Shop, line: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = [line(f"t{n}", "completed", 1, who=f"c{n % 5}") for n in range(9)]
    shop.add_file("day.csv", *paid, line("t9", "unheard", 1, who="c0"))
    build(in_zone(shop, "UTC"))
    shop.ctx.source.with_files["transactions"].columns["transaction_status"] = (
        "if(Status = 'unheard', 'completed', Status)"
    )
    ctx = in_zone(shop, "UTC")
    before = ctx.lake.version("silver/transactions")
    silver.run(ctx, remap=True)
    assert ctx.lake.version("silver/transactions") == before + 1
    changes = ctx.lake.read_changes("silver/transactions", before).collect()
    assert [row["transaction_id"] for row in changes] == ["t9"]
    computed: list[object] = []
    with monkeypatch.context() as patched:
        patched.setattr(gold_tables, "_compute_all", computed.append)
        build(ctx)
    assert computed == []
    updated = gold_rows(ctx)
    with ctx.tracker.run("rebuilt", "goldrun-pipeline"):
        gold_tables.run(ctx, rebuild=True)
    assert gold_rows(ctx) == updated
    assert len(updated["gold/user_features"]) == 5
