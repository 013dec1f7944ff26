"""Gold has what a stream writes between and during the batches beside it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts.ops import GOLD_TABLES
from goldrun.errors import AsOfError
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.silver_tables import Silver
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables, snapshots
from goldrun.jobs.aggregate.activity import ACTIVITY, versions_of_activity
from goldrun.jobs.aggregate.progress import find_state, record_tables
from goldrun.jobs.aggregate.recorded import record_changed_from
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.score.scorer import Scorer
from tests import foreign
from tests.jobs.conftest import Shop, new_shop

pytestmark = pytest.mark.e2e

Line = Callable[..., str]
FIRST, EARLIER = date(2024, 5, 1), date(2024, 5, 2)


class Stream:
    """What a stream does with each micro-batch of transactions."""

    def __init__(self, shop: Shop, line: Line) -> None:
        self.shop, self.line, self.rows = shop, line, 0
        self.updater = GoldUpdater("stream", Scorer(SEGMENTATION, streaming=True))
        self.updater.backfill(shop.ctx)

    def receive(self, day: date = FIRST) -> None:
        """Receive one order of customer c3."""
        self.rows += 1
        row = self.line(f"s{self.rows}", "completed", 1, who="c3")
        self.shop.add_file(f"s{self.rows}.csv", row.replace(str(FIRST), str(day)))
        tick(self.shop)
        self.shop.bronze()
        self.shop.silver()
        self.updater.update(self.shop.ctx)


def tick(shop: Shop) -> None:
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(minutes=1))


def batch(shop: Shop, *, rebuild: bool = False) -> None:
    tick(shop)
    with shop.ctx.tracker.run("batch", "goldrun-pipeline"):
        gold_tables.run(shop.ctx, rebuild=rebuild)


def orders_of_c3(shop: Shop, as_of: date = EARLIER) -> int:
    """Orders of customer c3 as of a date, in the stored snapshot."""
    rows = shop.ctx.lake.read(CUSTOMER_FEATURES.name)
    found = rows.where(f"customer_id = 'c3' AND as_of = DATE'{as_of}'").collect()
    return int(found[0]["purchase_frequency"])


def changed_from(shop: Shop) -> date | None:
    recorded = shop.ctx.lake.read(GOLD_TABLES.name)
    row = recorded.where(f"table = '{CUSTOMER_FEATURES.name}'").collect()[0]
    day: date | None = row["changed_from"]
    return day


@contextlib.contextmanager
def after(where: Any, function: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something after the first call of a function of a module."""
    call, left = getattr(where, function), [act]

    def then_act(*given: Any) -> Any:
        done = call(*given)
        if left:
            left.pop()()
        return done

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(where, function, then_act)
        yield


@pytest.fixture
def shop(engine: Engine, tracker: Tracker, line: Line, tmp_path: Path) -> Shop:
    """A shop with one order of each customer, and snapshots as of two dates."""
    shop = new_shop(engine, tracker, tmp_path)
    orders = [line(f"t{n}", "completed", 1, who=f"c{n}") for n in range(8)]
    shop.add_file("day1.csv", *orders)
    shop.add_file("day2.csv", orders[0].replace("t0", "t9").replace("2024-05-01", "2024-05-03"))
    shop.bronze()
    shop.silver()
    batch(shop)
    write_snapshots(shop.ctx, [EARLIER])
    batch(shop)
    return shop


def test_a_change_after_a_batch_is_found_by_the_run_after_a_kill(shop: Shop, line: Line) -> None:
    stream = Stream(shop, line)
    stream.receive()
    batch(shop)
    assert orders_of_c3(shop) == 2
    stream.receive()
    # Here the stream is killed: it does not update the stored snapshots.
    batch(shop)
    assert orders_of_c3(shop) == 3


def receive_one_order(shop: Shop, line: Line, who: str, day: date) -> None:
    """Receive one order in a file of a batch."""
    row = line(f"b-{who}", "completed", 1, who=who)
    shop.add_file(f"{who}.csv", row.replace(str(FIRST), str(day)))
    shop.bronze()
    shop.silver()


def test_a_batch_with_a_change_of_its_own_adds_what_a_killed_stream_left(
    shop: Shop, line: Line
) -> None:
    Stream(shop, line).receive()
    # Here the stream is killed.
    receive_one_order(shop, line, "c4", date(2024, 5, 3))
    batch(shop)
    assert orders_of_c3(shop) == 2


