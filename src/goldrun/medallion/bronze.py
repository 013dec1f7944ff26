"""Bronze: the unchanged text of every record, with its lineage and a unique id."""

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.errors import SettingsError

_STORED = "_stored_"


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
    identity = F.concat_ws("\x1f", F.lit(source), F.lit(entity), *place)
    return raw.select(
        F.substring(F.sha2(identity, 256), 1, 32).alias(lineage.RECORD_ID),
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


def with_stored_batches(records: DataFrame, stored: DataFrame) -> DataFrame:
    """Give records of files that bronze has the batch and the time of their first ingestion.

    The order of ingestion decides between versions of a key, and rules compare times with that of
    the ingestion; neither changes because a file is read again.

    Args:
        records: Rows of ``bronze/<entity>`` of files that were read again.
        stored: Rows of ``bronze/<entity>`` from before.

    Returns:
        The rows; those of other contents keep their batch.
    """
    names = (lineage.BATCH_ID, lineage.INGESTED_AT)
    first = stored.groupBy(lineage.FINGERPRINT).agg(
        *[F.min(name).alias(_STORED + name) for name in names]
    )
    joined = records.join(F.broadcast(first), lineage.FINGERPRINT, "left")
    kept = {name: F.coalesce(_STORED + name, name) for name in names}
    return joined.withColumns(kept).select(*records.columns)
