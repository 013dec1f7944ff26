"""After a mended setting and a remap, silver is what a build from the same files would be."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.functions import lit

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.erasure import ERASED_AT, KEY_ID, TOMBSTONE, TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import MAPPINGS, RUN_ID
from goldrun.contracts.table import Rule, Severity, Table
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.erasure.secret import VARIABLE, key_for
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.refine import mappings, silver
from goldrun.jobs.time_zone import is_remap_pending
from goldrun.medallion.bronze import Batch
from goldrun.medallion.erasure import with_tombstone
from tests.jobs.conftest import new_shop
from tests.jobs.refine.test_silver_converges import PowerCutError

Shop = Any
"""The small shop of this folder's fixtures."""
SALES = """
timezone = "UTC"
currency = "EUR"
rates = "{folder}/rates.txt"
max_reject_share = 1
[transactions]
path = "{folder}/*.csv"
timestamp_format = "dd/MM/yyyy HH:mm"
[transactions.columns]
transaction_id = "Id"
customer_id = "Who"
quantity = "Quantity"
price = "Price"
amount = "Amount"
currency = "Money"
transaction_date = "Time"
transaction_status = "Status"
"""
TABLES = [
    *("silver/transactions", "silver/transactions_history"),
    *(lineage.DUPLICATES.name, lineage.QUARANTINE.name, "silver/customers"),
]
HEADER = "Id,Who,Quantity,Price,Amount,Money,Time,Status"
DAYS = (
    (
        "t1,c1,1,5,5,EUR,02/05/2024 10:00,completed",
        "t2,c2,2,5,,EUR,03/05/2024 23:30,completed",
        "t3,c1,1,5,8,USD,04/05/2024 10:00,completed",
        "t4,c3,1,5,5000,EUR,04/05/2024 10:00,completed",
    ),
    (
        "t1,c1,1,5,6,EUR,02/05/2024 10:00,completed",
        "t3,c1,1,5,8,USD,04/05/2024 10:00,completed",
        "t5,c4,1,5,7,GBP,05/05/2024 10:00,completed",
        "t6,c4,1,5,7,EUR,2024-05-06T10:00:00,completed",
    ),
)
RATES = "currency,valid_from,rate\nUSD,2024-01-01,0.5\nGBP,2024-06-01,2\n"
AT_MOST = Rule("amount_too_large", "amount <= 1000", Severity.REJECT, "for this test")


class Built:
    """A lake with both days under the first settings, which is copied for each test."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.copies = 0

    def copy(self, settings: str = SALES) -> Shop:
        """Return the shop with a copy of the lake and with settings."""
        self.copies += 1
        root = Path(self.shop.ctx.lake.root)
        target = root.with_name(f"lake-{self.copies}")
        shutil.copytree(root, target)
        return in_lake(self.shop, target.name, settings)


def in_lake(shop: Shop, lake: str, settings: str = SALES) -> Shop:
    """Return the shop with other settings and another lake."""
    file = shop.folder.parent / "shop.toml"
    file.write_text(settings.format(folder=shop.folder))
    ctx = replace(
        shop.ctx,
        source=load_source(str(file)),
        lake=Lake(shop.ctx.lake.engine, str(shop.folder.parent / lake)),
    )
    return replace(shop, ctx=ctx)


def ingest(shop: Shop, *, refine: bool) -> None:
    """Run bronze once for each day; then, or after each, silver."""
    began = shop.ctx.now
    for day, lines in enumerate(DAYS):
        shop.add_file(f"day{day}.csv", *lines, header=HEADER)
        shop.ctx = replace(shop.ctx, now=began + timedelta(days=day))
        shop.bronze()
        if refine:
            shop.silver()
    shop.ctx = replace(shop.ctx, now=began)


@pytest.fixture(scope="module")
def built(engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Built:
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("remap"))
    (shop.folder / "rates.txt").write_text(RATES)
    shop = in_lake(shop, "lake")
    ingest(shop, refine=True)
    return Built(shop)


@pytest.fixture
def rates(built: Built) -> Iterator[Path]:
    """The file of rates, restored afterwards."""
    file = built.shop.folder / "rates.txt"
    yield file
    file.write_text(RATES)


def rows(shop: Shop, tables: list[str] = TABLES) -> dict[str, list[str]]:
    """All rows of tables as sorted texts."""
    lake = shop.ctx.lake
    return {t: sorted(map(str, lake.read(t).collect())) for t in tables if lake.exists(t)}


def fresh(built: Built, settings: str = SALES) -> dict[str, list[str]]:
    """The rows of a lake that is built from the same files, in as many ingestions."""
    built.copies += 1
    shop = in_lake(built.shop, f"fresh-{built.copies}", settings)
    for file in built.shop.folder.glob("day*.csv"):
        file.unlink()
    ingest(shop, refine=False)
    silver.run(shop.ctx)
    return rows(shop)


def warnings_of(shop: Shop, caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages of a report, which also logs the metric."""
    caplog.clear()
    with shop.ctx.tracker.run("report", "goldrun-pipeline"):
        mappings.report(shop.ctx)
    return [record.getMessage() for record in caplog.records if "rows came in" in record.message]


