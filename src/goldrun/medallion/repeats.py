"""Find keys with several records, and the current record of each key."""

from dataclasses import dataclass, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.table import Table
from goldrun.medallion.fates import Fates, StoredRecords
from goldrun.medallion.out_of_order import FIRST, LAST, is_out_of_order, records_out_of_order
from goldrun.medallion.silver import with_content_hash
from goldrun.medallion.stored_rows import few_in_memory, rows_of
from goldrun.medallion.versions import Resolution, rank_versions, resolve

_TIMES = "_times"


@dataclass(frozen=True)
class Repeats:
    """Keys with more than one row.

    Attributes:
        keys: Result of ``repeated_keys``.
        known: Rows of silver and of its history, for at least these keys.
        out_of_order: ``record_id`` of all incoming and known rows of the keys with a stored record
            that was ingested with or after a pending one; None if there is no such key.
    """

    keys: DataFrame
    known: DataFrame
    out_of_order: DataFrame | None = None


def repeated_keys(incoming: DataFrame, known: DataFrame, table: Table) -> DataFrame:
    """Find the keys with more than one row; only these need a resolution.

    Most keys have one row, and rows are much wider than their keys, so that this is cheaper than
    a resolution of all rows.

    Args:
        incoming: Accepted rows of the batch.
        known: Rows of silver and of its history, for at least the keys in ``incoming``.
        table: The entity's contract.

    Returns:
        The columns of the key, each key once, the first batch (``FIRST``) of its incoming rows
        and the last batch (``LAST``) of its known rows, null if there are none.
    """
    key, nothing = list(table.key), F.lit(None).cast("string")
    new = incoming.select(*key, F.col(lineage.BATCH_ID).alias(FIRST), nothing.alias(LAST))
    old = known.select(*key, nothing.alias(FIRST), F.col(lineage.BATCH_ID).alias(LAST))
    counted = (
        new.unionByName(old)
        .groupBy(*key)
        .agg(F.count("*").alias(_TIMES), F.min(FIRST).alias(FIRST), F.max(LAST).alias(LAST))
    )
    return counted.where(F.col(_TIMES) > 1).drop(_TIMES)


def find_repeats(rows: DataFrame, fates: Fates, table: Table) -> Repeats:
    """Find the keys of incoming rows that have more than one row, and their known rows.

    Args:
        rows: Accepted records with their lineage.
        fates: The fates of the entity's records.
        table: The entity's contract.
    """
    # Read twice, and from tables that are written afterwards.
    known = rows_of(_stored(fates, table), rows, table.key).localCheckpoint()
    repeated = repeated_keys(rows, known, table).localCheckpoint()
    found = repeated.agg(F.count("*"), F.count_if(is_out_of_order()), F.min(FIRST)).collect()[0]
    many, late, first = found
    repeats = Repeats(few_in_memory(repeated, many), known)
    if table.immutable_since or not many:
        return repeats
    # By their statistics, no files are read if the batch is later than all stored batches.
    duplicates = fates.duplicates.where(F.col(lineage.BATCH_ID) >= F.lit(first))
    if not late and duplicates.isEmpty():
        return repeats
    return replace(repeats, out_of_order=_out_of_order(rows, repeats, duplicates, table))


def _out_of_order(
    rows: DataFrame, repeats: Repeats, duplicates: DataFrame, table: Table
) -> DataFrame | None:
    """Return the ids of all rows of the keys whose records arrived out of order; None for none.

    Of such a key a stored record or a duplicate was ingested with or after an incoming record.
    """
    key, record = list(table.key), lineage.RECORD_ID
    several = rows.join(repeats.keys, key, "left_semi").select(*key, record)
    records = several.unionByName(repeats.known.select(*key, record))
    ids = records_out_of_order(repeats.keys, records, duplicates, table).localCheckpoint()
    return None if ids.isEmpty() else ids


def _stored(fates: Fates, table: Table) -> DataFrame:
    names = lineage.silver_table(table).names
    no_end = F.lit(None).cast("timestamp").alias(lineage.VALID_TO)
    history = fates.history.select(*names, lineage.VALID_TO)
    return fates.silver.select(*names, no_end).unionByName(history)


def stored_records(records: DataFrame, fates: Fates) -> StoredRecords:
    """Find the stored records among some records, and the duplicates of these records.

    A record that is released from quarantine may have been ingested between two other records of
    its key. Then the fates of all records of the key are removed, and the records are resolved
    together again.

    Args:
        records: ``record_id`` of all records of some keys that are no duplicates, stored or not.
            It is read several times, so the caller materialises it.
        fates: The fates of the entity's records.
    """
    record, kept = lineage.RECORD_ID, lineage.KEPT_RECORD_ID
    kept_ids = records.withColumnRenamed(record, kept)
    duplicates = fates.duplicates.join(kept_ids, kept, "left_semi").select(record)
    stored = fates.silver.select(record).unionByName(fates.history.select(record))
    versions = stored.join(records, record, "left_semi").distinct()
    return StoredRecords(versions.localCheckpoint(), duplicates.localCheckpoint())


def resolve_keys(
    rows: DataFrame, repeats: Repeats, entity: str, table: Table, *, by_ingestion: bool
) -> Resolution:
    """Decide which record of each key is current; a key with one record needs no ranking.

    Args:
        rows: Accepted records with their lineage.
        repeats: Result of ``find_repeats`` for them, without records out of order.
        entity: Name of the entity.
        table: Its contract.
        by_ingestion: Whether the source maps no ``table.versioned_by``.
    """
    names, key = lineage.silver_table(table).names, list(table.key)
    # Hashed after the split, because each row would be hashed for both parts before it.
    position = (lineage.FILE, lineage.OFFSET)
    several = with_content_hash(rows.join(repeats.keys, key, "left_semi"), table, beside=position)
    ranked = rank_versions(several, repeats.known, table, by_ingestion=by_ingestion)
    resolution = resolve(ranked.localCheckpoint(), entity, table)
    alone = with_content_hash(rows.join(repeats.keys, key, "left_anti"), table).select(*names)
    return replace(resolution, current=resolution.current.unionByName(alone))
