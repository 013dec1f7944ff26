"""Determine the current record of each key, and the fates of its other records."""

from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.quarantine_reasons import KEY_CONFLICT, KEY_NOT_UNIQUE
from goldrun.contracts.table import Table
from goldrun.medallion.bronze import is_time_of_ingestion
from goldrun.medallion.out_of_order import partition_of

_IS_NEW = "_is_new"
_KEPT = "_kept"
_REPEATS = "_repeats"
_LOSES = "_loses"
_BEGINS = "_begins"
_ENDED = "_ended"
_COPY = "_copy"


@dataclass(frozen=True)
class Resolution:
    """The fates of all records of some keys.

    Attributes:
        current: The current row of each key (``silver_table``), if it is new.
        history: Older versions with ``valid_from`` and ``valid_to`` (``history_table``), if they
            are new or their validity has changed; none of an immutable entity.
        duplicates: New records that repeat another row (``silver/duplicates``).
        conflicts: ``record_id, reasons`` of the rejected records. For an immutable entity, these
            are new or stored records whose content differs from the current row of their key
            (``key_conflict``); for a versioned entity, new records of a key that has several
            contents within one file (``key_not_unique``).
        rejected_keys: The keys of ``conflicts``, each once.
    """

    current: DataFrame
    history: DataFrame
    duplicates: DataFrame
    conflicts: DataFrame
    rejected_keys: DataFrame


def rank_versions(
    incoming: DataFrame, known: DataFrame, table: Table, *, by_ingestion: bool = False
) -> DataFrame:
    """Order all records of each key, and mark the repeats and the rejected records.

    Records of a versioned entity are ordered by ``table.versioned_by``, then by batch, file and
    position in the file. Of consecutive records with equal content the first is kept and the others
    repeat it; content that occurs again after other content is a new version. A new row that has
    the time of its ingestion repeats the row before it if nothing else differs. If a key has
    several contents within one file, and ``table.versioned_by`` does not order them, all its
    records of that file are rejected; messages of a topic are not rejected, because their offsets
    order them.

    For an immutable entity the earliest row is current (``table.immutable_since``, then the
    smallest content hash), rows with equal content repeat it, and the others are rejected.

    Args:
        incoming: Accepted rows of the batch with ``file`` and ``offset``; rows of a key without
            other rows may be omitted. Rows of a versioned entity were ingested later than every
            known row of their key.
        known: Rows of silver (``valid_to`` null) and of its history, for at least the keys in
            ``incoming``.
        table: The entity's contract.
        by_ingestion: Whether the source maps no ``table.versioned_by``, so that only the order of
            ingestion counts.

    Returns:
        The rows of both, with the columns that ``resolve`` needs.
    """
    stored = lineage.silver_table(table).names
    new = incoming.select(
        *stored,
        F.lit(None).cast("timestamp").alias(lineage.VALID_TO),
        partition_of(F.col(lineage.FILE)).alias(lineage.FILE),
        lineage.OFFSET,
        F.lit(1).alias(_IS_NEW),
    )
    old = known.select(
        *(*stored, lineage.VALID_TO),
        F.lit(None).cast("string").alias(lineage.FILE),
        F.lit(None).cast("bigint").alias(lineage.OFFSET),
        F.lit(0).alias(_IS_NEW),
    )
    # Partitioned by key once, so that the windows below need no further shuffle.
    both = new.unionByName(old).repartition(*table.key)
    # After an interruption between two commits a version may be in silver and in history; the row
    # of history counts.
    same = Window.partitionBy(*table.key, lineage.RECORD_ID).orderBy(
        F.col(lineage.VALID_TO).desc_nulls_last()
    )
    both = both.withColumn(_COPY, F.row_number().over(same)).where(F.col(_COPY) == 1).drop(_COPY)
    if table.immutable_since:
        return _rank_immutable(both, table)
    return _rank_versioned(both, table, by_ingestion=by_ingestion)


def _rank_immutable(both: DataFrame, table: Table) -> DataFrame:
    # The earliest ingestion is kept, as by runs that refine each ingestion on its own.
    same_content = Window.partitionBy(*table.key, lineage.CONTENT_HASH).orderBy(
        _IS_NEW, lineage.BATCH_ID, lineage.RECORD_ID
    )
    happened = Window.partitionBy(*table.key).orderBy(table.immutable_since, lineage.CONTENT_HASH)
    kept = both.withColumn(_KEPT, F.first(lineage.RECORD_ID).over(same_content))
    return kept.withColumn(_REPEATS, F.col(_KEPT) != F.col(lineage.RECORD_ID)).withColumn(
        _LOSES, F.first(lineage.CONTENT_HASH).over(happened) != F.col(lineage.CONTENT_HASH)
    )


def _rank_versioned(both: DataFrame, table: Table, *, by_ingestion: bool) -> DataFrame:
    versioned_by = [] if by_ingestion else [table.versioned_by]
    first_to_last, last_to_first = _orders(versioned_by)
    marked = _mark_contradictions(both, [*table.key], versioned_by)
    in_order = Window.partitionBy(*table.key, _LOSES).orderBy(*first_to_last)
    begins = (F.col(_IS_NEW) == 0) | ~_repeats_the_row_before(table, in_order)
    beginning = F.when(F.col(_BEGINS), F.col(lineage.RECORD_ID))
    first = F.last(beginning, ignorenulls=True).over(in_order)
    kept = marked.withColumn(_BEGINS, begins).withColumn(_KEPT, first)
    repeats = kept.withColumn(_REPEATS, F.col(_KEPT) != F.col(lineage.RECORD_ID))
    from_the_end = Window.partitionBy(*table.key, _LOSES, _REPEATS).orderBy(*last_to_first)
    return _with_validity(repeats, table, from_the_end)


