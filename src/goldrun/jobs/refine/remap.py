"""Validate all records of an entity again, and replace their fates."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.jobs.context import Context, log
from goldrun.jobs.erased_records import redact_erased
from goldrun.jobs.refine import mappings
from goldrun.jobs.refine.batches import mark_complete
from goldrun.jobs.refine.tables import (
    create_fate_tables,
    read_fates,
    read_related,
    replace_fates,
)
from goldrun.medallion.batches import records_by_batch
from goldrun.medallion.bronze import check_one_source
from goldrun.medallion.erasure import is_erased
from goldrun.medallion.quarantine import ERASED
from goldrun.medallion.refinement import (
    Refined,
    RefinementInput,
    refine_records,
    separate_erased,
)
from goldrun.medallion.validation import validate_records


def remap_records(ctx: Context, entity: str) -> Refined:
    """Decide the fates of all records of an entity, as a build from bronze would.

    Records of erased persons stay erased. All other fates are replaced, also those of records
    that a replay has released. The caller has locked the tables.

    Args:
        ctx: The context.
        entity: Name of the entity; its parents have been validated again.

    Raises:
        SettingsError: The lake has records of another source.
        SourceError: Money in several currencies can't be added up; no fate is changed.
    """
    lake, source = ctx.lake, ctx.source
    check_one_source(lake.read(lineage.bronze_table(entity).name), source.name, lake.root)
    _redact_again(ctx, entity)
    bronze = lake.read(lineage.bronze_table(entity).name)
    create_fate_tables(lake, entity)
    erased = _erased_fates(ctx, entity, bronze)
    pending = bronze.join(erased.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_anti")
    nothing = read_fates(lake, entity).limit(0)
    given = RefinementInput(pending, bronze, nothing, read_related(lake, source, entity))
    if lake.exists(TOMBSTONES.name):
        given = separate_erased(given, entity)
    validated = validate_records(given.pending, source, entity)
    refinement = refine_records(validated, given, source, entity)
    refined = refinement.counts(validated.count())
    replace_fates(lake, entity, refinement, erased)
    mappings.record_all(lake, source, entity, ctx.now)
    mark_complete(lake, entity, records_by_batch(bronze), ctx.now)
    log.info("    %s records", f"{refined.records:,}")
    return refined


def _erased_fates(ctx: Context, entity: str, bronze: DataFrame) -> DataFrame:
    """Return the rows of quarantine of the erased records that bronze still has."""
    stored = read_fates(ctx.lake, entity).quarantine.where(F.col(lineage.STATE) == ERASED)
    known = bronze.select(lineage.RECORD_ID)
    return stored.join(known, lineage.RECORD_ID, "left_semi").localCheckpoint()


def _redact_again(ctx: Context, entity: str) -> None:
    """Remove the text of records that belong to erased persons by the current mapping."""
    if not ctx.lake.exists(TOMBSTONES.name):
        return
    table = lineage.bronze_table(entity)
    readable = ctx.lake.read(table.name).where(~is_erased())
    emptied = redact_erased(ctx, entity, readable).where(is_erased())
    if count := emptied.count():
        with ctx.lake.writing(table.name):
            ctx.lake.upsert(table, emptied)
        log.warning(
            "    %s: %s records belong to erased persons by the current mapping and are emptied: "
            "erase these persons again to remove the text from old files",
            *(entity, f"{count:,}"),
        )
