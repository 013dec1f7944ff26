"""Bronze records to their fates: silver, history, duplicates, quarantine."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import CURRENCY
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.rates import RATES
from goldrun.contracts.source import EntityMapping
from goldrun.contracts.table import Table
from goldrun.io.rates import read_rates
from goldrun.medallion import quarantine as Q
from goldrun.medallion.currency import check_one_currency, check_stored_currency, convert
from goldrun.medallion.erasure import erased_quarantine
from goldrun.medallion.references import orphans
from goldrun.medallion.silver import accept, bad, good, judge
from goldrun.medallion.versions import Resolution, rank_versions, resolve
from pipelines._command import Context, log
from pipelines._source import check_one_source, columns_read


def refine(ctx: Context, entity: str, mapping: EntityMapping, *, replay: bool) -> None:
    """Give every record of an entity that has no fate its fate.

    Args:
        ctx: The context.
        entity: Name of the entity.
        mapping: How the source maps it.
        replay: Whether records in open quarantine are judged again.
    """
    lake, table, source = ctx.lake, ENTITIES[entity], ctx.source
    tables = (L.silver_table(table), L.history_table(table), L.DUPLICATES, L.QUARANTINE)
    bronze = lake.read(L.bronze_table(entity).name)
    check_one_source(ctx, bronze)
    with lake.writing(*(each.name for each in tables)):
        for each in tables:
            lake.create(each)
        fates = [lake.read(each.name) for each in tables]
        pending = _pending(bronze, fates, replay=replay)
        if lake.exists(TOMBSTONES.name):
            pending, erased = erased_quarantine(pending, entity)
            lake.upsert(L.QUARANTINE, erased.localCheckpoint())
        needed = list(columns_read(ctx, entity))
        judged = judge(pending, mapping, needed, table, source.timezone, source.phone_region)
        # Checkpointed and not cached: Spark computes a cached frame anew once a table that it was
        # made from is written, and these tables are written below.
        judged = judged.localCheckpoint()
        records = judged.count()
        log.info("    %s records %s", f"{records:,}", "again" if replay else "without a fate yet")
        if records:
            accepted, late = _look_again(ctx, entity, good(judged), fates[0])
            stored = [fate.select(*tables[0].names) for fate in fates[:2]]
            known = reduce(DataFrame.unionByName, stored)
            touched = known.join(accepted.select(*table.key), list(table.key), "left_semi")
            ranked = rank_versions(accepted, touched, table).localCheckpoint()
            resolution = resolve(ranked, entity, table)
            refused = Q.quarantined(bad(judged), entity)
            late_ids = reduce(DataFrame.unionByName, [*late, resolution.conflicts])
            late_ids = late_ids.localCheckpoint()
            if not late_ids.isEmpty():
                fetched = Q.with_raw(bronze, late_ids)
                refused = refused.unionByName(Q.quarantined(fetched, entity))
            _write(ctx, table, resolution, refused, judged, replay=replay)


def _pending(bronze: DataFrame, fates: list[DataFrame], *, replay: bool) -> DataFrame:
    """The records without a fate; in a replay also those in quarantine."""
    kept = F.col(L.STATE) == Q.ERASED if replay else F.col(L.STATE) != Q.RELEASED
    settled = [*fates[:3], fates[3].where(kept)]
    ids = reduce(DataFrame.unionByName, [fate.select(L.RECORD_ID) for fate in settled])
    return bronze.join(ids, L.RECORD_ID, "left_anti")


def _look_again(
    ctx: Context, entity: str, rows: DataFrame, stored: DataFrame
) -> tuple[DataFrame, list[DataFrame]]:
    """Ask what needs other tables: rates and parents. Return what stays and what is refused."""
    table, source, late = ENTITIES[entity], ctx.source, []
    if entity == "transactions" and source.currency:
        check_stored_currency(stored, source.currency, source.name)
        rates = read_rates(source.rates, source.currency) if source.rates else []
        rows, without_rate = convert(rows, source.currency, ctx.lake.frame(RATES, rates))
        late.append(without_rate)
    elif entity == "transactions":
        both = rows.select(CURRENCY).unionByName(stored.select(CURRENCY))
        check_one_currency(both, source.name)
    pointed_to = {reference.entity for reference in table.references} & set(source.with_files)
    parents = {name: ctx.lake.read(ENTITIES[name].name) for name in pointed_to}
    unknown = orphans(rows, table, parents)
    if unknown is not None:
        unknown = unknown.localCheckpoint()
        late.append(unknown)
        rows = rows.join(unknown, L.RECORD_ID, "left_anti")
    return accept(rows, table), late


def _write(
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
    refused = refused.localCheckpoint()
    if replay:
        held = lake.read(L.QUARANTINE.name)
        released = Q.let_go(held, judged.join(refused, L.RECORD_ID, "left_anti"), ctx.now)
        refused = Q.changed(refused, held).unionByName(released).localCheckpoint()
    lake.upsert(L.QUARANTINE, refused)
    lake.append_unless_empty(L.DUPLICATES, resolution.duplicates)
    lake.upsert(L.history_table(table), resolution.history)
    lake.upsert(L.silver_table(table), resolution.current)
