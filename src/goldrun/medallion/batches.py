"""Find the batches that are not refined completely, and their records without a fate.

Complete batches are not read again, so the cost of refining new records does not grow with the
number of earlier records.
"""

from collections.abc import Collection
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.ops import RECORDS
from goldrun.medallion.fates import Fates
from goldrun.medallion.quarantine import ERASED, RELEASED

_MANY = 1000
"""Largest number of batches to list in a filter."""


def incomplete_batches(bronze: DataFrame, fates: Fates, completed: DataFrame) -> dict[str, int]:
    """Find the batches in which a record may be without a fate.

    A completed batch is incomplete again when its number of records or of fates differs from the
    recorded one, for example because a table of silver was removed or restored to an older state.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        fates: The fates of the entity's records.
        completed: ``batch_id, records`` of the batches of the entity that are marked complete.

    Returns:
        Number of records in bronze by batch id.
    """
    key = [lineage.BATCH_ID, RECORDS]
    held = replace(fates, quarantine=_unreleased(fates.quarantine)).select(lineage.BATCH_ID)
    unchanged = completed.select(*key).join(_records_by_batch(held), key, "left_semi")
    found = _records_by_batch(bronze).join(unchanged, key, "left_anti")
    rows = found.orderBy(lineage.BATCH_ID).collect()
    return {row[lineage.BATCH_ID]: row[RECORDS] for row in rows}


def pending_records(
    bronze: DataFrame, fates: Fates, batches: Collection[str], *, replay: bool
) -> DataFrame:
    """Find the records of some batches that have no fate.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        fates: The fates of the entity's records.
        batches: Ids of the batches.
        replay: Whether records in open quarantine are pending too.

    Returns:
        Rows of ``bronze/<entity>``.
    """
    is_erased = F.col(lineage.STATE) == ERASED
    quarantine = fates.quarantine.where(is_erased) if replay else _unreleased(fates.quarantine)
    held = replace(fates, quarantine=quarantine)
    if len(batches) <= _MANY:
        listed = F.col(lineage.BATCH_ID).isin(list(batches))
        bronze = bronze.where(listed)
        held = Fates(
            held.silver.where(listed),
            held.history.where(listed),
            held.duplicates.where(listed),
            held.quarantine.where(listed),
        )
    return bronze.join(held.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_anti")


def records_by_batch(rows: DataFrame) -> dict[str, int]:
    """Count rows by batch id."""
    return {row[lineage.BATCH_ID]: row[RECORDS] for row in _records_by_batch(rows).collect()}


def _records_by_batch(rows: DataFrame) -> DataFrame:
    return rows.groupBy(lineage.BATCH_ID).agg(F.count("*").alias(RECORDS))


def _unreleased(quarantine: DataFrame) -> DataFrame:
    return quarantine.where(F.col(lineage.STATE) != RELEASED)
