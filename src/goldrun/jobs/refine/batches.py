"""Batches that are marked complete: all their records have fates."""

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.ops import COMPLETE_BATCHES
from goldrun.io.delta.lake import Lake


def completed_batches(lake: Lake, entity: str) -> DataFrame:
    """Rows of ``ops/settled_batches`` of an entity; empty if the table does not exist."""
    return lake.read_or_empty(COMPLETE_BATCHES).where(F.col(lineage.ENTITY) == entity)


def mark_complete(lake: Lake, entity: str, batches: Mapping[str, int], now: datetime) -> None:
    """Record that all records of some batches have fates; called after the fates are written.

    Args:
        lake: The tables.
        entity: Name of the entity.
        batches: Number of records by batch id.
        now: When, UTC.
    """
    if batches:
        rows = [(entity, batch, records, now) for batch, records in batches.items()]
        with lake.writing(COMPLETE_BATCHES.name):
            # By key: a batch whose fates were lost is completed a second time.
            lake.upsert(COMPLETE_BATCHES, lake.frame(COMPLETE_BATCHES, rows))


def reset(lake: Lake, entity: str) -> None:
    """Mark all batches of an entity incomplete; called before records lose their fates.

    A process that stops in between leaves records without a fate, which are searched in incomplete
    batches only.
    """
    if lake.exists(COMPLETE_BATCHES.name):
        with lake.writing(COMPLETE_BATCHES.name):
            completed = completed_batches(lake, entity)
            lake.delete_rows(COMPLETE_BATCHES.name, completed.select(lineage.ENTITY))
