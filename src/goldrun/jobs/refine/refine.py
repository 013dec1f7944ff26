"""Refine the pending records of one entity: silver, history, duplicates, quarantine."""

from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.contracts.source import Source
from goldrun.io.delta.lake import Lake
from goldrun.jobs.context import Context, log
from goldrun.jobs.refine.batches import completed_batches, mark_complete, reset
from goldrun.jobs.refine.mappings import record_settings
from goldrun.jobs.refine.tables import (
    create_fate_tables,
    fate_table_names,
    read_fates,
    read_related,
    write_fates,
)
from goldrun.medallion.batches import incomplete_batches, pending_records
from goldrun.medallion.bronze import Batch, check_one_source
from goldrun.medallion.refinement import (
    Refined,
    RefinementInput,
    refine_records,
    separate_erased,
)
from goldrun.medallion.source_columns import columns_read
from goldrun.medallion.unique_keys import describe_keys
from goldrun.medallion.validation import validate_records


def refine(
    ctx: Context, entity: str, *, replay: bool = False, batch: Batch | None = None
) -> Refined:
    """Give each pending record of an entity a fate, and write the fates.

    Args:
        ctx: The context.
        entity: Name of the entity.
        replay: Whether records in open quarantine are pending too.
        batch: The batch of all pending records, if it is known: the caller has held the locks
            of the entity's tables since before the batch was written to bronze.

    Raises:
        SettingsError: The lake has records of another source.
        SourceError: Money in several currencies can't be added up.
    """
    lake, source = ctx.lake, ctx.source
    bronze = lake.read(lineage.bronze_table(entity).name)
    if batch is None:
        check_one_source(bronze, source.name, lake.root)
    with lake.writing(*fate_table_names([entity])):
        create_fate_tables(lake, entity)
        if batch is None:
            return _refine_incomplete(lake, source, entity, bronze, ctx.now, replay=replay)
        pending = bronze.where(F.col(lineage.BATCH_ID) == batch.batch_id)
        fates, related = read_fates(lake, entity), read_related(lake, source, entity)
        given = RefinementInput(pending, bronze, fates, related, new=True)
        return _refine_pending(lake, source, entity, given, ctx.now)


def _refine_incomplete(
    lake: Lake, source: Source, entity: str, bronze: DataFrame, now: datetime, *, replay: bool
) -> Refined:
    """Refine the pending records of all batches that are not complete."""
    if replay:
        reset(lake, entity)
    fates = read_fates(lake, entity)
    batches = incomplete_batches(bronze, fates, completed_batches(lake, entity))
    pending = pending_records(bronze, fates, batches, replay=replay)
    # Only ids are computed here: to plan the rules for no record takes most of a short run.
    if pending.select(lineage.RECORD_ID).isEmpty():
        # Raises for an expression that can't be used, as with records.
        columns_read(source, entity)
        log.info("    no record without a fate")
        refined = Refined()
    else:
        given = RefinementInput(pending, bronze, fates, read_related(lake, source, entity))
        refined = _refine_pending(lake, source, entity, given, now, replay=replay)
    mark_complete(lake, entity, batches, now)
    return refined


def _refine_pending(
    lake: Lake,
    source: Source,
    entity: str,
    given: RefinementInput,
    now: datetime,
    *,
    replay: bool = False,
) -> Refined:
    """Validate pending records, decide their fates and write them."""
    if lake.exists(TOMBSTONES.name):
        given = separate_erased(given, entity)
    validated = validate_records(given.pending, source, entity)
    records = validated.count() + (given.erased.count() if given.erased is not None else 0)
    if not given.new:
        log.info("    %s records %s", f"{records:,}", "again" if replay else "without a fate yet")
    if not records:
        return Refined()
    refinement = refine_records(validated, given, source, entity)
    # A stream records its settings when it starts; exchange rates may change while it runs.
    if not given.new or source.rates:
        record_settings(lake, source, entity, given.fates, given.pending, now)
    write_fates(lake, entity, refinement, now, replay=replay)
    refined = refinement.counts(records)
    if not_unique := refined.rejected.get(KEY_NOT_UNIQUE):
        table, keys = ENTITIES[entity], refinement.resolution.rejected_keys
        log.warning("    %s: %s", table.name, describe_keys(table, keys, not_unique))
    return refined
