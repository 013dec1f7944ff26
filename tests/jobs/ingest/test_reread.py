"""Files that are read again give the tables of a build from the same files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.functions import lit

from goldrun.contracts import fingerprint, lineage
from goldrun.contracts.erasure import ERASED_AT, KEY_ID, TOMBSTONE, TOMBSTONES
from goldrun.contracts.ops import READINGS, RUN_ID
from goldrun.errors import SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.erasure.secret import VARIABLE, key_for
from goldrun.io.settings import load_source
from goldrun.jobs.ingest import reread
from goldrun.jobs.refine import silver
from goldrun.jobs.time_zone import is_remap_pending
from goldrun.medallion.erasure import with_tombstone
from tests.jobs.old_files import age
from tests.jobs.refine.test_remap import stop_before
from tests.jobs.refine.test_silver_converges import PowerCutError

Shop = Any
"""The small shop of this folder's fixtures."""
Line = Callable[..., str]
BRONZE = lineage.bronze_table("transactions").name
TABLES = [
    *(BRONZE, "silver/transactions", "silver/transactions_history", "silver/customers"),
    *(lineage.DUPLICATES.name, lineage.QUARANTINE.name),
]
SETTINGS = """
max_reject_share = 1
[transactions]
path = "{folder}/*.txt"
{reading}
[transactions.columns]
transaction_id = "{key}"
customer_id = "{who}"
quantity = "1"
price = "5"
amount = "5"
transaction_date = "'2024-05-01T10:00:00Z'"
transaction_status = "'completed'"
"""
RIGHT = {"key": "Id", "who": "Who"}
COMMAS = "csv (RFC 4180), delimiter ',', encoding UTF-8"
CHANGES = {
    "delimiter": (
        "Id;Who\nt1;c1\nt2;c2\n",
        {"reading": "", "key": "`Id;Who`", "who": "`Id;Who`"},
        {"reading": "delimiter = ';'", **RIGHT},
        f"{COMMAS}; now {COMMAS.replace(',', ';').replace('; ', ', ')}",
    ),
    "encoding": (
        "Id,Who\nt1,Zoë\nt2,c2\n",
        {"reading": "", **RIGHT},
        {"reading": "encoding = 'latin-1'", **RIGHT},
        f"{COMMAS}; now {COMMAS.replace('UTF-8', 'ISO-8859-1')}",
    ),
    "format": (
        "Id,Who\nt1,c1\nt2,c2\n",
        {"reading": "format = 'json'", **RIGHT},
        {"reading": "format = 'csv'", **RIGHT},
        f"json (lines or documents); now {COMMAS}",
    ),
}


def with_settings(shop: Shop, given: dict[str, str], lake: str) -> Shop:
    settings = shop.folder.parent / "shop.toml"
    settings.write_text(SETTINGS.format(folder=shop.folder, **given))
    root = str(shop.folder.parent / lake)
    source = load_source(str(settings))
    ctx = replace(shop.ctx, source=source, lake=Lake(shop.ctx.lake.engine, root))
    return replace(shop, ctx=ctx)


def later(shop: Shop, days: int) -> Shop:
    """Return the shop at a later time, without cached tables."""
    lake = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    return replace(shop, ctx=replace(shop.ctx, now=shop.ctx.now + timedelta(days=days), lake=lake))


def read_again(shop: Shop) -> None:
    for file in shop.folder.iterdir():
        age(file)
    reread.run(shop.ctx)


def rows(shop: Shop) -> dict[str, list[str]]:
    return {t: sorted(map(str, shop.ctx.lake.read(t).collect())) for t in TABLES}


