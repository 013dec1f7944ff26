"""Silver ends with the same tables wherever a run stops."""

from collections.abc import Callable
from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.table import Table
from goldrun.io.delta.lake import Lake
from goldrun.jobs.refine import silver

CURRENT = TRANSACTIONS.name
HISTORY = lineage.history_table(TRANSACTIONS).name
COMMITS = (lineage.QUARANTINE.name, lineage.DUPLICATES.name, HISTORY, CURRENT)
Line = Callable[..., str]
Shop = Any


class PowerCutError(Exception):
    """An error that the pipeline does not handle."""


def stop_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Stop the process before it writes this table."""
    for method in ("upsert", "append_unless_empty"):
        whole = getattr(Lake, method)

        def cut(self: Lake, table: Table, rows: Any, whole: Any = whole) -> None:
            if table.name == name:
                raise PowerCutError
            whole(self, table, rows)

        monkeypatch.setattr(Lake, method, cut)


@pytest.mark.slow
def test_the_run_after_a_stop_between_commits_corrects_the_tables(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = [line("t1", "pending", 1), line("t2", "completed", 1), line("t4", "completed", 5)]
    shop.add_file("day1.csv", *first)
    shop.bronze()
    shop.silver()
    shop.add_file(
        "day2.csv",
        line("t1", "completed", 5),
        line("t1", "completed", 3),
        line("t1", "completed", 5) + " ",
        line("t2", "completed", 1) + " ",
        line("t3", "completed", 1, amount="free"),
        line("t4", "pending", 2),
    )
    shop.bronze()
    for table in (lineage.DUPLICATES.name, CURRENT):
        with monkeypatch.context() as patched:
            stop_at(patched, table)
            with pytest.raises(PowerCutError):
                shop.silver()
    shop.silver()
    lake = shop.ctx.lake
    minutes = "minute(updated_at)", "minute(valid_from)", "minute(valid_to)"
    current = lake.read(CURRENT).selectExpr("transaction_id", minutes[0]).collect()
    assert {tuple(row) for row in current} == {("t1", 5), ("t2", 1), ("t4", 5)}
    history = lake.read(HISTORY).selectExpr("transaction_id", *minutes[1:]).collect()
    assert {tuple(row) for row in history} == {("t1", 1, 3), ("t1", 3, 5), ("t4", 2, 5)}
    account = silver.accounts(shop.ctx)["transactions"]
    assert account.closed
    assert account.records == 9
    assert account.fates == {
        "silver": 3,
        "superseded": 3,
        "duplicate": 2,
        "quarantined": 1,
        "erased": 0,
    }
    before = lake.versions([*COMMITS, "silver/customers"])
    shop.silver()
    assert lake.versions([*COMMITS, "silver/customers"]) == before