def _orders(versioned_by: list[str]) -> tuple[list[SparkColumn], list[SparkColumn]]:
    """Return the order of the records of a key from first to last, and the reverse order."""
    position = (lineage.BATCH_ID, lineage.FILE, lineage.OFFSET, lineage.RECORD_ID)
    columns = [F.col(name) for name in (*versioned_by, _IS_NEW, lineage.VALID_TO, *position)]
    # Of known rows with the same time the current row, whose end of validity is null, is the last.
    # The other columns are null in all of the rows that they order or in none.
    first_to_last = [column.asc_nulls_last() for column in columns]
    last_to_first = [column.desc_nulls_first() for column in columns]
    return first_to_last, last_to_first


def _mark_contradictions(both: DataFrame, key: list[str], versioned_by: list[str]) -> DataFrame:
    """Mark the new records whose key has several contents without an order in their file."""
    # A file that was overwritten has a reading in each of several batches.
    of_file = [*key, _IS_NEW, lineage.BATCH_ID, lineage.FILE]
    at_once = Window.partitionBy(*of_file, *versioned_by)
    content = F.col(lineage.CONTENT_HASH)
    differ = F.min(content).over(at_once) != F.max(content).over(at_once)
    ordered = F.lit(False)
    for prefix in lineage.MESSAGE_PREFIXES:
        ordered = ordered | F.col(lineage.FILE).startswith(prefix)
    contradicts = (F.col(_IS_NEW) == 1) & ~ordered & differ
    marked = both.withColumn(_LOSES, F.coalesce(contradicts, F.lit(False)).cast("int"))
    loses = F.max(_LOSES).over(Window.partitionBy(*of_file))
    return marked.withColumn(_LOSES, loses == 1)


def _repeats_the_row_before(table: Table, in_order: WindowSpec) -> SparkColumn:
    same = F.lag(lineage.CONTENT_HASH).over(in_order) == F.col(lineage.CONTENT_HASH)
    if lineage.INGESTED_AT in (table.column(table.versioned_by).default or ""):
        # The content of such a row contains the time of its ingestion, which always differs.
        others = F.struct(*[name for name in table.names if name != table.versioned_by])
        equal = F.lag(others).over(in_order).eqNullSafe(others)
        same = same | (is_time_of_ingestion(table.versioned_by) & equal)
    return F.coalesce(same, F.lit(False))


def _with_validity(rows: DataFrame, table: Table, from_the_end: WindowSpec) -> DataFrame:
    """Add the validity of each version, and the stored end of its validity (``_ENDED``).

    A version is valid from its ``table.versioned_by`` until the earliest ``table.versioned_by`` of
    the versions that are ordered after it. If that is before its own, it is valid for no time.
    """
    since, ended = F.col(table.versioned_by), F.col(lineage.VALID_TO)
    following = from_the_end.rowsBetween(Window.unboundedPreceding, -1)
    new_ones = F.min(F.when(F.col(_IS_NEW) == 1, since)).over(following)
    sooner = F.least(F.coalesce(ended, new_ones), F.coalesce(new_ones, ended))
    until = F.when(F.col(_IS_NEW) == 1, F.min(since).over(following)).otherwise(sooner)
    return (
        rows.withColumn(_ENDED, ended)
        .withColumn(lineage.VALID_FROM, since)
        .withColumn(lineage.VALID_TO, F.when(until.isNotNull(), F.greatest(since, until)))
    )


def resolve(ranked: DataFrame, entity: str, table: Table) -> Resolution:
    """Determine the current row of each key, and the fates of the other rows.

    The last version is current, the others are history.

    Args:
        ranked: Result of ``rank_versions``. It is read several times, so the caller persists it.
        entity: Name of the entity.
        table: Its contract.

    Returns:
        The resolution of all keys in ``ranked``.
    """
    kept = ranked.where(~F.col(_LOSES))
    versions = kept.where(~F.col(_REPEATS))
    is_new = F.col(_IS_NEW) == 1
    duplicates = kept.where(F.col(_REPEATS) & is_new).select(
        lineage.RECORD_ID,
        F.col(_KEPT).alias(lineage.KEPT_RECORD_ID),
        F.lit(entity).alias(lineage.ENTITY),
        lineage.BATCH_ID,
    )
    reason = KEY_CONFLICT if table.immutable_since else KEY_NOT_UNIQUE
    rejected = ranked.where(_LOSES)
    conflicts = rejected.select(lineage.RECORD_ID, F.array(F.lit(reason)).alias(lineage.REASONS))
    keys = rejected.select(*table.key).distinct()
    current, history = _by_validity(versions, table)
    return Resolution(current, history, duplicates, conflicts, keys)


def _by_validity(versions: DataFrame, table: Table) -> tuple[DataFrame, DataFrame]:
    """Split versions into new rows of silver and new or changed rows of its history."""
    is_new = F.col(_IS_NEW) == 1
    current, history = lineage.silver_table(table).names, lineage.history_table(table).names
    if table.immutable_since:
        none = versions.limit(0).withColumn(lineage.VALID_FROM, F.col(lineage.VALID_TO))
        return versions.where(is_new).select(*current), none.select(*history)
    newest = F.col(lineage.VALID_TO).isNull()
    ended = is_new | ~F.col(_ENDED).eqNullSafe(F.col(lineage.VALID_TO))
    return (
        versions.where(newest & is_new).select(*current),
        versions.where(~newest & ended).select(*history),
    )
