"""Quarantine rows of rejected records, and their release once the records are accepted."""

from datetime import datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage

OPEN = "open"
RELEASED = "released"
ERASED = "erased"

RAW_LINE = "_malformed"
"""Key of the raw line of a malformed record."""


def raw_json(record: SparkColumn, malformed: SparkColumn) -> SparkColumn:
    """Return a raw record as JSON: its text by column name, or the raw line if it is malformed."""
    line = F.create_map(F.lit(RAW_LINE), malformed)
    return F.to_json(F.when(malformed.isNotNull(), line).otherwise(record))


def place(file: SparkColumn, offset: SparkColumn) -> SparkColumn:
    """Return a record's place: its file, or the topic, partition and offset of its message."""
    message = F.concat(file, F.lit("@"), offset.cast("string"))
    return F.when(file.startswith(lineage.TOPIC_PREFIX), message).otherwise(file)


def quarantined(rejected: DataFrame, entity: str) -> DataFrame:
    """Convert rejected records to quarantine rows.

    Args:
        rejected: ``record_id``, ``record`` (as JSON), ``reasons`` and the other lineage columns.
        entity: Name of the entity.

    Returns:
        Open rows of ``silver/quarantine``.
    """
    return rejected.select(
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


def with_raw(bronze: DataFrame, rejected: DataFrame) -> DataFrame:
    """Add the raw record to records that were rejected after they were typed.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        rejected: ``record_id, reasons``.

    Returns:
        The argument of ``quarantined``, one row a rejected record.
    """
    return bronze.join(rejected, lineage.RECORD_ID).withColumns(
        {
            lineage.RECORD: raw_json(F.col(lineage.RECORD), F.col(lineage.MALFORMED)),
            lineage.FILE: place(F.col(lineage.FILE), F.col(lineage.OFFSET)),
        }
    )


def open_rows(quarantine: DataFrame) -> DataFrame:
    """Return the rows of ``silver/quarantine`` that are neither released nor erased."""
    return quarantine.where(F.col(lineage.STATE) == OPEN)


def release(quarantine: DataFrame, accepted: DataFrame, now: datetime) -> DataFrame:
    """Release the open rows whose records are accepted now; their reasons do not change.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        accepted: ``record_id`` of records that are accepted now.
        now: Time of the release, UTC.

    Returns:
        The rows in their new state.
    """
    released = open_rows(quarantine).join(
        accepted.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_semi"
    )
    return released.withColumn(lineage.STATE, F.lit(RELEASED)).withColumn(
        lineage.RELEASED_AT, F.lit(now).cast("timestamp")
    )


def after_replay(
    rejected: DataFrame, validated: DataFrame, quarantine: DataFrame, now: datetime
) -> DataFrame:
    """Return the quarantine rows that a repeated validation of records in quarantine changes.

    Args:
        rejected: Open rows of the records that are rejected again.
        validated: ``record_id`` of all records that were validated.
        quarantine: Rows of ``silver/quarantine``.
        now: Time of the release, UTC.

    Returns:
        The rows of ``rejected`` that are new or have other reasons, and the rows of the accepted
        records in the state ``released``; materialised.
    """
    accepted = validated.join(rejected, lineage.RECORD_ID, "left_anti")
    released = release(quarantine, accepted, now)
    return changed(rejected, quarantine).unionByName(released).localCheckpoint()


def changed(fresh: DataFrame, quarantine: DataFrame) -> DataFrame:
    """Return the rows of ``fresh`` that are not open in quarantine with the same reasons."""
    same = open_rows(quarantine).select(lineage.RECORD_ID, lineage.REASONS)
    return fresh.join(same, [lineage.RECORD_ID, lineage.REASONS], "left_anti")
