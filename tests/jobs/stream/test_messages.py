"""Each raw record of a micro-batch is in bronze once, even if it was read before."""

from datetime import timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.errors import SettingsError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.streaming.readers import EVENT_AT
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.stream.messages import ingest_messages
from tests.jobs.stream.brief import NOW

pytestmark = pytest.mark.of_spark

RAW = T.StructType(
    [
        T.StructField(lineage.ENTITY, T.StringType()),
        T.StructField(lineage.RECORD, T.MapType(T.StringType(), T.StringType())),
        T.StructField(lineage.MALFORMED, T.StringType()),
        T.StructField(lineage.FILE, T.StringType()),
        T.StructField(lineage.FINGERPRINT, T.StringType()),
        T.StructField(lineage.SPLIT, T.LongType()),
        T.StructField(lineage.ROW, T.LongType()),
        T.StructField(EVENT_AT, T.TimestampType()),
    ]
)


def messages(
    spark: SparkSession, first: int, last: int, partition: int = 0, content: str = "f"
) -> DataFrame:
    """Return messages with the offsets from first to last, sent at intervals of a second."""
    place = f"kafka:t/{partition}"
    rows = [
        ("transactions", {"n": str(n)}, None, place, content, 0, n, NOW + timedelta(seconds=n))
        for n in range(first, last + 1)
    ]
    return spark.createDataFrame(rows, RAW)


@pytest.fixture
def ctx(lake: Lake, tracker: Tracker) -> Context:
    return Context(lake, tracker, load_source("kafka"), NOW)


def offsets(ctx: Context) -> list[tuple[str, int]]:
    rows = ctx.lake.read("bronze/transactions").collect()
    return sorted((row[lineage.FILE], row[lineage.OFFSET]) for row in rows)


def test_repeated_messages_are_skipped_and_new_ones_are_ingested(
    ctx: Context, spark: SparkSession
) -> None:
    first = ingest_messages(ctx, messages(spark, 0, 4), None)
    assert (first.rows, first.repeated) == ({"transactions": 5}, 0)
    again = ingest_messages(ctx, messages(spark, 3, 6), None)
    assert (again.rows, again.repeated) == ({"transactions": 2}, 2)
    other = ingest_messages(ctx, messages(spark, 3, 4, partition=1), None)
    assert (other.rows, other.repeated) == ({"transactions": 2}, 0)
    assert offsets(ctx) == [
        *[("kafka:t/0", n) for n in range(7)],
        *[("kafka:t/1", n) for n in (3, 4)],
    ]


def test_reused_offsets_with_different_messages_are_new_records(
    ctx: Context, spark: SparkSession
) -> None:
    ingest_messages(ctx, messages(spark, 0, 1), None)
    other = ingest_messages(ctx, messages(spark, 0, 1, content="g"), None)
    assert (other.rows, other.repeated) == ({"transactions": 2}, 0)


def test_a_limit_ingests_the_first_messages_only(ctx: Context, spark: SparkSession) -> None:
    batch = ingest_messages(ctx, messages(spark, 0, 9).orderBy(F.desc(lineage.ROW)), 4)
    assert (batch.rows, batch.cut) == ({"transactions": 4}, True)
    assert offsets(ctx) == [("kafka:t/0", n) for n in range(4)]


def test_the_times_at_which_records_were_sent_are_reported(
    ctx: Context, spark: SparkSession
) -> None:
    batch = ingest_messages(ctx, messages(spark, 0, 99), None)
    early, middle = batch.sent
    assert NOW <= early <= NOW + timedelta(seconds=5)
    assert NOW + timedelta(seconds=45) <= middle <= NOW + timedelta(seconds=55)


def test_a_topic_is_not_a_batch_source(ctx: Context) -> None:
    with pytest.raises(SettingsError, match="-e stream -P source=kafka"):
        bronze.run(ctx)


def test_missing_messages_are_logged_after_a_checkpoint_was_lost(
    ctx: Context,
    spark: SparkSession,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for first, last in ((0, 4), (5, 6)):
        ingest_messages(ctx, messages(spark, first, last), None, set())
    assert "may be deleted" not in caplog.text
    begun = {"kafka:t/1"}
    ingest_messages(ctx, messages(spark, 9, 10), None, begun)
    assert begun == {"kafka:t/0", "kafka:t/1"}
    assert "kafka:t/0: bronze has messages up to 6, and the oldest message of the broker is 9" in (
        caplog.text
    )
