"""A file that is overwritten is read as a newer version of itself, and old rows keep their ids."""

import gzip
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.table import Table
from goldrun.errors import SettingsError, SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.jobs.refine import silver
from tests.jobs.conftest import SETTINGS, Shop
from tests.jobs.ingest.test_reread import read_again
from tests.jobs.refine.test_silver_converges import PowerCutError

Line = Callable[..., str]
BRONZE = lineage.bronze_table("transactions").name
TABLES = ("silver/transactions", "silver/transactions_history", *(lineage.DUPLICATES.name,))
NAME = "orders.csv"


def refusing(shop: Shop, value: str = "refuse") -> Shop:
    """The shop whose settings declare what happens to files that change."""
    settings = shop.folder.parent / "shop.toml"
    text = SETTINGS.format(folder=shop.folder)
    option = f'on_changed = "{value}"\n[transactions.columns]'
    settings.write_text(text.replace("[transactions.columns]", option))
    return replace(shop, ctx=replace(shop.ctx, source=load_source(str(settings))))


def sold(line: Line, key: str, minute: int = 1, amount: str = "5") -> str:
    return line(key, "completed", minute, amount=amount)


def ingest(shop: Shop, *lines: str, name: str = NAME) -> Shop:
    """Write a file, and run bronze an hour later."""
    shop = shop.later()
    shop.add_file(name, *lines)
    shop.bronze()
    return shop


def run(shop: Shop, *lines: str, name: str = NAME) -> Shop:
    """Write a file, and run bronze and silver an hour later."""
    shop = ingest(shop, *lines, name=name)
    shop.silver()
    return shop


def ids(shop: Shop) -> dict[tuple[str, int], str]:
    """Record ids of bronze by the key in the record and its batch's number."""
    rows = shop.ctx.lake.read(BRONZE).collect()
    batches = sorted({row["batch_id"] for row in rows})
    found = {
        ((row["record"] or {}).get("Id", ""), batches.index(row["batch_id"])): row["record_id"]
        for row in rows
    }
    assert len({*found.values()}) == len(rows)
    return found


def amounts(shop: Shop) -> dict[str, int]:
    rows = shop.ctx.lake.read("silver/transactions").collect()
    return {row["transaction_id"]: int(row["amount"]) for row in rows}


def closed(shop: Shop) -> dict[str, int]:
    """Number of records by fate; none is lost or doubled."""
    account = silver.accounts(shop.ctx)["transactions"]
    assert account.closed
    return {fate: n for fate, n in account.fates.items() if n}


def tables(shop: Shop) -> dict[str, list[str]]:
    lake = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    return {table: sorted(map(str, lake.read(table).collect())) for table in TABLES}


