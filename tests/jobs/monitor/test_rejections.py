"""A run with many rejected rows stops before training, with a table of reasons and remedies."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.errors import QualityError, UnknownQualityError
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.monitor import quality, reasons, rejections
from goldrun.jobs.refine import silver
from goldrun.jobs.train import train
from goldrun.jobs.workflow import workflow
from goldrun.learning.models import MODELS

pytestmark = pytest.mark.e2e

Shop = Any
"""The small shop of this folder's fixtures."""
Line = Any


@pytest.fixture
def console(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO, logger="goldrun")
    return caplog


def add_rejected_rows(shop: Shop) -> None:
    row = "k{n},c{n},1,-5,5,2024-05-01 10:00:00,completed,2024-05-01 10:00:00"
    shop.add_file("day1.csv", *[row.format(n=n) for n in range(4)])


def runs_below(shop: Shop, run_id: str) -> list[str]:
    tracker = shop.ctx.tracker
    experiment = tracker.client.get_run(run_id).info.experiment_id
    found = tracker.client.search_runs(
        [experiment], f"tags.`mlflow.parentRunId` = '{run_id}'", max_results=10
    )
    return [run.info.run_name for run in found]


def test_a_workflow_with_only_rejected_rows_stops_before_training(shop: Shop, console: Any) -> None:
    add_rejected_rows(shop)
    tracker = shop.ctx.tracker
    with (
        pytest.raises(QualityError, match=r"100\.0% of 4 records") as exc_info,
        tracker.run("workflow", "rejections") as run_id,
    ):
        workflow.run(shop.ctx)
    assert exc_info.value.exit_code == 21
    assert runs_below(shop, run_id) == ["data_quality"]
    assert tracker.client.get_run(run_id).info.status == "FAILED"
    logged = console.text
    assert "price_negative" in logged
    assert "Price = '-5'" in logged
    assert "raise max_reject_share only if" in str(exc_info.value)
    assert not shop.ctx.lake.exists("gold/customer_daily")


def test_a_workflow_that_rejects_all_new_rows_stops_although_the_lake_has_accepted_rows(
    shop: Shop, line: Line, console: Any
) -> None:
    shop.add_file("day1.csv", *[line(f"t{n}", "completed", 1) for n in range(100)])
    shop.bronze()
    shop.silver()
    add_rejected_rows(shop)
    (shop.folder / "day1.csv").rename(shop.folder / "day2.csv")
    with (
        pytest.raises(QualityError, match=r"this run read: transactions: 100\.0% of 4 records"),
        shop.ctx.tracker.run("workflow", "rejections") as run_id,
    ):
        workflow.run(shop.ctx)
    assert "price_negative" in console.text
    assert runs_below(shop, run_id) == []


def test_too_large_a_share_of_rejected_rows_stops_each_training(shop: Shop, line: Line) -> None:
    rejected = line("rejected", "completed", 1).replace(",1,5,5,", ",1,-5,5,")
    shop.add_file("day1.csv", line("t1", "completed", 1), rejected)
    shop.bronze()
    shop.silver()
    with shop.ctx.tracker.run("gold", "rejections"):
        gold_tables.run(shop.ctx)
    for model in MODELS:
        with pytest.raises(QualityError), shop.ctx.tracker.run("training", "rejections") as run_id:
            train.train(shop.ctx, model)
        assert runs_below(shop, run_id) == ["data_quality"]


def test_an_allowed_share_of_rejected_rows_stops_nothing(shop: Shop, line: Line) -> None:
    rejected = line("rejected", "completed", 1).replace(",1,5,5,", ",1,-5,5,")
    shop.add_file("day1.csv", line("t1", "completed", 1), rejected)
    shop.ctx = replace(
        shop.ctx, source=shop.ctx.source.model_copy(update={"max_reject_share": 0.5})
    )
    shop.bronze()
    shop.silver()
    report = quality.measure(shop.ctx)
    assert rejections.check_before_training(shop.ctx, report) is report
    rejections.raise_verdict(shop.ctx, report)


