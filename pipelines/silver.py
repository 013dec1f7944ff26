"""Refine the bronze records that have no fate yet: silver, history, duplicates, quarantine."""

import argparse
import sys
from functools import reduce

from pyspark.sql import DataFrame

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import CUSTOMERS, ENTITIES, TRANSACTIONS
from goldrun.contracts.source import EntityMapping
from goldrun.contracts.table import Table
from goldrun.medallion.accounting import Accounting, account
from goldrun.medallion.customers import derive_customers
from goldrun.medallion.silver import judge, refine
from goldrun.medallion.versions import rank_versions, resolve
from pipelines._command import Context, log, parser, run_script, step
from pipelines.bronze import check_one_source, columns_read


def run(ctx: Context) -> None:
    """Refine every entity that has files, then derive those that have none."""
    for entity, mapping in ctx.source.entities.items():
        if mapping.path is not None:
            with step(f"silver: {entity}"):
                _refine(ctx, entity, mapping, ENTITIES[entity])
    if derived := _derived_customers(ctx):
        with step("silver: customers, from their transactions"):
            _derive(ctx, derived)


def _refine(ctx: Context, entity: str, mapping: EntityMapping, table: Table) -> None:
    lake = ctx.lake
    current, history = L.silver_table(table), L.history_table(table)
    bronze = lake.read(L.bronze_table(entity).name)
    check_one_source(ctx, bronze)
    with lake.writing(current.name, history.name, L.DUPLICATES.name, L.QUARANTINE.name):
        tables = (current, history, L.DUPLICATES, L.QUARANTINE)
        for each in tables:
            lake.create(each)
        fates = [lake.read(each.name) for each in tables]
        settled = reduce(DataFrame.unionByName, [fate.select(L.RECORD_ID) for fate in fates])
        pending = bronze.join(settled, L.RECORD_ID, "left_anti")
        judged = judge(
            pending, mapping, list(columns_read(ctx, entity)), table, ctx.source.timezone
        )
        # Checkpointed and not cached: Spark computes a cached frame anew once a table that it was
        # made from is written, and these tables are written below.
        judged = judged.localCheckpoint()
        records = judged.count()
        log.info("    %s records without a fate yet", f"{records:,}")
        if records:
            refined = refine(judged, entity, table)
            stored = [fate.select(*current.names) for fate in fates[:2]]
            known = reduce(DataFrame.unionByName, stored)
            touched = known.join(refined.accepted.select(*table.key), list(table.key), "left_semi")
            ranked = rank_versions(refined.accepted, touched, table).localCheckpoint()
            resolution = resolve(ranked, entity, table)
            # Silver comes last: a record that a stop leaves without a fate is pending next time.
            lake.append_unless_empty(L.QUARANTINE, refined.quarantine)
            lake.append_unless_empty(L.DUPLICATES, resolution.duplicates)
            lake.upsert(history, resolution.history)
            lake.upsert(current, resolution.current)


def _derived_customers(ctx: Context) -> EntityMapping | None:
    """The mapping to derive customers by; None when the source has a customers file."""
    mapping = ctx.source.entities.get("customers") or EntityMapping.model_validate(
        {"from": "transactions"}
    )
    return mapping if mapping.derived_from else None


def _derive(ctx: Context, mapping: EntityMapping) -> None:
    with ctx.lake.writing(CUSTOMERS.name):
        customers = derive_customers(
            ctx.lake.read(TRANSACTIONS.name),
            ctx.lake.read("bronze/transactions"),
            mapping.columns,
            list(columns_read(ctx, "transactions")),
        )
        ctx.lake.replace(CUSTOMERS, customers)


def accounts(ctx: Context) -> dict[str, Accounting]:
    """Follow the records of every entity that has files to their fates."""
    lake = ctx.lake
    return {
        entity: account(
            lake.read(f"bronze/{entity}"),
            lake.read_or_empty(L.silver_table(ENTITIES[entity])),
            lake.read_or_empty(L.history_table(ENTITIES[entity])),
            lake.read_or_empty(L.DUPLICATES),
            lake.read_or_empty(L.QUARANTINE),
            entity,
        )
        for entity, mapping in ctx.source.entities.items()
        if mapping.path is not None
    }


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    return parser(__doc__)


if __name__ == "__main__":
    sys.exit(run_script(options(), lambda ctx, _: run(ctx), "silver"))
