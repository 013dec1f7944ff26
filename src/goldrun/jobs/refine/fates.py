"""The four tables in which the records of an entity have their fates."""

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Table
from goldrun.jobs.context import Context
from goldrun.medallion import quarantine
from goldrun.medallion.versions import Resolution


def tables_of_fates(ctx: Context) -> list[str]:
    """Names of the tables in which the records of a source have their fates."""
    names = {lineage.DUPLICATES.name, lineage.QUARANTINE.name}
    for entity in ctx.source.with_files:
        names |= {each.name for each in fates_of(ENTITIES[entity])}
    return sorted(names)


def fates_of(table: Table) -> tuple[Table, ...]:
    """Silver, history, duplicates and quarantine of an entity, in this order."""
    return (
        lineage.silver_table(table),
        lineage.history_table(table),
        lineage.DUPLICATES,
        lineage.QUARANTINE,
    )


def write_fates(
    ctx: Context,
    table: Table,
    resolution: Resolution,
    refused: DataFrame,
    validated: DataFrame,
    *,
    replay: bool,
) -> None:
    """Commit to the four tables.

    A record that a stop leaves without a fate is pending next time: so silver comes last, and
    quarantine lets a record go before silver takes it in.
    """
    lake = ctx.lake
    if replay:
        held = lake.read(lineage.QUARANTINE.name)
        released = quarantine.release(
            held, validated.join(refused, lineage.RECORD_ID, "left_anti"), ctx.now
        )
        refused = quarantine.changed(refused, held).unionByName(released).localCheckpoint()
    lake.upsert(lineage.QUARANTINE, refused)
    lake.append_unless_empty(lineage.DUPLICATES, resolution.duplicates)
    lake.upsert(lineage.history_table(table), resolution.history)
    lake.upsert(lineage.silver_table(table), resolution.current)
