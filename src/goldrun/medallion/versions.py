"""One row a key: the current record of each key, and the fates of its other records."""

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
        current: The current row of each key (``silver_table``), where it is a new one.
        history: Older versions with ``valid_from`` and ``valid_to`` (``history_table``), where
            they are new or their validity has changed; none of an immutable entity.
        duplicates: New records that repeat another row (``silver/duplicates``).
        conflicts: ``record_id, reasons`` of the rejected records: of an immutable entity those,
            new or stored, whose content differs from the current row of their key
            (``key_conflict``); of a versioned one new records of a key that has several contents
            within one file (``key_not_unique``).
        rejected_keys: The keys of ``conflicts``, each once.
    """

    current: DataFrame
    history: DataFrame
    duplicates: DataFrame
    conflicts: DataFrame
    rejected_keys: DataFrame


def rank_versions(
    incoming: DataFrame, known: DataFrame, table: Table, *, by_arrival: bool = False
) -> DataFrame:
    """Order all records of each key, and mark the repeats and the rejected records.

    Of a versioned entity records are ordered by ``table.versioned_by``, then by arrival:
    ingestion, file, position in the file. Of records in this order with equal content the first
    is kept and the others repeat it; content that comes back after other content is a version
    again. A new row that has the time of its ingestion repeats the row before it if nothing else
    differs. If a key has several contents within one file, and ``table.versioned_by`` does not
    order them, all its records of that file are rejected; messages of a topic never are, because
    their offsets order them.

    Of an immutable entity the earliest row is current (``table.immutable_since``, then the
    smallest content hash), rows with equal content repeat it, and the others are rejected.

    Args:
        incoming: Accepted rows of the batch with ``file`` and ``offset``; those of a key that
            has no other row may be left out. Of a versioned entity each was ingested later than
            every known row of its key.
        known: Rows of silver (``valid_to`` null) and of its history, for at least the keys in
            ``incoming``.
        table: The entity's contract.
        by_arrival: Whether the source maps no ``table.versioned_by``: then arrival alone orders.

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
    # Partitioned by key once, the orders below need no further shuffle.
    both = new.unionByName(old).repartition(*table.key)
    # A stop between two commits can leave a version in silver and in history: it is history.
    same = Window.partitionBy(*table.key, lineage.RECORD_ID).orderBy(
        F.col(lineage.VALID_TO).desc_nulls_last()
    )
    both = both.withColumn(_COPY, F.row_number().over(same)).where(F.col(_COPY) == 1).drop(_COPY)
    if table.immutable_since:
        return _rank_immutable(both, table)
    return _rank_versioned(both, table, by_arrival=by_arrival)


def _rank_immutable(both: DataFrame, table: Table) -> DataFrame:
    same_content = Window.partitionBy(*table.key, lineage.CONTENT_HASH).orderBy(
        _IS_NEW, lineage.RECORD_ID
    )
    happened = Window.partitionBy(*table.key).orderBy(table.immutable_since, lineage.CONTENT_HASH)
    kept = both.withColumn(_KEPT, F.first(lineage.RECORD_ID).over(same_content))
    return kept.withColumn(_REPEATS, F.col(_KEPT) != F.col(lineage.RECORD_ID)).withColumn(
        _LOSES, F.first(lineage.CONTENT_HASH).over(happened) != F.col(lineage.CONTENT_HASH)
    )


def _rank_versioned(both: DataFrame, table: Table, *, by_arrival: bool) -> DataFrame:
    versioned_by = [] if by_arrival else [table.versioned_by]
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
    """Order of the records of a key from the first to the last, and the reverse order."""
    arrival = [
        _IS_NEW,
        lineage.VALID_TO,
        lineage.BATCH_ID,
        lineage.FILE,
        lineage.OFFSET,
        lineage.RECORD_ID,
    ]
    # Of the known rows at one time the current one is the last: it is valid for the longest.
    first_to_last = [
        F.col(name).asc_nulls_last() if name == lineage.VALID_TO else F.col(name).asc()
        for name in (*versioned_by, *arrival)
    ]
    last_to_first = [
        F.col(name).desc_nulls_first() if name == lineage.VALID_TO else F.col(name).desc()
        for name in (*versioned_by, *arrival)
    ]
    return first_to_last, last_to_first


def _mark_contradictions(both: DataFrame, key: list[str], versioned_by: list[str]) -> DataFrame:
    """Mark the new records whose key has several contents in their file that nothing orders."""
    of_file = [*key, _IS_NEW, lineage.FILE]
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
        # Such a row has the time of its ingestion, so its content differs in each.
        others = F.struct(*[name for name in table.names if name != table.versioned_by])
        equal = F.lag(others).over(in_order).eqNullSafe(others)
        same = same | (is_time_of_ingestion(table.versioned_by) & equal)
    return F.coalesce(same, F.lit(False))


def _with_validity(rows: DataFrame, table: Table, from_the_end: WindowSpec) -> DataFrame:
    """Add from when to when each version was valid, and when it was so far (``_ENDED``).

    A version is valid from its ``table.versioned_by`` until the earliest one of the versions
    after it in order. A version that begins before it and is ordered after it leaves it valid for
    no time.
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
    """Decide which row of each key is current, and the fates of the others.

    The last version is current, the others are history.

    Args:
        ranked: Result of ``rank_versions``; read several times, so persist it.
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