def test_only_rows_that_were_appended_are_read(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [sold(line, f"t{n}") for n in range(5)]
    first = ingest(shop, *lines[:2])
    before = ids(first)
    with caplog.at_level(logging.INFO):
        second = ingest(first, *lines[:4])
    assert "orders.csv has 2 more records than when it was read" in caplog.text
    third = run(second, *lines)
    found = ids(third)
    assert {key: found[key] for key in before} == before
    assert sorted(found) == [("t0", 0), ("t1", 0), ("t2", 1), ("t3", 1), ("t4", 2)]
    offsets = {r["record"]["Id"]: r["offset"] for r in third.ctx.lake.read(BRONZE).collect()}
    assert offsets == {f"t{n}": n for n in range(5)}
    assert closed(third) == {"silver": 5}
    version = third.ctx.lake.version(BRONZE)
    assert ingest(third, *lines).ctx.lake.version(BRONZE) == version
    before_the_remap = tables(third)
    silver.run(third.ctx, remap=True)
    assert tables(third) == before_the_remap


def test_other_content_is_newer_and_rows_that_are_gone_stay(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(shop, sold(line, "t1"), sold(line, "t2"), sold(line, "t3"))
    changed = run(first, sold(line, "t4"), sold(line, "t1"), sold(line, "t2", amount="7"))
    assert "orders.csv was overwritten: its 3 records are read as newer than the 3" in caplog.text
    assert (
        "orders.csv has lost 1 values of transaction_id since it was read, and their rows stay"
        in caplog.text
    )
    assert amounts(changed) == {"t1": 5, "t2": 7, "t3": 5, "t4": 5}
    assert closed(changed) == {"silver": 4, "superseded": 1, "duplicate": 1}
    before = tables(changed)
    silver.run(changed.ctx, remap=True)
    assert tables(changed) == before


def test_content_that_comes_back_is_current_again(shop: Shop, line: Line) -> None:
    once, twice = sold(line, "t1", amount="5"), sold(line, "t1", amount="6")
    last = run(run(run(shop, once), twice), once)
    assert amounts(last) == {"t1": 5}
    assert sorted(ids(last)) == [("t1", 0), ("t1", 1), ("t1", 2)]
    assert closed(last) == {"silver": 1, "superseded": 2}
    # Read again, the newest content keeps its ids and its place behind the other.
    again, before = last.later(), ids(last)
    read_again(again)
    again.silver()
    assert ids(again) == before
    assert amounts(again) == {"t1": 5}


def test_a_file_that_was_cut_or_compressed_again_adds_nothing(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    first = ingest(shop, sold(line, "t1"), sold(line, "t2"))
    cut = run(first, sold(line, "t1"))
    assert "orders.csv has lost 1 values of transaction_id" in caplog.text
    assert amounts(cut) == {"t1": 5, "t2": 5}
    whole = ingest(cut, sold(line, "t1"), sold(line, "t2"), sold(line, "t3"))
    assert sorted(ids(whole)) == [("t1", 0), ("t2", 0), ("t3", 1)]
    packed = whole.folder / "more.csv.gz"
    text = "\n".join([(whole.folder / NAME).read_text().splitlines()[0], sold(line, "t9")]) + "\n"
    for level, hour in ((1, 1), (9, 2)):
        packed.write_bytes(gzip.compress(text.encode(), level, mtime=hour))
        whole = whole.later()
        whole.bronze()
    assert sorted(ids(whole)) == [("t1", 0), ("t2", 0), ("t3", 1), ("t9", 2)]


def test_a_row_that_was_cut_off_is_corrected_under_the_same_name(shop: Shop, line: Line) -> None:
    whole = sold(line, "t2", minute=30)
    first = run(shop, sold(line, "t1"), whole[:-8])
    last = run(first, sold(line, "t1"), whole)
    assert closed(last) == {"silver": 2, "duplicate": 1, "superseded": 1}


def test_changes_are_refused_before_anything_is_read_where_the_settings_say_so(
    shop: Shop, line: Line
) -> None:
    first = ingest(shop, sold(line, "t1"))
    strict = refusing(first).later()
    strict.add_file(NAME, sold(line, "t1"), sold(line, "t2"))
    strict.add_file("new.csv", sold(line, "t3"))
    version = strict.ctx.lake.version(BRONZE)
    with pytest.raises(SourceError, match=r"orders\.csv has changed .* on_changed = 'refuse'"):
        strict.bronze()
    assert strict.ctx.lake.version(BRONZE) == version
    # A copy of a file that bronze has is another content of this one all the same.
    (strict.folder / "new.csv").unlink()
    strict.add_file("first.csv", sold(line, "t9"))
    strict.add_file(NAME, sold(line, "t1"))
    strict.bronze()
    strict.add_file(NAME, sold(line, "t9"))
    with pytest.raises(SourceError, match=r"orders\.csv has changed .* on_changed = 'refuse'"):
        strict.bronze()
    strict.add_file(NAME, sold(line, "t1"), sold(line, "t2"))
    allowed = refusing(strict, "reread")
    allowed.bronze()
    assert allowed.rows(BRONZE) == 3


def test_a_key_of_row_numbers_is_refused_where_rows_have_moved(shop: Shop, line: Line) -> None:
    mapping = shop.ctx.source.entities["transactions"]
    columns = {**mapping.columns, "transaction_id": "concat(_file, '-', _row)"}
    numbered = mapping.model_copy(update={"columns": columns})
    source = shop.ctx.source.model_copy(update={"entities": {"transactions": numbered}})
    shop = replace(shop, ctx=replace(shop.ctx, source=source))
    shop = ingest(shop, *[sold(line, key) for key in "ab"])
    shop = run(shop, *[sold(line, key) for key in "abc"])
    assert amounts(shop) == {f"{NAME}-{n}": 5 for n in (1, 2, 3)}
    shop = shop.later()
    shop.add_file(NAME, *[sold(line, key) for key in "cab"])
    with pytest.raises(SourceError, match=r"makes transaction_id from the number of a row"):
        shop.bronze()
    assert shop.rows(BRONZE) == 3


def test_a_clock_that_was_set_back_is_named(shop: Shop, line: Line) -> None:
    first = ingest(shop, sold(line, "t1"))
    first.add_file(NAME, sold(line, "t2"))
    with pytest.raises(SourceError, match="correct the clock"):
        first.bronze()


def test_only_files_have_an_option_for_changes(shop: Shop) -> None:
    settings = shop.folder.parent / "shop.toml"
    text = SETTINGS.format(folder=shop.folder)
    path = f'path = "{shop.folder}/*.csv*"'
    settings.write_text(text.replace(path, 'topic = "t"\non_changed = "refuse"'))
    with pytest.raises(SettingsError, match="on_changed is for files"):
        load_source(str(settings))


@pytest.mark.parametrize("table", [BRONZE, "ops/readings"])
def test_a_run_that_stops_before_a_commit_is_completed_by_the_next(
    shop: Shop, line: Line, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest(shop, sold(line, "t1"))
    append = Lake.append

    def stop(lake: Lake, contract: Table, rows: DataFrame) -> None:
        if contract.name == table:
            raise PowerCutError
        append(lake, contract, rows)

    with monkeypatch.context() as patched:
        patched.setattr(Lake, "append", stop)
        with pytest.raises(PowerCutError):
            run(first, sold(line, "t1"), sold(line, "t2"))
    last = run(first.later(), sold(line, "t1"), sold(line, "t2"))
    assert closed(last) == {"silver": 2}


def test_a_reread_keeps_the_order_of_appended_rows_and_of_erased_text(
    shop: Shop, line: Line
) -> None:
    """Another file corrects the first row before the second one is appended."""
    first = ingest(shop, sold(line, "t1", amount="5"))
    other = ingest(first, sold(line, "t1", amount="6"), name="other.csv")
    second = run(other, sold(line, "t1", amount="5"), sold(line, "t2"))
    assert amounts(second) == {"t1": 6, "t2": 5}
    again = second.later()
    read_again(again)
    assert sorted(ids(again)) == [("t1", 0), ("t1", 1), ("t2", 2)]
    again.silver()
    assert amounts(again) == {"t1": 6, "t2": 5}
    assert closed(again) == {"silver": 2, "superseded": 1}
    # The name of the file changes too, and a row is appended that no run has read.
    moved = again.later()
    (moved.folder / NAME).rename(moved.folder / "orders-2.csv")
    read_again(moved)
    assert {Path(r["file"]).name for r in moved.ctx.lake.read(BRONZE).collect()} == {
        *("orders-2.csv", "other.csv")
    }
    assert sorted(ids(moved)) == [("t1", 0), ("t1", 1), ("t2", 2)]
    grown = moved.later()
    grown.add_file("orders-2.csv", sold(line, "t1"), sold(line, "t2"), sold(line, "t3"))
    read_again(grown)
    assert sorted(ids(grown)) == [("t1", 0), ("t1", 1), ("t2", 2), ("t3", 3)]


def test_a_reread_keeps_earlier_contents_unless_changes_are_refused(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    first = ingest(shop, sold(line, "t1"), sold(line, "t2"))
    second = run(first, sold(line, "t3"), sold(line, "t2"))
    again = second.later()
    read_again(again)
    again.silver()
    assert "records of earlier contents of" in caplog.text
    assert amounts(again) == {"t1": 5, "t2": 5, "t3": 5}
    strict: Any = refusing(again).later()
    read_again(strict)
    strict.silver()
    assert amounts(strict) == {"t2": 5, "t3": 5}
    assert closed(strict) == {"silver": 2}
