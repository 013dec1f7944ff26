"""Bronze: the unchanged text of every record, with its lineage and a unique id."""

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.errors import SettingsError


@dataclass(frozen=True)
class Batch:
    """One ingestion: its id and its time (UTC)."""

    batch_id: str
    ingested_at: datetime

    @classmethod
    def at(cls, moment: datetime) -> "Batch":
        """Create the batch of a time, which its id is made from."""
        return cls(f"{moment:%Y%m%dT%H%M%S.%fZ}", moment)


def batch_id_of(column: str) -> Column:
    """Return the id of a batch that is ingested at a time (UTC)."""
    return F.date_format(column, "yyyyMMdd'T'HHmmss.SSSSSS'Z'")


def is_time_of_ingestion(column: str) -> Column:
    """Whether a time (UTC) is the ingestion time of the row's own batch."""
    return batch_id_of(column) == F.col(lineage.BATCH_ID)


def check_one_source(bronze: DataFrame, source: str, root: str) -> None:
    """Check that bronze has records of one source only, because ids of two sources may collide.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        source: Name of the source.
        root: The lake's folder, for the message.

    Raises:
        SettingsError: A record is of another source.
    """
    others = bronze.where(F.col(lineage.SOURCE) != source).select(lineage.SOURCE).limit(1)
    found = others.collect()
    if found:
        raise SettingsError(
            f"{root} has records of source {found[0][lineage.SOURCE]!r}, not of {source!r}: "
            "give each source a lake of its own with --lake, or correct --source"
        )


def to_bronze(raw: DataFrame, *, entity: str, source: str, batch: Batch) -> DataFrame:
    """Convert the result of a reader to bronze records.

    The record id is the first 32 hex digits of SHA-256 over source, entity, file, fingerprint,
    piece and row: unique, and equal if the same bytes are read in the same pieces again.

    Args:
        raw: The reader's ``RECORD``, ``MALFORMED``, ``FILE``, ``FINGERPRINT``, ``SPLIT`` and
            ``ROW``.
        entity: Name of the entity of the records.
        source: Name of the source.
        batch: The ingestion.

    Returns:
        Rows of ``bronze/<entity>``.
    """
    place = (lineage.FILE, lineage.FINGERPRINT, lineage.SPLIT, lineage.ROW)
    return raw.select(
        record_id_of(F.lit(source), F.lit(entity), *map(F.col, place)).alias(lineage.RECORD_ID),
        F.lit(source).alias(lineage.SOURCE),
        lineage.FILE,
        lineage.FINGERPRINT,
        # Ascends over pieces too, because a piece has fewer rows than bytes.
        (F.col(lineage.SPLIT) + F.col(lineage.ROW)).alias(lineage.OFFSET),
        F.lit(batch.ingested_at).alias(lineage.INGESTED_AT),
        F.lit(batch.batch_id).alias(lineage.BATCH_ID),
        lineage.RECORD,
        lineage.MALFORMED,
    )


def record_id_of(*parts: Column) -> Column:
    """Return an id made of some texts: the first 32 hex digits of their SHA-256."""
    return F.substring(F.sha2(F.concat_ws("\x1f", *parts), 256), 1, 32)
