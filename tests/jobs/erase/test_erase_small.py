"""An erasure in a minimal lake; ``test_erase`` covers all tables and files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES, Term
from goldrun.io.erasure.secret import VARIABLE
from goldrun.io.erasure.traces import find_traces
from goldrun.jobs.erase import erase
from goldrun.jobs.refine import silver
from goldrun.jobs.refine.refine import refine

pytestmark = [pytest.mark.slow, pytest.mark.spark_too]

ADA, TOM = "ada-77", "tom-76"
Shop = Any
"""The small shop of this folder's fixtures."""


def test_an_erasure_leaves_no_trace_and_keeps_other_customers(
    shop: Shop, line: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "the key of these tests, which is long enough")
    lake, root = shop.ctx.lake, Path(shop.ctx.lake.root)
    shop.add_file(
        "day1.csv",
        line("t1", "pending", 1, who=ADA),
        line("t1", "completed", 2, who=ADA),
        line("t2", "completed", 1, who=ADA, amount="free"),
        line("t3", "completed", 1, who=TOM),
    )
    shop.bronze()
    refine(shop.ctx, "transactions")
    terms = [Term("customer_id", ADA, frozenset())]
    assert {Path(t.file).relative_to(root).parts[1] for t in find_traces([root], terms)} == {
        "transactions",
        "transactions_history",
        "quarantine",
    }
    with shop.ctx.tracker.run("erase", "goldrun-pipeline"):
        erase.run(shop.ctx, ADA)
    assert find_traces([root], terms) == []
    (account,) = silver.accounts(shop.ctx).values()
    assert account.closed
    assert {fate: n for fate, n in account.fates.items() if n} == {"erased": 3, "silver": 1}
    assert [r["customer_id"] for r in lake.read("silver/transactions").collect()] == [TOM]
    records = [r[lineage.RECORD] for r in lake.read("bronze/transactions").collect()]
    assert len(records) == 4
    assert [record["Who"] for record in records if "Who" in record] == [TOM]
    assert lake.read(TOMBSTONES.name).count() == 1


def test_a_file_that_is_overwritten_after_an_erasure_keeps_the_person_erased(
    shop: Shop, line: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "the key of these tests, which is long enough")
    ada, tom = line("t1", "completed", 1, who=ADA), line("t2", "completed", 1, who=TOM)
    cut = f"t3,{ADA},1"
    shop.add_file("day.csv", ada, tom, cut)
    shop.bronze()
    shop.silver()
    with shop.ctx.tracker.run("erase", "goldrun-pipeline"):
        erase.run(shop.ctx, ADA)

    def ids(shop: Shop) -> list[str]:
        rows = shop.ctx.lake.read("bronze/transactions").collect()
        return sorted(row["record"].get("Id", "") for row in rows)

    # The erased text equals what cannot be told apart from it: only the last line is new.
    shop = shop.later()
    shop.add_file("day.csv", ada, tom, cut, line("t4", "completed", 1, who=TOM))
    shop.bronze()
    assert ids(shop) == ["", "", "t2", "t4"]
    # A line of another customer in the person's place is not lost.
    shop = shop.later()
    shop.add_file("day.csv", line("t5", "completed", 1, who=TOM), tom)
    shop.bronze()
    shop.silver()
    assert ids(shop) == ["", "", "t2", "t2", "t4", "t5"]
    (account,) = silver.accounts(shop.ctx).values()
    assert account.closed
    assert {fate: n for fate, n in account.fates.items() if n} == {
        "erased": 2,
        "silver": 3,
        "duplicate": 1,
    }
