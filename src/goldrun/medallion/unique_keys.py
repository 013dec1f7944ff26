"""Describe keys that have several contents within one file and do not identify a row."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table
from goldrun.medallion.quarantine import open_rows
from goldrun.medallion.validation import validate_records

_SHOWN = 3
"""Number of keys that a message names."""


def keys_not_unique(
    quarantine: DataFrame, bronze: DataFrame, source: Source, entity: str
) -> str | None:
    """Describe the keys of an entity that are rejected because they are not unique in a file.

    Args:
        quarantine: Rows of ``silver/quarantine``, of any entity.
        bronze: Rows of ``bronze/<entity>``.
        source: The shop; keys are computed by its current mapping.
        entity: Name of the entity.

    Returns:
        The number of keys, the first keys and a remedy; None if all keys are unique.
    """
    is_rejected = (F.col(lineage.ENTITY) == entity) & F.array_contains(
        lineage.REASONS, KEY_NOT_UNIQUE
    )
    ids = open_rows(quarantine).where(is_rejected).select(lineage.RECORD_ID)
    records = ids.count()
    if not records:
        return None
    raw = bronze.join(ids, lineage.RECORD_ID, "left_semi")
    keys = validate_records(raw, source, entity).select(*ENTITIES[entity].key).distinct()
    return describe_keys(ENTITIES[entity], keys, records)


def describe_keys(table: Table, keys: DataFrame, records: int) -> str:
    """Describe keys that have several contents within one file, with a remedy.

    Args:
        table: The entity's contract.
        keys: The keys, each once.
        records: Number of their records in quarantine.
    """
    (key,) = table.key
    # The key of a person is not written to logs and MLflow, which an erasure does not search.
    such_as = "" if table.key_is_personal else f", such as {_first_of(keys, key)}"
    return (
        f"{keys.count():,} values of {key} have several contents within one file{such_as}: "
        f"their {records:,} records of the file are in quarantine as "
        f"{KEY_NOT_UNIQUE}. Map {key} to what identifies a row, such as a hash of all its columns "
        f"as in online_retail.toml, or {table.versioned_by} to the time of its last change, then "
        "run silver with -P remap=true"
    )


def _first_of(keys: DataFrame, key: str) -> str:
    return ", ".join(str(row[0]) for row in keys.orderBy(key).limit(_SHOWN).collect())
