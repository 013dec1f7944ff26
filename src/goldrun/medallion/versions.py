"""One key, one truth, whatever the order of arrival."""

from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.table import Table

_IS_NEW = "_is_new"
_KEPT = "_kept"
_REPEATS = "_repeats"


@dataclass(frozen=True)
class Resolution:
    """The truth about every key that a batch touched.

    Attributes:
        current: Newest version of each key (``silver_table``).
        history: Older versions with ``valid_from`` and ``valid_to`` (``history_table``).
        duplicates: New records that repeat a version already kept (``silver/duplicates``).
    """

    current: DataFrame
    history: DataFrame
    duplicates: DataFrame


def rank_versions(incoming: DataFrame, known: DataFrame, table: Table) -> DataFrame:
    """Order all versions of each key in time and mark the repeats.

    Same key and same content is a repeat: the record that is stored already is kept, else the one
    with the smallest record id. Versions are ordered by ``table.versioned_by``, then content hash.

    Args:
        incoming: Accepted rows of the batch.
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
    # Partitioned by key once, the two orders below need no further shuffle.
    both = both.repartition(*table.key)
    same_content = Window.partitionBy(*table.key, L.CONTENT_HASH).orderBy(_IS_NEW, L.RECORD_ID)
    kept = both.withColumn(_KEPT, F.first(L.RECORD_ID).over(same_content))
    marked = kept.withColumn(_REPEATS, F.col(_KEPT) != F.col(L.RECORD_ID))
    by_age = Window.partitionBy(*table.key, _REPEATS).orderBy(table.versioned_by, L.CONTENT_HASH)
    return marked.withColumn(L.VALID_FROM, F.col(table.versioned_by)).withColumn(
        L.VALID_TO, F.lead(table.versioned_by).over(by_age)
    )


def resolve(ranked: DataFrame, entity: str, table: Table) -> Resolution:
    """Decide which version of each key is current, which are history and which are repeats.

    The newest version is current, the others are history, each valid until the next one.

    Args:
        ranked: Result of ``rank_versions``; read three times, so persist it.
        entity: Name of the entity.
        table: Its contract.

    Returns:
        The resolution of all keys in ``ranked``.
    """
    versions = ranked.where(~F.col(_REPEATS))
    newest = F.col(L.VALID_TO).isNull()
    duplicates = ranked.where(F.col(_REPEATS) & (F.col(_IS_NEW) == 1)).select(
        L.RECORD_ID,
        F.col(_KEPT).alias(L.KEPT_RECORD_ID),
        F.lit(entity).alias(L.ENTITY),
        L.BATCH_ID,
    )
    return Resolution(
        current=versions.where(newest).select(*L.silver_table(table).names),
        history=versions.where(~newest).select(*L.history_table(table).names),
        duplicates=duplicates,
    )
