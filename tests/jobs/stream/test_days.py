"""A stream of changed, moved and late orders equals a computation from all transactions."""

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.errors import LakeBusyError
from goldrun.features.catalog.feature_tables import USER_FEATURES
from goldrun.features.labels import History
from goldrun.features.snapshots import user_features
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.spark.json_lines import parse_json
from goldrun.io.settings import load_source
from goldrun.io.sources.records import LINE
from goldrun.io.streaming.readers import EVENT_AT
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate.activity import ACTIVITY, activity_in, silver_of
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.refine import silver
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream import micro_batch
from goldrun.jobs.stream.messages import IngestedBatch
from goldrun.jobs.stream.micro_batch import MicroBatches
from goldrun.medallion.accounting import DUPLICATE
from goldrun.medallion.bronze import Batch
from tests.jobs.stream.brief import NOW

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]

BATCHES = 3
ZONE = "Asia/Tokyo"


class Shop:
    """Transactions of 20 orders and 5 customers over eight days, some of which change later.

    Some transactions are invalid, and some are sent twice.
    """

    def __init__(self) -> None:
        self._random, self._sent = random.Random(5), 0
        self._last: str | None = None

    def message(self) -> str:
        draw = self._random.randrange
        self._sent += 1
        order, product = draw(20), draw(4)
        when = datetime(2025, 2, 25, tzinfo=UTC) + timedelta(hours=draw(24 * 8))
        line = {
            "transaction_id": f"t{draw(60)}",
            "order_id": f"o{order}",
            # Sometimes of a different customer than the rest of the order.
            "customer_id": f"c{(order + (draw(12) == 0)) % 5}",
            # A column that is null in some transactions.
            "product_id": f"p{product}" if product else None,
            "quantity": 1 + draw(3),
            "price": "1.00",
            "amount": f"{draw(1, 900) / 100:.2f}",
            "currency": "EUR",
            "transaction_date": when.isoformat(),
            "transaction_status": self._random.choice(("completed", "pending", "cancelled")),
            "updated_at": (NOW - timedelta(days=2) + timedelta(seconds=self._sent)).isoformat(),
        }
        if draw(15) == 0:
            line["price"] = "-1"
        self._last = json.dumps(line) if self._last is None or draw(10) else self._last
        return self._last


def batch_of(spark: SparkSession, messages: Sequence[str], first: int) -> DataFrame:
    rows = [(first + n, text) for n, text in enumerate(messages)]
    lines = spark.createDataFrame(rows, f"{lineage.ROW} bigint, {LINE} string")
    return parse_json(
        lines.select(
            F.lit("transactions").alias(lineage.ENTITY),
            LINE,
            F.lit(f"{lineage.TOPIC_PREFIX}transactions/0").alias(lineage.FILE),
            F.sha2(F.col(LINE).cast("binary"), 256).alias(lineage.FINGERPRINT),
            F.lit(0).cast("bigint").alias(lineage.SPLIT),
            lineage.ROW,
            F.lit(NOW).cast("timestamp").alias(EVENT_AT),
        )
    )


@pytest.fixture(scope="module")
def streamed(
    spark: SparkSession, engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory
) -> Context:
    """A lake that ingests its messages in micro-batches, each of which updates gold."""
    lake = Lake(engine, str(tmp_path_factory.mktemp("days") / "lake"))
    source = load_source("kafka").model_copy(update={"timezone": ZONE})
    ctx, shop = Context(lake, tracker, source, NOW), Shop()
    lake.create(lineage.bronze_table("transactions"))
    ticks = (NOW + timedelta(seconds=n) for n in count(1))
    with tracker.run("stream", "goldrun-pipeline") as run_id:
        silver.run(ctx)
        updater = GoldUpdater(run_id, Scorer(SEGMENTATION))
        updater.backfill(replace(ctx, now=next(ticks)))
        batches = MicroBatches(ctx, updater, tracker.series(), None, lambda: next(ticks))
        for number in range(BATCHES):
            messages = [shop.message() for _ in range(45)]
            batches.handle(batch_of(spark, messages, number * 45), number)
    return ctx


