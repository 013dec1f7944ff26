"""Bronze: the text of every record as it came, with its lineage and a unique id."""

from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L


@dataclass(frozen=True)
class Batch:
    """One ingestion: its id and its moment (UTC), both given from outside."""

    batch_id: str
    ingested_at: datetime


def to_bronze(
    raw: DataFrame, *, entity: str, source: str, file: str, fingerprint: str, batch: Batch
) -> DataFrame:
    """Turn the rows of one file into bronze records.

    The record id is the first 32 hex digits of SHA-256 over source, entity, file, fingerprint,
    piece and row: unique, and the same whenever the same bytes are read in the same pieces.

    Args:
        raw: The file's columns as text, plus the reader's ``SPLIT``, ``ROW`` and ``CORRUPT``.
        entity: Name of the entity that the file holds.
        source: Name of the source.
        file: Path of the file.
        fingerprint: SHA-256 of the file.
        batch: The ingestion.

    Returns:
        Rows of ``bronze/<entity>``.
    """
    columns = [c for c in raw.columns if c not in (L.SPLIT, L.ROW, L.CORRUPT)]
    names = F.array(*[F.lit(c) for c in columns])
    values = F.array(*[F.col(f"`{c}`") for c in columns])
    identity = F.concat_ws(
        "\x1f", *[F.lit(part) for part in (source, entity, file, fingerprint)], L.SPLIT, L.ROW
    )
    return raw.select(
        F.substring(F.sha2(identity, 256), 1, 32).alias(L.RECORD_ID),
        F.lit(source).alias(L.SOURCE),
        F.lit(file).alias(L.FILE),
        F.lit(fingerprint).alias(L.FINGERPRINT),
        F.col(L.ROW).alias(L.OFFSET),
        F.lit(batch.ingested_at).alias(L.INGESTED_AT),
        F.lit(batch.batch_id).alias(L.BATCH_ID),
        F.map_from_arrays(names, values).alias(L.RECORD),
        F.col(L.CORRUPT).alias(L.MALFORMED),
    )
