"""Compaction runs on a schedule during a stream, and continues after a failure."""

import threading

import pytest

from goldrun.contracts import lineage
from goldrun.contracts.table import Table
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.stream import maintenance
from goldrun.jobs.stream.maintenance import compacting, tables_of
from tests.conftest import NOW

pytestmark = pytest.mark.of_spark


@pytest.fixture
def ctx(lake: Lake, tracker: Tracker) -> Context:
    return Context(lake, tracker, load_source("kafka"), NOW)


class Compactions:
    """Records the requested compactions; the compaction of one table fails."""

    def __init__(self, enough: int, failing: str = "") -> None:
        self.names: list[str] = []
        self.enough = threading.Event()
        self._number, self._failing = enough, failing

    def __call__(self, _: Lake, table: Table) -> bool:
        self.names.append(table.name)
        if len(self.names) >= self._number:
            self.enough.set()
        if table.name == self._failing:
            raise OSError("the disk is full")
        return True


def let_all_tables_exist(monkeypatch: pytest.MonkeyPatch, compactions: Compactions) -> None:
    monkeypatch.setattr(Lake, "exists", lambda *_: True)
    monkeypatch.setattr(maintenance, "compact_if_free", compactions)


def test_every_table_is_compacted_repeatedly(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [table.name for table in tables_of(ctx)]
    done = Compactions(2 * len(tables))
    let_all_tables_exist(monkeypatch, done)
    with compacting(ctx, 0.01):
        assert done.enough.wait(20)
    assert done.names[: 2 * len(tables)] == 2 * tables
    assert {"silver/transactions", "ops/gold_progress", "gold/segments"} <= set(tables)


def test_a_failed_compaction_is_logged_and_the_other_tables_are_compacted(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tables = [table.name for table in tables_of(ctx)]
    done = Compactions(len(tables) + 1, failing=lineage.QUARANTINE.name)
    let_all_tables_exist(monkeypatch, done)
    with compacting(ctx, 0.01):
        assert done.enough.wait(20)
    assert done.names[: len(tables)] == tables
    assert "silver/quarantine could not be compacted" in caplog.text