@pytest.fixture(scope="module")
def in_batch(streamed: Context, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Another lake, whose silver is computed from the same messages in one batch."""
    folder = tmp_path_factory.mktemp("at-once") / "lake"
    shutil.copytree(f"{streamed.lake.root}/bronze", folder / "bronze")
    ctx = replace(streamed, lake=Lake(streamed.lake.engine, str(folder)))
    silver.run(ctx)
    return ctx


def rows(frame: DataFrame, without: Sequence[str] = ()) -> list[str]:
    names = [name for name in frame.columns if name not in without]
    return sorted(row[0] for row in frame.select(F.to_json(F.struct(*names))).collect())


LINEAGE = (lineage.RECORD_ID, lineage.BATCH_ID, lineage.INGESTED_AT, lineage.FILE)


@pytest.mark.parametrize(
    "table", ["silver/transactions", "silver/transactions_history", "silver/quarantine"]
)
def test_silver_equals_the_batch_result_of_the_same_messages(
    streamed: Context, in_batch: Context, table: str
) -> None:
    of_stream, of_batch = (rows(ctx.lake.read(table), LINEAGE) for ctx in (streamed, in_batch))
    assert of_stream == of_batch
    assert of_batch


def test_the_stream_has_as_many_duplicates_as_the_batch(
    streamed: Context, in_batch: Context
) -> None:
    of_stream, of_batch = (silver.accounts(ctx)["transactions"] for ctx in (streamed, in_batch))
    assert of_stream == of_batch
    assert of_batch.closed
    assert of_batch.fates[DUPLICATE]


def test_the_lock_of_silver_covers_the_whole_micro_batch(
    streamed: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Lake(streamed.lake.engine, streamed.lake.root)
    locked = []

    def try_locks(ctx: Context, *_: object, **__: object) -> IngestedBatch:
        for table in ("silver/transactions", "silver/transactions_history", "silver/quarantine"):
            with pytest.raises(LakeBusyError), other.writing(table, wait_seconds=0):
                pass
            locked.append(table)
        return IngestedBatch(Batch.at(ctx.now), {})

    monkeypatch.setattr(micro_batch, "ingest_messages", try_locks)
    with streamed.tracker.run("stream", "goldrun-pipeline") as run_id:
        updater, series = GoldUpdater(run_id, Scorer(SEGMENTATION)), streamed.tracker.series()
        batches = MicroBatches(streamed, updater, series, None, lambda: NOW)
        batches.handle(streamed.lake.session.range(1), 1)
    assert len(locked) == 3


def test_some_transactions_change_day_or_customer(streamed: Context) -> None:
    history = streamed.lake.read("silver/transactions_history")
    now = streamed.lake.read("silver/transactions")
    moved = history.alias("a").join(now.alias("b"), "transaction_id")
    assert not moved.where("date(a.transaction_date) <> date(b.transaction_date)").isEmpty()
    assert not moved.where("a.customer_id <> b.customer_id").isEmpty()


def test_every_activity_table_equals_a_full_computation(streamed: Context) -> None:
    everything = silver_of(streamed)
    for table, compute in ACTIVITY:
        stored = streamed.lake.read(table.name)
        assert rows(stored) == rows(compute(everything).select(*table.names)), table.name
    assert not streamed.lake.read("gold/customer_products").isEmpty()


def test_days_are_in_the_time_zone(streamed: Context) -> None:
    lines = streamed.lake.read("silver/transactions").select("customer_id", "transaction_date")
    utc = lines.toPandas().transaction_date.dt.tz_localize("UTC")
    days = set(utc.dt.tz_convert(ZONE).dt.date)
    stored = streamed.lake.read("gold/customer_daily").select("day").distinct().collect()
    assert {row["day"] for row in stored} == days != set(utc.dt.date)


def test_user_features_equal_a_computation_from_all_days(streamed: Context) -> None:
    activity = activity_in(streamed)
    until = History.of(activity.daily).observed_until
    users = user_features(activity.daily, until, has_versions=True)
    assert rows(streamed.lake.read(USER_FEATURES.name)) == rows(users)
