"""A check reads the first rows of each file, and predicts what a run makes of them."""

import csv
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from goldrun.errors import QualityError, SettingsError, SourceError
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.check import report
from goldrun.jobs.check.check import Checked, check_source
from goldrun.jobs.refine import silver
from goldrun.medallion.refinement import Refined
from tests.conftest import NOW
from tests.jobs.conftest import new_shop

Shop = Any
Line = Any


def check(shop: Shop, rows: int = 10_000) -> Checked:
    return check_source(shop.ctx.lake.engine, shop.ctx.source, rows, NOW)


def shown(checked: Checked) -> str:
    """The report on one line, so that a wrapped text is found."""
    return " ".join(" ".join(report.lines_of(checked)).split())


@pytest.fixture(scope="module")
def mixed(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop with accepted, repeated, corrected and rejected rows, and without a lake."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("mixed"))
    shop.add_file(
        "day1.csv",
        *[line(f"t{n}", "completed", 1, who=f"c{n % 5}") for n in range(20)],
        line("t0", "completed", 1, who="c0"),
        line("t1", "refunded", 2, who="c1"),
        line("bad1", "completed", 1).replace(",1,5,5,", ",1,-5,5,"),
        line("bad2", "completed", 1, who=""),
        line("bad3", "lost in the post", 1),
        "one field",
    )
    return shop


@pytest.fixture(scope="module")
def checked(mixed: Shop) -> Checked:
    return check(mixed)


@dataclass(frozen=True)
class Ran:
    """The shop after a run, and the outcome of silver."""

    shop: Shop
    refined: Refined


@pytest.fixture(scope="module")
def ran(mixed: Shop) -> Ran:
    """The shop with a lake up to gold, in another folder than the files."""
    lake = Lake(mixed.ctx.lake.engine, f"{mixed.ctx.lake.root}-of-a-run")
    shop = replace(mixed, ctx=replace(mixed.ctx, lake=lake))
    shop.bronze()
    refined = silver.run(shop.ctx)["transactions"]
    with shop.ctx.tracker.run("gold", "check"):
        gold_tables.run(shop.ctx)
    return Ran(shop, refined)


def test_a_check_predicts_the_fates_of_a_run(checked: Checked, ran: Ran) -> None:
    preview = checked.previews["transactions"]
    rows = {
        "silver": ran.shop.rows("silver/transactions"),
        "superseded": ran.shop.rows("silver/transactions_history"),
        "duplicate": ran.shop.rows("silver/duplicates"),
        "quarantined": ran.shop.rows("silver/quarantine"),
    }
    assert preview.outcomes == rows == Counter(silver=20, superseded=1, duplicate=1, quarantined=4)
    assert preview.rejections.reasons == ran.refined.rejected
    assert preview.records == 26


def test_a_check_shows_the_row_of_the_file_that_breaks_a_rule(
    mixed: Shop, checked: Checked
) -> None:
    samples = checked.previews["transactions"].samples
    with (mixed.folder / "day1.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert {*samples} == {"customer_id_missing", "price_negative", "record_malformed"}
    for reason, sample in samples.items():
        if reason != "record_malformed":
            assert rows[sample.row - 1]["Id"] == sample.record["Id"]
    text = shown(checked)
    assert "row 24 of" in text
    assert "Who = nothing" in text


def test_a_check_shows_the_features_that_gold_computes(checked: Checked, ran: Ran) -> None:
    stored = ran.shop.ctx.lake.read(CUSTOMER_FEATURES.name).where(f"as_of = DATE'{checked.as_of}'")
    expected = {row["customer_id"]: row for row in stored.collect()}
    assert len(checked.features) == 3
    for row in checked.features:
        assert row.asDict() == expected[row["customer_id"]].asDict()


def test_a_check_shows_ranges_customers_and_days(checked: Checked) -> None:
    text = shown(checked)
    assert "5 customers" in text
    assert "days from 2024-05-01 to 2024-05-01 (UTC)" in text
    assert "amount 5 5 0" in text
    assert "transaction_date 2024-05-01 10:00:00 2024-05-01 10:00:00 0" in text


def test_a_check_reads_the_first_rows_of_each_file(shop: Shop, line: Line) -> None:
    for name in ("a", "b"):
        shop.add_file(f"{name}.csv", *[line(f"{name}{n}", "completed", 1) for n in range(30)])
    checked = check(shop, rows=10)
    assert checked.previews["transactions"].records == 20
    assert "further rows were not read of" in shown(checked)
    whole = check(shop, rows=30)
    assert whole.previews["transactions"].records == 60
    assert "further rows were not read" not in shown(whole)


def test_a_check_writes_nothing(mixed: Shop) -> None:
    place = mixed.folder.parent
    before = sorted(place.rglob("*"))
    runs = len(mixed.ctx.tracker.client.search_experiments())
    check(mixed)
    assert sorted(place.rglob("*")) == before
    assert len(mixed.ctx.tracker.client.search_experiments()) == runs


@pytest.fixture
def with_customers(engine: Engine, tmp_path: Path) -> Any:
    """A shop with a file of twenty customers and one transaction of each, the last first."""
    (tmp_path / "who.csv").write_text("No\n" + "".join(f"c{n:02}\n" for n in range(20)))
    lines = [f"t{n},c{n:02},2024-05-01" for n in reversed(range(20))]
    (tmp_path / "what.csv").write_text("\n".join(["Id,Who,Day", *lines, "t99,nobody,2024-05-01\n"]))
    settings = tmp_path / "shop.toml"
    settings.write_text(f"""
    timezone = "UTC"
    max_reject_share = 0.5
    unknown_customers = "quarantine"
    [customers]
    path = "{tmp_path}/who.csv"
    [customers.columns]
    customer_id = "No"
    [transactions]
    path = "{tmp_path}/what.csv"
    [transactions.columns]
    transaction_id = "Id"
    customer_id = "Who"
    transaction_date = "Day"
    quantity = "'1'"
    price = "'2'"
    amount = "'2'"
    transaction_status = "'completed'"
    """)
    source = load_source(str(settings))
    return lambda rows: check_source(engine, source, rows, NOW)


def test_a_parent_beyond_the_rows_that_were_read_rejects_nothing(with_customers: Any) -> None:
    cut = with_customers(5)
    assert cut.previews["transactions"].rejections.reasons == {}
    assert "customer_unknown is not checked: not all rows of customers were read" in shown(cut)
    whole = with_customers(1_000)
    assert whole.previews["transactions"].rejections.reasons == {"customer_unknown": 1}


def test_too_many_rejected_rows_end_the_check_as_a_run_ends(mixed: Shop, checked: Checked) -> None:
    with pytest.raises(QualityError, match=r"transactions: 15\.4% of 26 rows are rejected"):
        report.raise_too_many(checked)
    most = mixed.ctx.source.model_copy(update={"max_reject_share": 0.5})
    report.raise_too_many(check(replace(mixed, ctx=replace(mixed.ctx, source=most))))


def test_what_a_run_refuses_by_name_a_check_refuses_too(shop: Shop, line: Line) -> None:
    header = "Id,Whom,Quantity,Price,Amount,Time,Status,Updated"
    shop.add_file("day1.csv", line("t1", "completed", 1), header=header)
    with pytest.raises(SourceError, match=r"has no column 'Who'.*did you mean 'Whom'"):
        check(shop)


def test_a_source_without_files_can_not_be_checked(engine: Engine) -> None:
    with pytest.raises(SettingsError, match="run the stream with max_rows="):
        check_source(engine, load_source("rate"), 10, NOW)
