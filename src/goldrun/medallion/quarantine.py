"""Refused records: kept with their reasons, and let go when they turn out to be good."""

from datetime import datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage

OPEN = "open"
RELEASED = "released"
ERASED = "erased"

RAW_LINE = "_malformed"
"""Key under which the raw line of a malformed record is kept."""


def raw_json(record: SparkColumn, malformed: SparkColumn) -> SparkColumn:
    """The raw record as JSON: its text by column name, or the raw line if it is malformed."""
    line = F.create_map(F.lit(RAW_LINE), malformed)
    return F.to_json(F.when(malformed.isNotNull(), line).otherwise(record))


def place(file: SparkColumn, offset: SparkColumn) -> SparkColumn:
    """Where to look for a record: its file, or its message's topic, partition and offset."""
    message = F.concat(file, F.lit("@"), offset.cast("string"))
    return F.when(file.startswith(lineage.TOPIC_PREFIX), message).otherwise(file)


def quarantined(refused: DataFrame, entity: str) -> DataFrame:
    """Make quarantine rows of refused records.

    Args:
        refused: ``record_id``, ``record`` (as JSON), ``reasons`` and the rest of their lineage.
        entity: Entity that they should have become.

    Returns:
        Open rows of ``silver/quarantine``.
    """
    return refused.select(
        lineage.RECORD_ID,
        F.lit(entity).alias(lineage.ENTITY),
        lineage.RECORD,
        lineage.REASONS,
        F.lit(OPEN).alias(lineage.STATE),
        lineage.SOURCE,
        lineage.FILE,
        lineage.INGESTED_AT,
        lineage.BATCH_ID,
        F.lit(None).cast("timestamp").alias(lineage.RELEASED_AT),
    )


def with_raw(bronze: DataFrame, refused: DataFrame) -> DataFrame:
    """Fetch the raw record of rows that were refused only after they had been typed.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        refused: ``record_id, reasons``.

    Returns:
        What ``quarantined`` takes, one row a refused record.
    """
    return bronze.join(refused, lineage.RECORD_ID).withColumns(
        {
            lineage.RECORD: raw_json(F.col(lineage.RECORD), F.col(lineage.MALFORMED)),
            lineage.FILE: place(F.col(lineage.FILE), F.col(lineage.OFFSET)),
        }
    )


def open_rows(quarantine: DataFrame) -> DataFrame:
    """The rows of ``silver/quarantine`` that wait for a better mapping, rule or parent."""
    return quarantine.where(F.col(lineage.STATE) == OPEN)


def release(quarantine: DataFrame, good: DataFrame, now: datetime) -> DataFrame:
    """Release the open rows whose records have become good; their reasons stay, as history.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        good: ``record_id`` of records that are refused no longer.
        now: When, UTC.

    Returns:
        The rows in their new state.
    """
    released = open_rows(quarantine).join(
        good.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_semi"
    )
    return released.withColumn(lineage.STATE, F.lit(RELEASED)).withColumn(
        lineage.RELEASED_AT, F.lit(now).cast("timestamp")
    )


def changed(fresh: DataFrame, quarantine: DataFrame) -> DataFrame:
    """Leave out the rows that are in quarantine already, open and for the same reasons."""
    same = open_rows(quarantine).select(lineage.RECORD_ID, lineage.REASONS)
    return fresh.join(same, [lineage.RECORD_ID, lineage.REASONS], "left_anti")