def test_a_batch_alone_computes_stored_snapshots_of_changed_customers(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    receive_one_order(shop, line, "c3", EARLIER)
    receive_one_order(shop, line, "c4", date(2024, 5, 6))
    with caplog.at_level("INFO", logger="goldrun"):
        batch(shop)
    assert orders_of_c3(shop, date(2024, 5, 4)) == 2
    assert "gold: stored snapshots" in caplog.text


@pytest.mark.parametrize(
    "step", [(gold_tables, "_update_activity"), (snapshots, "_computed"), (snapshots, "_update")]
)
def test_a_change_during_a_batch_is_found_by_the_run_after_a_kill(
    shop: Shop, line: Line, step: tuple[Any, str]
) -> None:
    stream = Stream(shop, line)
    stream.receive()
    with after(*step, stream.receive):
        batch(shop)
    # Here the stream is killed.
    batch(shop)
    assert orders_of_c3(shop) == 3


def test_a_batch_with_a_change_of_its_own_adds_what_a_stream_changes_beside_it(
    shop: Shop, line: Line
) -> None:
    stream = Stream(shop, line)
    receive_one_order(shop, line, "c4", date(2024, 5, 3))
    with after(gold_tables, "_update_activity", stream.receive):
        batch(shop)
    # Here the stream is killed.
    batch(shop)
    assert orders_of_c3(shop) == 2


def test_a_change_during_a_training_is_found_by_the_run_after_a_kill(
    shop: Shop, line: Line
) -> None:
    stream = Stream(shop, line)
    as_of = date(2024, 5, 3)
    with shop.ctx.lake.writing(CUSTOMER_FEATURES.name):
        nothing = shop.ctx.lake.read(CUSTOMER_FEATURES.name).limit(0)
        shop.ctx.lake.replace(CUSTOMER_FEATURES, nothing)
    # No stored snapshot is of a later date than this row.
    with after(snapshots, "_computed", lambda: stream.receive(EARLIER)):
        write_snapshots(shop.ctx, [as_of])
    # Here the stream is killed.
    batch(shop)
    assert orders_of_c3(shop, as_of) == 2


def test_the_end_of_a_stream_computes_only_snapshots_after_its_own_changes(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # As in a shop with sessions, whose changes can affect any day until they are computed.
    monkeypatch.setattr(Silver, "has_only_transactions", False)
    stream = Stream(shop, line)
    stream.receive(date(2024, 5, 3))
    assert changed_from(shop) == date.min
    for table, _ in ACTIVITY:
        # A compaction changes no rows.
        foreign.compact_and_vacuum(shop.ctx.lake, table.name)
    with caplog.at_level("INFO", logger="goldrun"):
        stream.updater.publish_snapshot(shop.ctx, ending=True)
    assert f"as of {EARLIER}" not in caplog.text
    assert orders_of_c3(shop, date(2024, 5, 4)) == 2
    assert changed_from(shop) is None


def test_a_batch_ends_while_another_process_writes_activity(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    receive_one_order(shop, line, "c3", FIRST)
    another = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    shop.ctx.lake.wait_for_others(0.1)
    with contextlib.ExitStack() as held:
        locked = another.writing(CUSTOMER_DAILY.name)
        held.enter_context(after(gold_tables, "_log_profiles", lambda: held.enter_context(locked)))
        held.enter_context(caplog.at_level("INFO", logger="goldrun"))
        batch(shop)
    assert "the next run updates stored snapshots" in caplog.text
    assert changed_from(shop) == FIRST
    batch(shop)
    assert changed_from(shop) is None


def test_a_run_that_stops_after_a_full_computation_leaves_the_earliest_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gold_tables, "update_snapshots", stop)
        with pytest.raises(KeyboardInterrupt):
            batch(shop, rebuild=True)
    assert changed_from(shop) == date.min


def test_a_snapshot_of_a_date_that_the_lake_does_not_cover_is_refused(shop: Shop) -> None:
    with pytest.raises(AsOfError, match="the lake ends on 2024-05-03"):
        write_snapshots(shop.ctx, [date(2024, 5, 4), date(2024, 5, 5)])


def test_users_have_the_observed_end_of_a_stream_that_is_later_than_the_batch(
    shop: Shop, line: Line
) -> None:
    stream = Stream(shop, line)
    stream.receive()
    with after(gold_tables, "update_snapshots", lambda: stream.receive(date(2024, 5, 6))):
        batch(shop)
    users = shop.ctx.lake.read(USER_FEATURES.name).collect()
    assert {row["recency_days"] for row in users if row["user_id"] not in {"c0", "c3"}} == {5}


def test_the_earliest_day_is_recorded_until_the_tables_are(shop: Shop) -> None:
    state = find_state(shop.ctx)
    days = [record_changed_from(shop.ctx, day, "run") for day in (EARLIER, FIRST, EARLIER)]
    assert days == [EARLIER, FIRST, FIRST]
    assert changed_from(shop) == FIRST
    # No table of gold has changed since the state was found.
    record_tables(shop.ctx, state, "run")
    assert changed_from(shop) == FIRST
    record_tables(shop.ctx, state, "run", versions_of_activity(shop.ctx))
    assert changed_from(shop) is None
