"""Keys whose records are decided anew, and keys that are none."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.contracts.table import Table
from goldrun.jobs.context import Context, log
from goldrun.jobs.refine.fates import fates_of
from goldrun.jobs.refine.validation import validate_records
from goldrun.medallion.quarantine import open_rows

_SHOWN = 3
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
    record, kept = lineage.RECORD_ID, lineage.KEPT_RECORD_ID
    silver, history, repeated, _ = fates_of(ENTITIES[entity])
    repeats = fates[2].where(F.col(lineage.ENTITY) == entity)
    theirs = repeats.join(records.withColumnRenamed(record, kept), kept, "left_semi")
    duplicates = theirs.select(record).localCheckpoint()
    stored = fates[0].select(record).unionByName(fates[1].select(record))
    versions = stored.join(records, record, "left_semi").distinct().localCheckpoint()
    for where, ids in ((repeated, duplicates), (history, versions), (silver, versions)):
        ctx.lake.delete_rows(where.name, ids)
    return versions.unionByName(duplicates)


def warn_of_keys(table: Table, keys: DataFrame, records: int) -> None:
    """Log which keys have several contents within one file, and a remedy."""
    log.warning("    %s: %s", table.name, _described(table, keys, records))


def keys_not_unique(ctx: Context, entity: str) -> str | None:
    """Say which keys of an entity are refused because a file has several contents for them.

    Args:
        ctx: The context.
        entity: Name of the entity.

    Returns:
        How many they are, the first of them and a remedy; None where there is none. A key is the
        one that the source maps today.
    """
    waiting = open_rows(ctx.lake.read(lineage.QUARANTINE.name)).where(
        F.col(lineage.ENTITY) == entity
    )
    refused = waiting.where(F.array_contains(lineage.REASONS, KEY_NOT_UNIQUE)).select(
        lineage.RECORD_ID
    )
    records = refused.count()
    if not records:
        return None
    bronze = ctx.lake.read(lineage.bronze_table(entity).name)
    validated = validate_records(ctx, entity, bronze.join(refused, lineage.RECORD_ID, "left_semi"))
    keys = validated.select(*ENTITIES[entity].key).distinct()
    return _described(ENTITIES[entity], keys, records)


def _described(table: Table, keys: DataFrame, records: int) -> str:
    (key,) = table.key
    # A person's key stays out of logs and of MLflow, where an erasure would not find it.
    such_as = "" if key == CUSTOMER_ID else f", such as {_first_of(keys, key)}"
    return (
        f"{keys.count():,} values of {key} have several contents within one file{such_as}: "
        f"their {records:,} records of the file are in quarantine as "
        f"{KEY_NOT_UNIQUE}. Map {key} to what identifies a row, such as a hash of all its columns "
        f"as in online_retail.toml, or {table.versioned_by} to the time of its last change, then "
        "run silver with -P replay=true"
    )


def _first_of(keys: DataFrame, key: str) -> str:
    return ", ".join(str(row[0]) for row in keys.orderBy(key).limit(_SHOWN).collect())
