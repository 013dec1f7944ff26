"""Which records of an entity are good, by what they say and by what other tables say of them."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CURRENCY
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.rates import RATES
from goldrun.io.sources.rates import read_rates
from goldrun.jobs.context import Context
from goldrun.jobs.source import columns_read
from goldrun.medallion import quarantine
from goldrun.medallion.currency import check_one_currency, check_stored_currency, convert
from goldrun.medallion.references import without_parent
from goldrun.medallion.silver import rejected, validate


def validate_records(ctx: Context, entity: str, pending: DataFrame) -> DataFrame:
    """Parse the records of an entity and judge each by the rules that need no other row."""
    source = ctx.source
    needed = list(columns_read(ctx, entity))
    mapping, table = source.with_files[entity], ENTITIES[entity]
    rows = validate(pending, mapping, needed, table, source.timezone, source.phone_region)
    # Checkpointed and not cached: Spark computes a cached frame anew once a table that it was
    # made from is written, and these tables are written afterwards.
    return rows.localCheckpoint()


def check_references_and_rates(
    ctx: Context, entity: str, rows: DataFrame, stored: DataFrame, *, new: bool
) -> tuple[DataFrame, list[DataFrame]]:
    """Ask what needs other tables: rates and parents. Return what stays and what is refused.

    Of a lake whose stored rows were looked at before, ``new`` rows are all there is to check.
    """
    table, source, late = ENTITIES[entity], ctx.source, []
    if entity == "transactions" and source.currency:
        if not new:
            check_stored_currency(stored, source.currency, source.name)
        rates = read_rates(source.rates, source.currency) if source.rates else []
        rows, without_rate = convert(
            rows, source.currency, ctx.lake.frame(RATES, rates), source.zone
        )
        late.append(without_rate)
    elif entity == "transactions":
        one = stored.where(F.col(CURRENCY).isNotNull()).select(CURRENCY)
        both = rows.select(CURRENCY).unionByName(one.limit(1) if new else one)
        check_one_currency(both, source.name)
    pointed_to = {reference.entity for reference in table.references} & set(source.with_files)
    parents = {name: ctx.lake.read(ENTITIES[name].name) for name in pointed_to}
    unknown = without_parent(rows, table, parents)
    if unknown is not None:
        unknown = unknown.localCheckpoint()
        late.append(unknown)
        rows = rows.join(unknown, lineage.RECORD_ID, "left_anti")
    return rows, late


def rejected_rows(
    entity: str, validated: DataFrame, raw: tuple[DataFrame, DataFrame], late: Sequence[DataFrame]
) -> DataFrame:
    """All that is refused, for what it says or for what others say.

    The raw text is looked for in the pending records; in all of bronze only when a row that was
    stored before has lost its place.
    """
    pending, bronze = raw
    refused = quarantine.quarantined(rejected(validated), entity)
    # Of one type, whether or not a reason may be null, or Sail would refuse to keep them.
    reasons = F.col(lineage.REASONS).cast(lineage.QUARANTINE.column(lineage.REASONS).type)
    late_ids = (
        reduce(DataFrame.unionByName, late).withColumn(lineage.REASONS, reasons).localCheckpoint()
    )
    if not late_ids.isEmpty():
        displaced = not late_ids.join(validated, lineage.RECORD_ID, "left_anti").isEmpty()
        found = quarantine.with_raw(bronze if displaced else pending, late_ids)
        refused = refused.unionByName(quarantine.quarantined(found, entity))
    return refused.localCheckpoint()
