"""Which batches are settled, and which records of the others have no fate yet.

So what a day's records cost does not grow with the records of all days before.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.ops import RECORDS, SETTLED
from goldrun.jobs.context import Context
from goldrun.medallion import quarantine

_MANY = 1000
"""Batches that are no longer named one by one."""


def incomplete_batches(
    ctx: Context, entity: str, bronze: DataFrame, fates: Sequence[DataFrame]
) -> dict[str, int]:
    """The batches in which a record may be without a fate, and how many records each has.

    What is settled stays so, unless its batch has other records than it had, or not as many fates
    as records: a table of silver was removed, or an older one was put back.

    Args:
        ctx: The context.
        entity: Name of the entity.
        bronze: Rows of ``bronze/<entity>``.
        fates: Rows of silver, history, duplicates and quarantine.
    """
    key = [lineage.BATCH_ID, RECORDS]
    settled = ctx.lake.read_or_empty(SETTLED).where(F.col(lineage.ENTITY) == entity).select(*key)
    theirs = [fates[2].where(F.col(lineage.ENTITY) == entity), _kept(fates[3], entity)]
    told = [fate.select(lineage.BATCH_ID) for fate in (*fates[:2], *theirs)]
    known = settled.join(_counted(reduce(DataFrame.unionByName, told)), key, "left_semi")
    rows = _counted(bronze).join(known, key, "left_anti").orderBy(lineage.BATCH_ID).collect()
    return {row[lineage.BATCH_ID]: row[RECORDS] for row in rows}


def _counted(rows: DataFrame) -> DataFrame:
    return rows.groupBy(lineage.BATCH_ID).agg(F.count("*").alias(RECORDS))


def _kept(rows: DataFrame, entity: str) -> DataFrame:
    return rows.where(
        (F.col(lineage.ENTITY) == entity) & (F.col(lineage.STATE) != quarantine.RELEASED)
    )


def mark_complete(ctx: Context, entity: str, batches: Mapping[str, int]) -> None:
    """Remember batches all of whose records have their fates: last, when they have them."""
    if batches:
        rows = [(entity, batch, records, ctx.now) for batch, records in batches.items()]
        with ctx.lake.writing(SETTLED.name):
            # By key: a batch whose fates were lost is settled a second time.
            ctx.lake.upsert(SETTLED, ctx.lake.frame(SETTLED, rows))


def reset(ctx: Context, entity: str) -> None:
    """Forget that batches are settled, before their records lose a fate to get another.

    A stop in between leaves records without any, and they are looked for in open batches only.
    """
    if ctx.lake.exists(SETTLED.name):
        with ctx.lake.writing(SETTLED.name):
            theirs = ctx.lake.read(SETTLED.name).where(F.col(lineage.ENTITY) == entity)
            ctx.lake.delete_rows(SETTLED.name, theirs.select(lineage.ENTITY))


def pending_records(
    bronze: DataFrame, fates: Sequence[DataFrame], batches: Collection[str], *, replay: bool
) -> DataFrame:
    """The records of some batches without a fate; in a replay also those in quarantine.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        fates: Rows of silver, history, duplicates and quarantine.
        batches: The batches.
        replay: Whether quarantine is no fate.
    """
    if len(batches) <= _MANY:
        of_these = F.col(lineage.BATCH_ID).isin(list(batches))
        bronze, fates = bronze.where(of_these), [fate.where(of_these) for fate in fates]
    kept = (
        F.col(lineage.STATE) == quarantine.ERASED
        if replay
        else F.col(lineage.STATE) != quarantine.RELEASED
    )
    settled = [*fates[:3], fates[3].where(kept)]
    ids = reduce(DataFrame.unionByName, [fate.select(lineage.RECORD_ID) for fate in settled])
    return bronze.join(ids, lineage.RECORD_ID, "left_anti")
