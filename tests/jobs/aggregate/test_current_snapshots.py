"""Stored snapshots and users are computed again only where gold is not as its last run left it."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from deltalake import DeltaTable

from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables, snapshots
from goldrun.jobs.aggregate.activity import history_of
from goldrun.jobs.aggregate.progress import find_state, record_changed_from
from goldrun.jobs.aggregate.snapshots import stored_dates, write_snapshots
from tests.jobs.aggregate.test_increment import run_to_gold
from tests.jobs.conftest import Shop, new_shop

FIRST, NEWEST = date(2024, 5, 2), date(2024, 5, 4)
Computed = list[list[date]]


@pytest.fixture(scope="module")
def built(
    engine: Engine,
    tracker: Tracker,
    line: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """A shop with sales on three days, its gold, and a file that is not read yet."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("current"))
    sales = [line(f"t{n}", "completed", n, who=f"c{n % 3}") for n in range(1, 8)]
    days = [text.replace("2024-05-01", f"2024-05-0{n % 3 + 1}") for n, text in enumerate(sales)]
    shop.add_file("sales.csv", *days)
    run_to_gold(shop)
    shop.keep("built")
    return shop


@pytest.fixture
def shop(built: Shop) -> Shop:
    return built.restored("built")


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Computed:
    """The dates of each computation of snapshots."""
    dates: Computed = []
    compute = snapshots._computed

    def counted(ctx: Any, activity: Any, as_ofs: Sequence[date], first: date) -> Any:
        dates.append(list(as_ofs))
        return compute(ctx, activity, as_ofs, first)

    monkeypatch.setattr(snapshots, "_computed", counted)
    return dates


def write(shop: Shop, *dates: date) -> None:
    write_snapshots(shop.ctx, dates, history_of(shop.ctx))


def test_only_dates_that_are_not_stored_are_computed(shop: Shop, computed: Computed) -> None:
    write(shop, FIRST, NEWEST)
    write(shop, FIRST, NEWEST)
    assert computed == [[FIRST]]
    assert stored_dates(shop.ctx) == [FIRST, NEWEST]


def test_a_run_without_new_rows_computes_neither_snapshots_nor_users(
    shop: Shop, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    users: list[object] = []
    monkeypatch.setattr(gold_tables, "_write_users", users.append)
    run_to_gold(shop)
    assert computed == []
    assert users == []


def test_a_rebuild_computes_the_newest_snapshot_and_those_stored(
    shop: Shop, computed: Computed
) -> None:
    write(shop, FIRST)
    run_to_gold(shop, rebuild=True)
    assert computed == [[FIRST], [FIRST, NEWEST]]


def test_a_snapshot_is_computed_where_silver_is_newer_than_gold(
    shop: Shop, computed: Computed, line: Callable[..., str]
) -> None:
    later = shop.later()
    later.add_file("more.csv", line("t9", "completed", 2, who="c1"))
    later.bronze()
    later.silver()
    write(later, NEWEST)
    assert computed == [[NEWEST]]


@pytest.mark.parametrize("table", ["gold/customer_features", "gold/customer_daily"])
def test_a_snapshot_is_computed_where_others_have_changed_gold(
    shop: Shop, computed: Computed, table: str
) -> None:
    DeltaTable(shop.ctx.lake.path(table)).delete("customer_id = 'c1'")
    other = shop.later()
    write(other, NEWEST)
    assert computed == [[NEWEST]]


def test_a_snapshot_is_computed_after_a_change_of_a_definition(
    shop: Shop, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldrun.features.catalog.definitions.TOTALS_VERSION", -1)
    write(shop, NEWEST)
    assert computed == [[NEWEST]]


def test_a_snapshot_is_computed_while_stored_ones_lack_a_change(
    shop: Shop, computed: Computed
) -> None:
    record_changed_from(shop.ctx, find_state(shop.ctx), FIRST, "run")
    write(shop, NEWEST)
    assert computed == [[NEWEST]]