def test_only_rejected_rows_stop_gold_even_if_any_share_is_allowed(shop: Shop) -> None:
    add_rejected_rows(shop)
    shop.ctx = replace(shop.ctx, source=shop.ctx.source.model_copy(update={"max_reject_share": 1}))
    shop.bronze()
    shop.silver()
    with (
        shop.ctx.tracker.run("gold", "rejections"),
        pytest.raises(QualityError, match="all transactions are in quarantine"),
    ):
        gold_tables.run(shop.ctx)


def test_a_shop_without_records_has_unknown_quality(shop: Shop) -> None:
    shop.add_file("day1.csv")
    shop.bronze()
    shop.silver()
    report = quality.measure(shop.ctx)
    with pytest.raises(UnknownQualityError, match="load files that have rows") as exc_info:
        rejections.raise_verdict(shop.ctx, report)
    assert exc_info.value.exit_code == 22
    # Training starts with an unknown verdict, and the gate refuses the version.
    assert rejections.check_before_training(shop.ctx, report) is report


@pytest.fixture
def with_people(shop: Shop) -> Shop:
    """The shop with personal columns that are mapped from the transactions."""
    customers = EntityMapping.model_validate(
        {"from": "transactions", "columns": {"name": "Status", "email": "lower(Updated)"}}
    )
    entities = {"customers": customers, **shop.ctx.source.entities}
    shop.ctx = replace(shop.ctx, source=shop.ctx.source.model_copy(update={"entities": entities}))
    return shop


def test_samples_have_no_personal_columns(with_people: Shop) -> None:
    def shown(reason: str) -> list[str]:
        return reasons.columns_shown(with_people.ctx, "transactions", reason)

    assert shown("price_negative") == ["Price"]
    assert shown("amount_negative") == ["Amount"]
    assert shown("customer_id_missing") == []
    assert shown("transaction_status_not_allowed") == []
    assert shown("updated_at_unparsed") == []
    assert shown("record_malformed") == []


def test_silver_logs_why_it_rejects_a_record_and_the_command_that_explains_it(
    shop: Shop, line: Line, console: Any
) -> None:
    rejected = line("rejected", "completed", 1).replace(",1,5,5,", ",1,-5,5,")
    shop.add_file("day1.csv", *[line(f"t{n}", "completed", 1) for n in range(20)], rejected)
    shop.bronze()
    rejections.log_reasons(shop.ctx, silver.run(shop.ctx))
    (stored,) = shop.ctx.lake.read("silver/quarantine").collect()
    logged = " ".join(console.text.split())
    assert "price_negative" in logged
    assert "Price = '-5'" in logged
    assert f"-e explain -P source=shop -P lake={shop.ctx.lake.root} -P record=" in logged
    assert f"record={stored['record_id']}" in logged
    assert "max_reject_share" not in logged


def test_silver_logs_no_reason_where_it_rejects_nothing(
    shop: Shop, line: Line, console: Any
) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1))
    shop.bronze()
    rejections.log_reasons(shop.ctx, silver.run(shop.ctx))
    assert "most frequent reasons" not in console.text


def test_silver_warns_of_a_share_above_the_limit(shop: Shop, console: Any) -> None:
    add_rejected_rows(shop)
    shop.bronze()
    rejections.log_reasons(shop.ctx, silver.run(shop.ctx))
    assert "100.0% of 4 records are rejected, more than max_reject_share = 0.05" in console.text


@pytest.mark.parametrize(
    ("expression", "price"),
    [("1 / try_cast(Price as decimal(18,4))", "0"), ("cast(Price as int)", "Jane")],
)
def test_an_expression_without_a_value_rejects_the_row_and_not_the_run(
    shop: Shop, line: Line, expression: str, price: str
) -> None:
    source = shop.ctx.source
    mapping = source.entities["transactions"]
    columns = {**mapping.columns, "amount": expression}
    changed = mapping.model_copy(update={"columns": columns})
    entities = {**source.entities, "transactions": changed}
    shop.ctx = replace(shop.ctx, source=source.model_copy(update={"entities": entities}))
    shop.add_file("day1.csv", line("t1", "completed", 1).replace(",1,5,5,", f",1,{price},5,"))
    shop.bronze()
    shop.silver()
    rejected = shop.ctx.lake.read("silver/quarantine").collect()
    assert [row["reasons"] for row in rejected] == [["amount_missing"]]