def reported(shop: Shop, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages about settings of files that a run of bronze logs."""
    caplog.clear()
    shop.bronze()
    return [r.getMessage().strip() for r in caplog.records if "files were read" in r.message]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "change",
    ["delimiter", pytest.param("encoding", marks=SLOW), pytest.param("format", marks=SLOW)],
)
def test_files_read_with_mended_settings_give_the_tables_of_a_build(
    shop: Shop, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    text, wrong, right, named = CHANGES[change]
    encoding = "latin-1" if change == "encoding" else "utf-8"
    (shop.folder / "sales.txt").write_text(text, encoding=encoding)
    before = with_settings(shop, wrong, "lake")
    assert reported(before, caplog) == []
    before.silver()
    mended = later(with_settings(shop, right, "lake"), 1)
    (warning,) = reported(mended, caplog)
    assert warning.startswith(f"transactions: 1 files were read with other settings ({named}): ")
    assert "-e bronze -P source=shop -P reread=true reads them again" in warning
    read_again(mended)
    assert reported(mended, caplog) == []
    assert is_remap_pending(mended.ctx)
    mended.silver()
    fresh = with_settings(shop, right, "fresh")
    fresh.bronze()
    fresh.silver()
    assert rows(mended) == rows(fresh)
    assert mended.rows("silver/transactions") == 2
    assert silver.accounts(mended.ctx)["transactions"].closed


def test_files_from_when_a_record_was_a_line_are_named_if_a_line_was_malformed(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.add_file("whole.csv", line("t1", "completed", 1), "too,few")
    shop.add_file("broken.csv", line("t2", "completed", 1), 't3,"a note')
    with monkeypatch.context() as patched:
        patched.setattr(fingerprint, "_DEFINITIONS", {})
        shop.bronze()
    (warning,) = reported(later(shop, 1), caplog)
    assert "1 files were read with other settings (csv, delimiter" in warning
    read_again(later(shop, 2))
    assert reported(later(shop, 3), caplog) == []


def sold(line: Line, key: str, minute: int, amount: str = "5") -> str:
    return line(key, "completed", minute, amount=amount)


def test_the_order_of_ingestion_stays_and_missing_files_are_named(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    # The second ingestion corrects the first, and its file comes before it by name.
    b = shop.add_file("b.csv", sold(line, "t1", 1, "5"), sold(line, "t2", 1))
    shop.bronze()
    second = later(shop, 1)
    second.add_file("a.csv", sold(line, "t1", 1, "6"))
    gone = second.add_file("gone.csv", sold(line, "t9", 1))
    second.bronze()
    second.silver()
    before = rows(second)
    gone.unlink()
    third = later(second, 1)
    versions = third.ctx.lake.versions(TABLES)
    read_again(third)
    third.silver()
    assert f"{gone} are not among the files any more, and their records stay" in caplog.text
    assert rows(third) == before
    assert third.ctx.lake.versions(TABLES) == versions
    # Where changes are refused, new content replaces the old one, and counts as ingested now.
    b.write_text(b.read_text().replace("t2", "t3").replace(",5,5,", ",5,8,"))
    mapping = third.ctx.source.entities["transactions"].model_copy(update={"on_changed": "refuse"})
    source = third.ctx.source.model_copy(update={"entities": {"transactions": mapping}})
    fourth = later(replace(third, ctx=replace(third.ctx, source=source)), 1)
    with pytest.raises(SourceError, match=r"has changed since .* -P reread=true"):
        fourth.bronze()
    moved = third.folder / "moved.csv"
    (third.folder / "a.csv").rename(moved)
    third.add_file("new.csv", sold(line, "t4", 1))
    read_again(fourth)
    fourth.silver()
    stored = fourth.ctx.lake.read("silver/transactions")
    amounts = {r["transaction_id"]: int(r["amount"]) for r in stored.collect()}
    assert amounts == {"t1": 8, "t3": 8, "t4": 5, "t9": 5}
    files = fourth.ctx.lake.read(BRONZE).select("file", "batch_id").distinct().collect()
    assert {(Path(r["file"]).name, r["batch_id"][:8]) for r in files} == {
        ("b.csv", "20260105"),
        ("new.csv", "20260105"),
        ("moved.csv", "20260103"),
        ("gone.csv", "20260103"),
    }
    assert silver.accounts(fourth.ctx)["transactions"].closed
    history = fourth.ctx.lake.read("silver/transactions_history").collect()
    assert [int(r["amount"]) for r in history] == [6]


@pytest.mark.parametrize("table", [pytest.param(BRONZE, marks=SLOW), READINGS.name])
def test_a_stopped_reread_is_completed_by_the_next(
    shop: Shop, table: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text, wrong, right, _ = CHANGES["delimiter"]
    (shop.folder / "sales.txt").write_text(text)
    before = with_settings(shop, wrong, "lake")
    before.bronze()
    before.silver()
    mended = later(with_settings(shop, right, "lake"), 1)
    with monkeypatch.context() as patched:
        stop_before(patched, lambda name: name == table)
        with pytest.raises(PowerCutError):
            read_again(mended)
    assert len(reported(mended, caplog)) == 1
    read_again(mended)
    assert reported(mended, caplog) == []
    mended.silver()
    fresh = with_settings(shop, right, "fresh")
    fresh.bronze()
    fresh.silver()
    assert rows(mended) == rows(fresh)


def test_records_of_an_erased_person_stay_erased(
    shop: Shop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "the key of these tests, which is long enough")
    lake = shop.ctx.lake
    shop.add_file("day.csv", line("t1", "completed", 1, who="ada"), line("t2", "completed", 1))
    shop.bronze()
    shop.silver()
    key = key_for(lake.read_or_empty(TOMBSTONES))
    signed = with_tombstone(lake.session.sql("SELECT 'ada' AS customer_id"), key)
    row = signed.crossJoin(key.select(KEY_ID))
    when = lit(shop.ctx.now).alias(ERASED_AT)
    lake.append(TOMBSTONES, row.select(TOMBSTONE, KEY_ID, when, lit("run").alias(RUN_ID)))
    read_again(later(shop, 1))
    texts = str([r["record"] for r in lake.read(BRONZE).collect()])
    assert "ada" not in texts
    assert "t2" in texts
    shop.silver()
    account = silver.accounts(shop.ctx)["transactions"]
    assert account.closed
    assert {fate: n for fate, n in account.fates.items() if n} == {"silver": 1, "erased": 1}


def test_a_file_that_was_read_before_settings_were_recorded_is_named(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    shop.add_file("day.csv", line("t1", "completed", 1))
    shop.bronze()
    shop.ctx.lake.delete_rows(READINGS.name, shop.ctx.lake.read(READINGS.name).select("entity"))
    (message,) = reported(shop, caplog)
    assert "transactions: 1 files were read before settings were recorded; " in message
    read_again(shop)
    assert reported(shop, caplog) == []