def mended(before: str, after: str) -> str:
    """The settings with a part replaced."""
    assert SALES.count(before) == 1
    return SALES.replace(before, after)


CHANGES = {
    "timezone": ("timezone", mended('timezone = "UTC"', 'timezone = "America/New_York"')),
    "expression": ("mapping", mended('= "Amount"', '= "coalesce(Amount, Price)"')),
    "time pattern": ("mapping", mended('timestamp_format = "dd/MM/yyyy HH:mm"', "")),
    "currency": ("currency, rates", mended('currency = "EUR"', 'currency = "USD"')),
    "rates": ("rates", SALES),
    "rules": ("rules", SALES),
}


SLOW = {"time pattern", "currency", "rates"}


@pytest.mark.parametrize(
    "change", [pytest.param(c, marks=pytest.mark.slow if c in SLOW else ()) for c in CHANGES]
)
def test_a_remap_gives_the_tables_of_a_build_from_the_same_files(
    built: Built,
    rates: Path,
    change: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    named, settings = CHANGES[change]
    before = rows(built.copy())
    shop = built.copy(settings)
    assert warnings_of(built.copy(), caplog) == []
    if change == "rates":
        rates.write_text(RATES.replace("0.5", "0.25"))
    if change == "currency":
        rates.write_text("currency,valid_from,rate\nEUR,2024-01-01,2\nGBP,2024-01-01,4\n")
    if change == "rules":
        stricter = replace(TRANSACTIONS, rules=(*TRANSACTIONS.rules, AT_MOST))
        monkeypatch.setitem(ENTITIES, "transactions", stricter)
    (warning,) = warnings_of(shop, caplog)
    accepted = len(before["silver/transactions"]) + len(before["silver/transactions_history"])
    assert f"transactions: {accepted} rows came in under other settings ({named}; " in warning
    assert "-e silver -P source=shop -P remap=true" in warning
    silver.run(shop.ctx, remap=True)
    assert rows(shop) == fresh(built, settings)
    assert rows(shop) != before
    assert warnings_of(shop, caplog) == []
    assert silver.accounts(shop.ctx)["transactions"].closed


def reached(left: Iterator[int], _: str) -> bool:
    """Whether no more writes are left before the stop."""
    return next(left, None) is None


def stop_before(monkeypatch: pytest.MonkeyPatch, wanted: Callable[[str], bool]) -> list[str]:
    """Stop the process before a write that is wanted; return the names of the tables written."""
    written: list[str] = []
    for method in ("upsert", "append_unless_empty", "replace_rows", "replace"):
        whole = getattr(Lake, method)

        def cut(self: Lake, table: Table, *given: Any, whole: Any = whole, **more: Any) -> Any:
            if wanted(table.name):
                raise PowerCutError
            written.append(table.name)
            return whole(self, table, *given, **more)

        monkeypatch.setattr(Lake, method, cut)
    return written


@pytest.mark.parametrize("table", ["silver/transactions"])
def test_the_next_run_completes_a_remap_that_was_stopped(
    built: Built, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = CHANGES["expression"][1]
    shop = built.copy(settings)
    with monkeypatch.context() as patched:
        stop_before(patched, lambda name: name == table)
        with pytest.raises(PowerCutError):
            silver.run(shop.ctx, remap=True)
    assert is_remap_pending(shop.ctx)
    shop.silver()
    assert not is_remap_pending(shop.ctx)
    assert silver.accounts(shop.ctx)["transactions"].closed
    assert rows(shop) == fresh(built, settings)


@pytest.mark.slow
def test_a_remap_converges_after_a_stop_before_each_of_its_commits(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = CHANGES["timezone"][1]
    shop = built.copy(settings)
    # Each run stops one write later than the one before, so every state in between is continued.
    for position in count():
        with monkeypatch.context() as patched:
            written = stop_before(patched, partial(reached, iter(range(position))))
            try:
                silver.run(shop.ctx, remap=position < 2)
            except PowerCutError:
                continue
            break
    assert position == len(written)
    assert position > len(TABLES)
    assert rows(shop) == fresh(built, settings)
    assert not is_remap_pending(shop.ctx)


def test_a_second_remap_writes_no_row(built: Built) -> None:
    shop = built.copy()
    before = shop.ctx.lake.versions(TABLES)
    silver.run(shop.ctx, remap=True)
    assert shop.ctx.lake.versions(TABLES) == before


def test_rows_from_before_settings_were_recorded_are_named_and_not_counted(
    built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    shop = built.copy(CHANGES["expression"][1])
    shutil.rmtree(shop.ctx.lake.path(MAPPINGS.name))
    shop.silver()
    (line,) = warnings_of(shop, caplog)
    assert "transactions: 4 rows came in before settings were recorded; mlflow run ." in line
    assert {record.levelname for record in caplog.records if "rows came in" in record.message} == {
        "INFO"
    }
    silver.run(shop.ctx, remap=True)
    assert warnings_of(shop, caplog) == []


def test_rates_of_later_days_change_no_row(
    built: Built, rates: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = built.shop.ctx.now.date() + timedelta(days=5)
    rates.write_text(f"{RATES}USD,{later},0.7\n")
    assert warnings_of(built.copy(), caplog) == []
    rates.write_text(f"{RATES}USD,2024-05-04,0.7\n")
    assert len(warnings_of(built.copy(), caplog)) == 1


def test_rows_that_a_replay_accepts_came_in_under_its_settings(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    (shop.folder / "rates.txt").write_text(RATES)
    wrong = in_lake(shop, "lake", SALES.replace('"dd/MM/yyyy HH:mm"', '"dd.MM.yyyy HH:mm"'))
    wrong.add_file("day.csv", DAYS[0][0], DAYS[0][2], header=HEADER)
    wrong.bronze()
    wrong.silver()
    right = in_lake(shop, "lake")
    right.ctx = replace(right.ctx, now=right.ctx.now + timedelta(minutes=1))
    silver.run(right.ctx, replay=True)
    assert right.rows("silver/transactions") == 2
    assert warnings_of(right, caplog) == []
    (line,) = warnings_of(wrong, caplog)
    assert "transactions: 2 rows came in under other settings (mapping; " in line


def test_a_stream_records_its_settings_before_its_first_record(
    built: Built, caplog: pytest.LogCaptureFixture
) -> None:
    settings = CHANGES["expression"][1]
    shop = built.copy(settings)
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=3))
    mappings.record_start(shop.ctx)
    versions = shop.ctx.lake.versions([MAPPINGS.name])
    mappings.record_start(shop.ctx)
    assert shop.ctx.lake.versions([MAPPINGS.name]) == versions
    starts = [period.first_batch for period in mappings.read_periods(shop.ctx.lake)["transactions"]]
    assert starts[0] == ""
    assert starts[-1] == Batch.at(shop.ctx.now).batch_id
    # The rows from before are those of the other settings.
    (warning,) = warnings_of(shop, caplog)
    assert "transactions: 4 rows came in under other settings (mapping; " in warning


def test_records_of_an_erased_person_stay_erased(
    built: Built, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, "the key of these tests, which is long enough")
    shop = built.copy(mended('= "Who"', "= \"concat('n', Who)\""))
    lake = shop.ctx.lake
    key = key_for(lake.read_or_empty(TOMBSTONES))
    person = lake.session.sql("SELECT 'nc1' AS customer_id")
    when = lit(shop.ctx.now).alias(ERASED_AT)
    signed = with_tombstone(person, key).crossJoin(key.select(KEY_ID))
    lake.append(TOMBSTONES, signed.select(TOMBSTONE, KEY_ID, when, lit("run").alias(RUN_ID)))
    silver.run(shop.ctx, remap=True)
    assert "transactions: 4 records belong to erased persons" in caplog.text
    account = silver.accounts(shop.ctx)["transactions"]
    assert account.closed
    assert account.fates["erased"] == 4
    for table in (*TABLES[:2], "silver/customers"):
        ids = lake.read(table).select("customer_id").collect()
        assert "nc1" not in {row[0] for row in ids}
    texts = [row["record"] for row in lake.read("bronze/transactions").collect()]
    assert "c1" not in str(texts)
    assert len(texts) == 8
    before = lake.versions(TABLES)
    silver.run(shop.ctx, remap=True)
    assert lake.versions(TABLES) == before
