"""Streams of raw records: messages of topics, simulated feeds; of files, that they landed."""

import contextlib
import os
import socket
from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from goldrun.contracts import lineage
from goldrun.contracts.source import EntityMapping, Kind, Source
from goldrun.errors import SettingsError, StreamError
from goldrun.io.engines.spark.json_lines import parse_json
from goldrun.io.sources.files import watched_folder
from goldrun.io.sources.records import LINE

EVENT_AT = "_event_at"
"""When the message was sent or the row was made."""

_VALUE = "value"
_FEED_START = 1_704_067_200_000
"""2024-01-01 in milliseconds: where the time of ``rate-micro-batch`` begins."""
_SECOND = 1_000
_NEVER_TOO_OLD = "36500d"


def read_stream(spark: SparkSession, source: Source, rows_a_batch: int) -> DataFrame:
    """Open the stream of a source's raw records, of all its entities.

    Args:
        spark: The session; for topics one that was opened with Kafka's jars.
        source: The source.
        rows_a_batch: How many messages a micro-batch takes at most.

    Returns:
        Of topics and feeds ``entity``, ``EVENT_AT`` and what ``to_bronze`` takes; of files the
        ``entity`` of each that landed: ``entities_in`` reads it.

    Raises:
        SettingsError: Nothing says where the topics are.
        SourceError: A folder in which files are to land is missing.
        StreamError: No broker answers.
    """
    if source.kind is Kind.KAFKA:
        return _messages(spark, source, rows_a_batch)
    streams = [
        _feed(spark, entity, mapping) if source.kind is Kind.FEED else _files(spark, source, entity)
        for entity, mapping in source.with_files.items()
    ]
    return reduce(DataFrame.unionByName, streams)


def brokers(source: Source) -> str:
    """Where the source's topics are; SettingsError when nothing says it."""
    found = os.environ.get("GOLDRUN_KAFKA") or source.kafka
    if not found:
        raise SettingsError(
            f'{source.name}.toml has topics and no brokers: set kafka = "host:port" in it, or '
            "GOLDRUN_KAFKA"
        )
    return found


def _messages(spark: SparkSession, source: Source, rows_a_batch: int) -> DataFrame:
    """Each message is one record, known by topic, partition, offset, time and content.

    Its time and content are part of its identity because offsets begin anew when a topic is
    deleted and made again: its messages are then others, not repeats.
    """
    addresses = brokers(source)
    check_reachable(addresses)
    entities = {m.topic: entity for entity, m in source.with_files.items() if m.topic}
    messages = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", addresses)
        .option("subscribe", ",".join(entities))
        .option("startingOffsets", "earliest")
        .option("kafka.isolation.level", "read_committed")
        # Offsets that are gone stop the stream: what they held is lost, and nobody would know.
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", rows_a_batch)
        .load()
    )
    value, sent = F.col(_VALUE), F.col("timestamp")
    fingerprint = F.concat(F.unix_micros(sent).cast("string").cast("binary"), _bytes(value))
    lines = messages.select(
        _entity_of(F.col("topic"), entities).alias(lineage.ENTITY),
        F.make_valid_utf8(F.coalesce(value.cast("string"), F.lit(""))).alias(LINE),
        F.concat_ws("/", F.concat(F.lit(lineage.TOPIC_PREFIX), "topic"), "partition").alias(
            lineage.FILE
        ),
        F.sha2(fingerprint, 256).alias(lineage.FINGERPRINT),
        F.lit(0).cast("bigint").alias(lineage.SPLIT),
        F.col("offset").alias(lineage.ROW),
        sent.alias(EVENT_AT),
    )
    return parse_json(lines)


def _bytes(value: SparkColumn) -> SparkColumn:
    return F.coalesce(value, F.lit("").cast("binary"))


def _entity_of(topic: SparkColumn, entities: dict[str, str]) -> SparkColumn:
    return F.coalesce(*[F.when(topic == name, F.lit(e)) for name, e in entities.items()])


