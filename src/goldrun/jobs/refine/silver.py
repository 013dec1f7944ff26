"""Refine the bronze records that have no fate yet: silver, history, duplicates, quarantine."""

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import EntityMapping
from goldrun.jobs.context import Context, step
from goldrun.jobs.refine.refine import Refined, refine
from goldrun.jobs.source import columns_read
from goldrun.jobs.time_zone import check_zone, keep_zone
from goldrun.medallion.accounting import Accounting, account
from goldrun.medallion.customers import derive_customers


def run(ctx: Context, *, replay: bool = False) -> dict[str, Refined]:
    """Refine every entity that has files, parents first, then derive customers if need be.

    Args:
        ctx: The context.
        replay: Judge the records in quarantine again: a rule was changed, or a parent has come.

    Returns:
        What became of the records, by entity.
    """
    refined = {}
    # A source that declares no zone reads no time in one: it may still declare one.
    if ctx.source.timezone is None:
        check_zone(ctx)
    else:
        keep_zone(ctx)
    for entity in ctx.source.with_files:
        with step(f"silver: {entity}"):
            refined[entity] = refine(ctx, entity, replay=replay)
    derive(ctx)
    return refined


def _derived_customers(ctx: Context) -> EntityMapping | None:
    """The mapping to derive customers by; None when the source has a customers file.

    Their times have the pattern of the transactions, whose files they are read from, unless the
    customers have one of their own.
    """
    mapping = ctx.source.entities.get("customers") or EntityMapping.model_validate(
        {"from": "transactions"}
    )
    if not mapping.derived_from:
        return None
    pattern = ctx.source.entities["transactions"].timestamp_format
    return mapping.model_copy(update={"timestamp_format": mapping.timestamp_format or pattern})


def derive(ctx: Context) -> None:
    """Make the customers of their transactions, where the source has no file of them."""
    mapping = _derived_customers(ctx)
    if mapping is None:
        return
    with step("silver: customers, from their transactions"), ctx.lake.writing(CUSTOMERS.name):
        customers = derive_customers(
            ctx.lake.read(TRANSACTIONS.name),
            ctx.lake.read(lineage.bronze_table("transactions").name),
            mapping,
            list(columns_read(ctx, "transactions")),
            ctx.source.timezone,
            ctx.source.phone_region,
        )
        ctx.lake.replace(CUSTOMERS, customers)


def accounts(ctx: Context) -> dict[str, Accounting]:
    """Follow the records of every entity that has files to their fates."""
    lake = ctx.lake
    return {
        entity: account(
            lake.read(lineage.bronze_table(entity).name),
            lake.read_or_empty(lineage.silver_table(ENTITIES[entity])),
            lake.read_or_empty(lineage.history_table(ENTITIES[entity])),
            lake.read_or_empty(lineage.DUPLICATES),
            lake.read_or_empty(lineage.QUARANTINE),
            entity,
        )
        for entity in ctx.source.with_files
    }
