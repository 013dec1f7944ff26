"""One key, one truth, whatever the order of arrival."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.reasons import KEY_CONFLICT
from goldrun.contracts.table import Table
from goldrun.medallion.bronze import is_time_of_ingestion

_IS_NEW = "_is_new"
_KEPT = "_kept"
_REPEATS = "_repeats"
_LOSES = "_loses"
_BEGINS = "_begins"
_TIMES = "_times"


@dataclass(frozen=True)
class Resolution:
    """The truth about every key that a batch touched.

    Attributes:
        current: The row that stands for each key (``silver_table``), where it is a new one.
        history: Older versions with ``valid_from`` and ``valid_to`` (``history_table``); none of
            an immutable entity.
        duplicates: New records that repeat a row already kept (``silver/duplicates``).
        conflicts: ``record_id, reasons`` of the records, new or stored, that contradict the row
            that stands for their key; none of a versioned entity.
    """

    current: DataFrame
    history: DataFrame
    duplicates: DataFrame
    conflicts: DataFrame


def repeated_keys(incoming: DataFrame, known: DataFrame, table: Table) -> DataFrame:
    """Find the keys that stand in more than one row: of them only there is something to decide.

    Most keys of most batches stand alone, and rows are much wider than their keys.

    Args:
        incoming: Good rows of the batch.
        known: Rows of silver and of its history, for at least the keys in ``incoming``.
        table: The entity's contract.

    Returns:
        The columns of the key, each key once.
    """
    key = list(table.key)
    both = incoming.select(*key).unionByName(known.select(*key))
    return both.groupBy(*key).agg(F.count("*").alias(_TIMES)).where(F.col(_TIMES) > 1).select(*key)


def rank_versions(incoming: DataFrame, known: DataFrame, table: Table) -> DataFrame:
    """Order all versions of each key in time and mark the repeats and the losers.

    Same key and same content is a repeat: the record that is stored already is kept, else the one
    with the smallest record id. Versions are ordered by ``table.versioned_by``, then content hash.
    A new row that has the time of its ingestion there, and else says what the version directly
    before it says, repeats that one too.
    Of an immutable entity the row that happened earliest stands (``table.immutable_since``, then
    the smallest content hash), and rows with other content lose.

    Args:
        incoming: Accepted rows of the batch; those of a key that stands alone may be left out.
        known: Rows of silver and of its history, for at least the keys in ``incoming``.
        table: The entity's contract.

    Returns:
        The rows of both, with what ``resolve`` needs to part them.
    """
    stored = L.silver_table(table).names
    # A stop between two commits can leave a version in silver and in history: it is one version.
    both = (
        incoming.select(*stored)
        .withColumn(_IS_NEW, F.lit(1))
        .unionByName(
            known.select(*stored).dropDuplicates([L.RECORD_ID]).withColumn(_IS_NEW, F.lit(0))
        )
    )
    # Partitioned by key once, the orders below need no further shuffle.
    both = both.repartition(*table.key)
    same_content = Window.partitionBy(*table.key, L.CONTENT_HASH).orderBy(_IS_NEW, L.RECORD_ID)
    kept = both.withColumn(_KEPT, F.first(L.RECORD_ID).over(same_content))
    if table.versioned_by and L.INGESTED_AT in (table.column(table.versioned_by).default or ""):
        kept = _told_again(kept, table)
    marked = kept.withColumn(_REPEATS, F.col(_KEPT) != F.col(L.RECORD_ID))
    if table.immutable_since:
        happened = Window.partitionBy(*table.key).orderBy(table.immutable_since, L.CONTENT_HASH)
        return marked.withColumn(
            _LOSES, F.first(L.CONTENT_HASH).over(happened) != F.col(L.CONTENT_HASH)
        )
    by_age = Window.partitionBy(*table.key, _REPEATS).orderBy(table.versioned_by, L.CONTENT_HASH)
    return (
        marked.withColumn(_LOSES, F.lit(False))
        .withColumn(L.VALID_FROM, F.col(table.versioned_by))
        .withColumn(L.VALID_TO, F.lead(table.versioned_by).over(by_age))
    )


def _told_again(kept: DataFrame, table: Table) -> DataFrame:
    """Let new rows whose only news is when they were read repeat the version before them.

    A row without a time of its own has that of its ingestion, so its content differs in each.
    Rows of a key that say the same one after the other are a run, of which the first is kept; when
    the content comes back after another one it begins a new run.
    """
    in_time = Window.partitionBy(*table.key).orderBy(
        table.versioned_by, L.CONTENT_HASH, _IS_NEW, L.RECORD_ID
    )
    said = F.struct(*[name for name in table.names if name != table.versioned_by])
    begins = ~F.lag(said).over(in_time).eqNullSafe(said)
    first = F.last(F.when(F.col(_BEGINS), F.col(L.RECORD_ID)), ignorenulls=True).over(in_time)
    is_told_again = (F.col(_IS_NEW) == 1) & is_time_of_ingestion(table.versioned_by)
    return (
        kept.withColumn(_BEGINS, begins)
        .withColumn(_KEPT, F.when(is_told_again, first).otherwise(F.col(_KEPT)))
        .drop(_BEGINS)
    )


def resolve(ranked: DataFrame, entity: str, table: Table) -> Resolution:
    """Decide which row stands for each key, and what becomes of the others.

    The newest version is current, the others are history, each valid until the next one.

    Args:
        ranked: Result of ``rank_versions``; read several times, so persist it.
        entity: Name of the entity.
        table: Its contract.

    Returns:
        The resolution of all keys in ``ranked``.
    """
    stands = ranked.where(~F.col(_LOSES))
    versions = stands.where(~F.col(_REPEATS))
    is_new = F.col(_IS_NEW) == 1
    duplicates = stands.where(F.col(_REPEATS) & is_new).select(
        L.RECORD_ID,
        F.col(_KEPT).alias(L.KEPT_RECORD_ID),
        F.lit(entity).alias(L.ENTITY),
        L.BATCH_ID,
    )
    conflicts = ranked.where(_LOSES).select(
        L.RECORD_ID, F.array(F.lit(KEY_CONFLICT)).alias(L.REASONS)
    )
    current, history = L.silver_table(table).names, L.history_table(table).names
    if table.immutable_since:
        none = versions.limit(0).select(
            *current, *[F.lit(None).cast("timestamp").alias(n) for n in (L.VALID_FROM, L.VALID_TO)]
        )
        return Resolution(versions.where(is_new).select(*current), none, duplicates, conflicts)
    newest = F.col(L.VALID_TO).isNull()
    return Resolution(
        current=versions.where(newest & is_new).select(*current),
        history=versions.where(~newest).select(*history),
        duplicates=duplicates,
        conflicts=conflicts,
    )