def _feed(spark: SparkSession, entity: str, mapping: EntityMapping) -> DataFrame:
    reader = spark.readStream.format(str(mapping.feed)).option("numPartitions", 1)
    if mapping.feed == "rate":
        reader = reader.option("rowsPerSecond", mapping.feed_rows)
    else:
        reader = reader.option("rowsPerBatch", mapping.feed_rows)
        reader = reader.option("startTimestamp", _FEED_START)
        reader = reader.option("advanceMillisPerBatch", _SECOND)
    made = F.col("timestamp")
    text = F.date_format(made, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'")
    return reader.load().select(
        F.lit(entity).alias(lineage.ENTITY),
        F.create_map(F.lit(_VALUE), F.col(_VALUE).cast("string"), F.lit("timestamp"), text).alias(
            lineage.RECORD
        ),
        F.lit(None).cast("string").alias(lineage.MALFORMED),
        F.lit(f"{lineage.FEED_PREFIX}{entity}").alias(lineage.FILE),
        # A row is its number: a feed that begins again makes the same rows at another time.
        F.sha2(F.lit(str(mapping.feed)).cast("binary"), 256).alias(lineage.FINGERPRINT),
        F.lit(0).cast("bigint").alias(lineage.SPLIT),
        F.col(_VALUE).alias(lineage.ROW),
        made.alias(EVENT_AT),
    )


def _files(spark: SparkSession, source: Source, entity: str) -> DataFrame:
    """A row for whatever lands: that something did, not what it is.

    Who takes it looks for the files as a batch does. Spark remembers names and passes over what
    is much older than the newest; so it is told that nothing is too old.
    """
    folder, recursive = watched_folder(source.with_files[entity].path or "", source.made_by)
    landed = (
        spark.readStream.format("binaryFile")
        .schema("path string, modificationTime timestamp, length bigint, content binary")
        .option("maxFileAge", _NEVER_TOO_OLD)
        # One that is renamed or removed meanwhile rings all the same.
        .option("ignoreMissingFiles", "true")
        .option("recursiveFileLookup", str(recursive).lower())
        .load(str(folder))
    )
    return landed.select(F.lit(entity).alias(lineage.ENTITY))


def entities_in(batch: DataFrame) -> set[str]:
    """The entities for which a micro-batch of files says that something has landed."""
    return {row[lineage.ENTITY] for row in batch.select(lineage.ENTITY).distinct().collect()}


class Enough(Exception):  # noqa: N818 - nothing went wrong
    """Raised by the handler of a micro-batch to end the stream before the batch is committed."""


def start(
    stream: DataFrame,
    handle: Callable[[DataFrame, int], None],
    checkpoint: str,
    *,
    available_now: bool,
    every_seconds: float,
) -> StreamingQuery:
    """Start a query that gives each micro-batch to a handler.

    Args:
        stream: Result of ``read_stream``.
        handle: Takes the micro-batch and its number. A batch whose handler raises comes again
            when the query is started again.
        checkpoint: Folder or URI that remembers what was handled.
        available_now: Whether to take what is there and end.
        every_seconds: Shortest time between the starts of two micro-batches.
    """
    writer = stream.writeStream.foreachBatch(handle).option("checkpointLocation", checkpoint)
    if available_now:
        return writer.trigger(availableNow=True).start()
    return writer.trigger(processingTime=f"{every_seconds} seconds").start()


def check_reachable(addresses: str, timeout_seconds: float = 5) -> None:
    """Raise StreamError when nothing listens at any of these; Kafka's client would try for long."""
    for address in addresses.split(","):
        host, _, port = address.rpartition("://")[2].strip().rpartition(":")
        with contextlib.suppress(OSError, ValueError):
            socket.create_connection((host.strip("[]"), int(port)), timeout_seconds).close()
            return
    raise StreamError(
        f"no broker answers at {addresses}: start it (make kafka starts one for development), or "
        "name another by kafka in the source's TOML or by GOLDRUN_KAFKA"
    )
