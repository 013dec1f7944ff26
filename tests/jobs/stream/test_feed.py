"""The feed up to gold: the printed figures, also after stops and restarts."""

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.refine import silver
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.monitoring.stream_counts import Totals
from tests.jobs.stream.brief import NOW, PRINTED, ROWS, feed

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]

HALF = 515


class Clock:
    """A clock that advances by a second per call."""

    def __init__(self) -> None:
        self._seconds = count()

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=next(self._seconds))


class Feed:
    """A lake that the feed streams into."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.clock = Clock()

    def stream(self, rows: int) -> Totals:
        with self.ctx.tracker.run("stream", "goldrun-pipeline") as run_id:
            ctx = replace(self.ctx, now=self.clock())
            totals = stream.run(ctx, Limits(rows=rows, every=0.1), self.clock)
        self.run_id = run_id
        return totals

    def users(self) -> dict[str, Any]:
        return {row["user_id"]: row for row in self.ctx.lake.read("gold/user_features").collect()}

    def daily(self) -> dict[str, Any]:
        rows = self.ctx.lake.read("gold/customer_daily").collect()
        return {row["customer_id"]: row for row in rows}

    def values(self) -> list[int]:
        rows = self.ctx.lake.read("silver/transactions").select("transaction_id").collect()
        return sorted(int(row["transaction_id"]) for row in rows)


@pytest.fixture(scope="module")
def fed(engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """The feed after exactly 1,030 rows, which end within a micro-batch."""
    folder = tmp_path_factory.mktemp("feed")
    source = load_source(feed(folder, HALF - 100))
    made = Feed(Context(Lake(engine, str(folder / "lake")), tracker, source, NOW))
    assert made.stream(ROWS).rows == ROWS
    return made


@pytest.mark.parametrize("user", PRINTED)
def test_gold_has_the_printed_figures_after_1030_rows(fed: Feed, user: str) -> None:
    frequency, spend, average = PRINTED[user]
    row = fed.users()[user]
    assert row["purchase_frequency"] == frequency
    assert (str(row["total_spend"]), str(row["avg_transaction_value"])) == (spend, average)
    assert (row["last_purchase_date"], row["recency_days"]) == (date(2024, 1, 1), 0)


def test_every_row_is_ingested_once_and_has_one_fate(fed: Feed) -> None:
    assert fed.values() == list(range(ROWS))
    account = silver.accounts(fed.ctx)["transactions"]
    assert account.closed
    assert account.records == ROWS


def test_the_run_has_its_metrics_over_time(fed: Feed) -> None:
    client = fed.ctx.tracker.client
    history = client.get_metric_history(fed.run_id, "rows_in")
    assert [int(point.value) for point in history] == [415, 415, 200]
    metrics = client.get_run(fed.run_id).data.metrics
    assert metrics["rows_quarantined"] == 0
    assert metrics["spark.processed_rows_per_second"] > 0
    layers = sum(metrics[f"{layer}_seconds"] for layer in ("bronze", "silver", "gold"))
    assert layers == pytest.approx(metrics["batch_seconds"])
    assert metrics["freshness_p95_seconds"] >= metrics["freshness_p50_seconds"]


def test_a_stream_continues_where_it_ended_and_repeats_nothing_without_its_checkpoint(
    fed: Feed, tmp_path: Path
) -> None:
    copy = tmp_path / "lake"
    shutil.copytree(fed.ctx.lake.root, copy)
    again = Feed(replace(fed.ctx, lake=Lake(fed.ctx.lake.engine, str(copy))))
    totals = again.stream(70)
    assert (totals.rows, totals.repeated) == (70, 200)
    assert again.values() == list(range(ROWS + 70))
    shutil.rmtree(copy / "_checkpoints")
    totals = again.stream(30)
    assert totals.rows == 30
    assert again.values() == list(range(ROWS + 100))
    spend = sum(row["total_spend"] for row in again.users().values())
    assert spend == sum(Decimal(v) / 10 + 5 for v in range(ROWS + 100))
    # A rebuild of gold gives the same tables as the updates.
    followed = again.daily()
    with again.ctx.tracker.run("gold", "goldrun-pipeline"):
        gold_tables.run(again.ctx)
    assert again.daily() == followed
