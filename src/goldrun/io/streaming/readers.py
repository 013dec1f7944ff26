"""Open streams of raw records: Kafka messages, simulated feeds, and new files."""

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
from goldrun.contracts.entity_mapping import EntityMapping, Kind
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError, StreamError
from goldrun.io.engines.spark.json_lines import parse_json
from goldrun.io.sources.files import watched_folder
from goldrun.io.sources.records import LINE

EVENT_AT = "_event_at"
"""Time at which the message was sent or the row was generated."""

_VALUE = "value"
_FEED_START = 1_704_067_200_000
"""Start of the times of ``rate-micro-batch``: 2024-01-01, in milliseconds since 1970."""
_SECOND = 1_000
_NEVER_TOO_OLD = "36500d"


def read_stream(spark: SparkSession, source: Source, rows_a_batch: int) -> DataFrame:
    """Open one stream of the raw records of all entities of a source.

    Args:
        spark: Session; for topics with Kafka's jars.
        source: The source.
        rows_a_batch: Largest number of messages of a micro-batch.

    Returns:
        For topics and feeds, ``entity``, ``EVENT_AT`` and the input columns of ``to_bronze``. For
        files, one row with the ``entity`` for each new file, for ``entities_in``.

    Raises:
        SettingsError: The address of the broker is not declared.
        SourceError: The folder of the files is missing.
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
    """Return the addresses of the source's brokers.

    Raises:
        SettingsError: Neither ``GOLDRUN_KAFKA`` nor the source declares them.
    """
    found = os.environ.get("GOLDRUN_KAFKA") or source.kafka
    if not found:
        raise SettingsError(
            f'{source.name}.toml has topics and no brokers: set kafka = "host:port" in it, or '
            "GOLDRUN_KAFKA"
        )
    return found


def _messages(spark: SparkSession, source: Source, rows_a_batch: int) -> DataFrame:
    """Read messages: one record each, identified by topic, partition, offset, time and content.

    Time and content are part of the identity because offsets restart when a topic is deleted and
    created again; such messages are new records, not repeats.
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
        # Stop on deleted offsets: their messages would be lost without notice.
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
        # The number identifies a row: a restarted feed generates the same rows at other times.
        F.sha2(F.lit(str(mapping.feed)).cast("binary"), 256).alias(lineage.FINGERPRINT),
        F.lit(0).cast("bigint").alias(lineage.SPLIT),
        F.col(_VALUE).alias(lineage.ROW),
        made.alias(EVENT_AT),
    )


def _files(spark: SparkSession, source: Source, entity: str) -> DataFrame:
    """Read a stream of signals: one row for each new file, which has only the entity's name.

    The handler of micro-batches lists the files as a batch does. Spark ignores files much older
    than the newest one, so the age limit is set to a value that no file exceeds.
    """
    folder, recursive = watched_folder(source.with_files[entity].path or "", source.made_by)
    signals = (
        spark.readStream.format("binaryFile")
        .schema("path string, modificationTime timestamp, length bigint, content binary")
        .option("maxFileAge", _NEVER_TOO_OLD)
        # A file that is renamed or removed in the meantime still has a row.
        .option("ignoreMissingFiles", "true")
        .option("recursiveFileLookup", str(recursive).lower())
        .load(str(folder))
    )
    return signals.select(F.lit(entity).alias(lineage.ENTITY))


def entities_in(batch: DataFrame) -> set[str]:
    """Return the entities with new files in a micro-batch."""
    return {row[lineage.ENTITY] for row in batch.select(lineage.ENTITY).distinct().collect()}


class Enough(Exception):  # noqa: N818 - not an error
    """Raised by the handler of a micro-batch to end the stream before the batch is committed."""


def start(
    stream: DataFrame,
    handle: Callable[[DataFrame, int], None],
    checkpoint: str,
    *,
    available_now: bool,
    every_seconds: float,
) -> StreamingQuery:
    """Start a query that calls a handler for each micro-batch.

    Args:
        stream: Result of ``read_stream``.
        handle: Function of the micro-batch and its number. If it raises, the batch is repeated
            when the query is started again.
        checkpoint: Folder or URI of the query's progress.
        available_now: Whether to process the available records and end.
        every_seconds: Shortest time between the starts of two micro-batches.
    """
    writer = stream.writeStream.foreachBatch(handle).option("checkpointLocation", checkpoint)
    if available_now:
        return writer.trigger(availableNow=True).start()
    return writer.trigger(processingTime=f"{every_seconds} seconds").start()


def check_reachable(addresses: str, timeout_seconds: float = 5) -> None:
    """Check that a broker listens at one of the addresses; Kafka's client would retry for long.

    Raises:
        StreamError: No address can be connected to.
    """
    for address in addresses.split(","):
        host, _, port = address.rpartition("://")[2].strip().rpartition(":")
        with contextlib.suppress(OSError, ValueError):
            socket.create_connection((host.strip("[]"), int(port)), timeout_seconds).close()
            return
    raise StreamError(
        f"no broker answers at {addresses}: start it (make kafka starts one for development), or "
        "set kafka in the source's TOML or GOLDRUN_KAFKA to another"
    )
