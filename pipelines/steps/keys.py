"""Keys whose records are decided anew, and keys that are none."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Table
from pipelines.steps.context import Context, log
from pipelines.steps.fates import fates_of

SHOWN = 3
"""Keys that a message names."""


def reset_records(
    ctx: Context, entity: str, fates: Sequence[DataFrame], records: DataFrame
) -> DataFrame:
    """Take records and their duplicates out of silver, history and duplicates.

    A record that is released from quarantine may belong between two that were ingested before and
    after it, or beside one of its own file. Then no record of the key keeps its fate: all are
    pending, and are decided together as if none had been. After a stop they are found as records
    without a fate, because their batches have fewer fates than records.

    Args:
        ctx: The context.
        entity: Name of the entity.
        fates: Rows of silver, history, duplicates and quarantine.
        records: ``record_id`` of all records of some keys that are no duplicates, stored or not;
            read several times, so checkpoint it.

    Returns:
        ``record_id`` of those that were stored.
    """
    record, kept = L.RECORD_ID, L.KEPT_RECORD_ID
    silver, history, repeated, _ = fates_of(ENTITIES[entity])
    repeats = fates[2].where(F.col(L.ENTITY) == entity)
    theirs = repeats.join(records.withColumnRenamed(record, kept), kept, "left_semi")
    duplicates = theirs.select(record).localCheckpoint()
    stored = fates[0].select(record).unionByName(fates[1].select(record))
    versions = stored.join(records, record, "left_semi").distinct().localCheckpoint()
    for where, ids in ((repeated, duplicates), (history, versions), (silver, versions)):
        ctx.lake.remove(where.name, ids)
    return versions.unionByName(duplicates)


def warn_of_keys(table: Table, keys: DataFrame, records: int) -> None:
    """Log how many keys have several contents within one file, the first of them, and a remedy."""
    (key,) = table.key
    first = [row[0] for row in keys.orderBy(key).limit(SHOWN).collect()]
    log.warning(
        "    %s: %s values of %s have several contents within one file, such as %s: their %s "
        "records of the file are in quarantine as key_not_unique. %s; then refine them again with "
        "-e silver -P replay=true",
        *(table.name, f"{keys.count():,}", key, ", ".join(first), f"{records:,}", remedy(table)),
    )


def remedy(table: Table) -> str:
    """What makes the records of a file's key differ."""
    (key,) = table.key
    return (
        f"Map {key} to what identifies a row, such as a hash of all its columns as "
        f"pipelines/sources/online_retail.toml does, or map {table.versioned_by} to the time of "
        "the row's last change"
    )
