"""The four tables in which the records of an entity have their fates."""

from pyspark.sql import DataFrame

from goldrun.contracts import lineage as L
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Table
from goldrun.medallion import quarantine as Q
from goldrun.medallion.versions import Resolution
from pipelines.steps.context import Context


def tables_of_fates(ctx: Context) -> list[str]:
    """Names of the tables in which the records of a source have their fates."""
    names = {L.DUPLICATES.name, L.QUARANTINE.name}
    for entity in ctx.source.landed:
        names |= {each.name for each in fates_of(ENTITIES[entity])}
    return sorted(names)


def fates_of(table: Table) -> tuple[Table, ...]:
    """Silver, history, duplicates and quarantine of an entity, in this order."""
    return L.silver_table(table), L.history_table(table), L.DUPLICATES, L.QUARANTINE


def write_fates(
    ctx: Context,
    table: Table,
    resolution: Resolution,
    refused: DataFrame,
    judged: DataFrame,
    *,
    replay: bool,
) -> None:
    """Commit to the four tables.

    A record that a stop leaves without a fate is pending next time: so silver comes last, and
    quarantine lets a record go before silver takes it in.
    """
    lake = ctx.lake
    if replay:
        held = lake.read(L.QUARANTINE.name)
        released = Q.let_go(held, judged.join(refused, L.RECORD_ID, "left_anti"), ctx.now)
        refused = Q.changed(refused, held).unionByName(released).localCheckpoint()
    lake.upsert(L.QUARANTINE, refused)
    lake.append_unless_empty(L.DUPLICATES, resolution.duplicates)
    lake.upsert(L.history_table(table), resolution.history)
    lake.upsert(L.silver_table(table), resolution.current)
