"""Refine all entities of a source: silver, history, duplicates, quarantine."""

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.source import Source
from goldrun.io.delta.lake import Lake
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.refine.old_types import continue_old_types
from goldrun.jobs.refine.refine import refine
from goldrun.jobs.refine.remap import remap_records
from goldrun.jobs.refine.tables import fate_table_names, read_fates
from goldrun.jobs.time_zone import (
    begin_remap,
    end_remap,
    is_remap_pending,
    keep_zone,
)
from goldrun.medallion.accounting import Accounting, account
from goldrun.medallion.customers import (
    derive_customers,
    derive_unknown,
    derived_mapping,
    is_derived,
)
from goldrun.medallion.refinement import Refined
from goldrun.medallion.source_columns import columns_read


def run(ctx: Context, *, replay: bool = False, remap: bool = False) -> dict[str, Refined]:
    """Refine every entity that has files, parents first, then derive customers if needed.

    Args:
        ctx: The context.
        replay: Whether to validate the records in quarantine again, because a rule, the mapping
            or a parent table has changed.
        remap: Whether to validate all records again, because settings of the source or a contract
            have changed. This is done too if it was begun and not completed, or if records of
            bronze were replaced.

    Returns:
        How many records have which fate, by entity.
    """
    continue_old_types(ctx)
    if remap or is_remap_pending(ctx):
        return _remap(ctx)
    # A source that declares no zone reads no time in one: it may still declare one.
    if ctx.source.timezone is not None:
        keep_zone(ctx)
    refined = {}
    for entity in ctx.source.with_files:
        with step(f"silver: {entity}"):
            refined[entity] = refine(ctx, entity, replay=replay)
    derive(ctx.lake, ctx.source)
    return refined


def _remap(ctx: Context) -> dict[str, Refined]:
    """Validate all records again, and replace the rows of silver by the result.

    The mark that this has begun is removed last, so that the next run completes it after a stop.
    """
    refined, entities = {}, ctx.source.with_files
    # Bronze too: records that are replaced meanwhile would count as validated.
    tables = [lineage.bronze_table(entity).name for entity in entities]
    with ctx.lake.writing(*tables, *fate_table_names(entities), CUSTOMERS.name):
        begin_remap(ctx)
        for entity in entities:
            with step(f"silver: {entity}, all records again"):
                refined[entity] = remap_records(ctx, entity)
        derive(ctx.lake, ctx.source)
        end_remap(ctx)
    return refined


def derive(lake: Lake, source: Source) -> None:
    """Derive the customers who are in no customers file from the transactions."""
    mapping = derived_mapping(source)
    if mapping is None and not source.derives_unknown and not _has_derived(lake):
        return
    with step("silver: customers, from their transactions"), lake.writing(CUSTOMERS.name):
        if mapping is None:
            _derive_unknown(lake, source)
            return
        customers = derive_customers(
            lake.read(TRANSACTIONS.name),
            lake.read(lineage.bronze_table("transactions").name),
            mapping,
            list(columns_read(source, "transactions")),
            source.timezone,
            source.phone_region,
        )
        lake.replace(CUSTOMERS, customers)


def _has_derived(lake: Lake) -> bool:
    stored = lake.read_or_empty(lineage.silver_table(CUSTOMERS))
    return not stored.where(is_derived()).isEmpty()


def _derive_unknown(lake: Lake, source: Source) -> None:
    """Replace the derived customers of a shop with customers files, by the differences.

    Customers of transactions that were accepted before ``unknown_customers`` was set to
    ``quarantine`` stay, until all records are validated again.
    """
    table = lineage.silver_table(CUSTOMERS)
    stored = lake.read_or_empty(table)
    transactions = lake.read_or_empty(lineage.silver_table(TRANSACTIONS))
    unknown = derive_unknown(transactions, stored.where(~is_derived()))
    replaced = lake.replace_rows(table, unknown, stored.where(is_derived()))
    if replaced is not None:
        count = lake.read(table.name).where(is_derived()).count()
        log.info("    %s customers are in no customers file", f"{count:,}")


def accounts(ctx: Context) -> dict[str, Accounting]:
    """Find the fates of the records of every entity that has files."""
    lake = ctx.lake
    return {
        entity: account(lake.read(lineage.bronze_table(entity).name), read_fates(lake, entity))
        for entity in ctx.source.with_files
    }
