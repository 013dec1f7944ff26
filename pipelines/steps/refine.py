"""Bronze records to their fates: silver, history, duplicates, quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import CURRENCY
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.rates import RATES
from goldrun.contracts.table import Table
from goldrun.io.rates import read_rates
from goldrun.medallion import quarantine as Q
from goldrun.medallion.bronze import Batch
from goldrun.medallion.currency import check_one_currency, check_stored_currency, convert
from goldrun.medallion.erasure import erased_quarantine
from goldrun.medallion.lookup import few_in_memory, rows_of
from goldrun.medallion.references import orphans
from goldrun.medallion.silver import accept, bad, good, judge
from goldrun.medallion.versions import Resolution, rank_versions, repeated_keys, resolve
from pipelines.steps.context import Context, log
from pipelines.steps.settled import reopen, settle, unsettled, without_fate
from pipelines.steps.source import check_one_source, columns_read


@dataclass(frozen=True)
class Refined:
    """What became of some records.

    Attributes:
        records: How many there were.
        refused: How many broke each rule; a record may break several.
        quarantined: How many were refused.
        duplicates: How many repeat another one.
    """

    records: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0
    duplicates: int = 0


def tables_of_fates(ctx: Context) -> list[str]:
    """Names of the tables in which the records of a source have their fates."""
    names = {L.DUPLICATES.name, L.QUARANTINE.name}
    for entity in ctx.source.landed:
        names |= {each.name for each in _fates(ENTITIES[entity])}
    return sorted(names)


def _fates(table: Table) -> tuple[Table, ...]:
    return L.silver_table(table), L.history_table(table), L.DUPLICATES, L.QUARANTINE


def refine(
    ctx: Context, entity: str, *, replay: bool = False, batch: Batch | None = None
) -> Refined:
    """Give every record of an entity that has no fate its fate.

    Args:
        ctx: The context.
        entity: Name of the entity.
        replay: Whether records in open quarantine are judged again.
        batch: The ingestion that brought them, when it is known that no other did: the caller
            has kept others from giving fates since before bronze had them.
    """
    lake = ctx.lake
    tables = _fates(ENTITIES[entity])
    bronze = lake.read(L.bronze_table(entity).name)
    if batch is None:
        check_one_source(ctx, bronze)
    with lake.writing(*(each.name for each in tables)):
        for each in tables:
            lake.create(each)
        fates = [lake.read(each.name) for each in tables]
        if batch is not None:
            pending = bronze.where(F.col(L.BATCH_ID) == batch.batch_id)
            return _give_fates(ctx, entity, (pending, bronze), fates, new=True)
        if replay:
            reopen(ctx, entity)
        open_batches = unsettled(ctx, entity, bronze, fates)
        pending = without_fate(bronze, fates, open_batches, replay=replay)
        # Asked of the ids alone: to plan the rules for nothing is most of a start.
        if pending.select(L.RECORD_ID).isEmpty():
            # An expression that can't be used is told all the same.
            columns_read(ctx, entity)
            log.info("    no record without a fate")
            refined = Refined()
        else:
            refined = _give_fates(ctx, entity, (pending, bronze), fates, replay=replay)
        settle(ctx, entity, open_batches)
        return refined


def _give_fates(
    ctx: Context,
    entity: str,
    raw: tuple[DataFrame, DataFrame],
    fates: Sequence[DataFrame],
    *,
    replay: bool = False,
    new: bool = False,
) -> Refined:
    """Judge the pending records, the first of ``raw``, and write what they become."""
    pending, bronze = raw
    erased: list[DataFrame] = []
    if ctx.lake.exists(TOMBSTONES.name):
        pending, theirs = erased_quarantine(pending, entity)
        erased.append(theirs.localCheckpoint())
        ctx.lake.upsert(L.QUARANTINE, erased[0])
    judged = _judged(ctx, entity, pending)
    records = sum(part.count() for part in (judged, *erased))
    if not new:
        log.info("    %s records %s", f"{records:,}", "again" if replay else "without a fate yet")
    if not records:
        return Refined()
    rows, late = _look_again(ctx, entity, good(judged), fates[0], new=new)
    resolution = _resolved(entity, rows, fates)
    refused = _refused(entity, judged, (pending, bronze), [*late, resolution.conflicts])
    _write(ctx, ENTITIES[entity], resolution, refused, judged, replay=replay)
    return _counted(records, [*erased, refused], resolution)


def _judged(ctx: Context, entity: str, pending: DataFrame) -> DataFrame:
    source = ctx.source
    needed = list(columns_read(ctx, entity))
    mapping, table = source.landed[entity], ENTITIES[entity]
    judged = judge(pending, mapping, needed, table, source.timezone, source.phone_region)
    # Checkpointed and not cached: Spark computes a cached frame anew once a table that it was
    # made from is written, and these tables are written afterwards.
    return judged.localCheckpoint()


def _resolved(entity: str, rows: DataFrame, fates: Sequence[DataFrame]) -> Resolution:
    table = ENTITIES[entity]
    names, key = L.silver_table(table).names, list(table.key)
    stored = fates[0].select(*names).unionByName(fates[1].select(*names))
    # Read twice, and from tables that are written afterwards.
    known = rows_of(stored, rows, key).localCheckpoint()
    repeated = repeated_keys(rows, known, table).localCheckpoint()
    repeated = few_in_memory(repeated, repeated.count())
    # Hashed after they are parted: else each row would be hashed for both parts.
    several = accept(rows.join(repeated, key, "left_semi"), table)
    ranked = rank_versions(several, known, table)
    resolution = resolve(ranked.localCheckpoint(), entity, table)
    alone = accept(rows.join(repeated, key, "left_anti"), table).select(*names)
    return replace(resolution, current=resolution.current.unionByName(alone))


def _refused(
    entity: str, judged: DataFrame, raw: tuple[DataFrame, DataFrame], late: Sequence[DataFrame]
) -> DataFrame:
    """All that is refused, for what it says or for what others say.

    The raw text is looked for in the pending records; in all of bronze only when a row that was
    stored before has lost its place.
    """
    pending, bronze = raw
    refused = Q.quarantined(bad(judged), entity)
    # Of one type, whether or not a reason may be null, or Sail would refuse to keep them.
    reasons = F.col(L.REASONS).cast(L.QUARANTINE.column(L.REASONS).type)
    late_ids = reduce(DataFrame.unionByName, late).withColumn(L.REASONS, reasons).localCheckpoint()
    if not late_ids.isEmpty():
        displaced = not late_ids.join(judged, L.RECORD_ID, "left_anti").isEmpty()
        found = Q.with_raw(bronze if displaced else pending, late_ids)
        refused = refused.unionByName(Q.quarantined(found, entity))
    return refused.localCheckpoint()


def _counted(records: int, refused: Sequence[DataFrame], resolution: Resolution) -> Refined:
    rules: Counter[str] = Counter()
    quarantined = 0
    for part in refused:
        for row in part.groupBy(L.REASONS).agg(F.count("*").alias("n")).collect():
            quarantined += row["n"]
            rules.update(dict.fromkeys(row[L.REASONS], row["n"]))
    return Refined(records, rules, quarantined, resolution.duplicates.count())


def _look_again(
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
        rows, without_rate = convert(rows, source.currency, ctx.lake.frame(RATES, rates))
        late.append(without_rate)
    elif entity == "transactions":
        one = stored.where(F.col(CURRENCY).isNotNull()).select(CURRENCY)
        both = rows.select(CURRENCY).unionByName(one.limit(1) if new else one)
        check_one_currency(both, source.name)
    pointed_to = {reference.entity for reference in table.references} & set(source.landed)
    parents = {name: ctx.lake.read(ENTITIES[name].name) for name in pointed_to}
    unknown = orphans(rows, table, parents)
    if unknown is not None:
        unknown = unknown.localCheckpoint()
        late.append(unknown)
        rows = rows.join(unknown, L.RECORD_ID, "left_anti")
    return rows, late


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
    if replay:
        held = lake.read(L.QUARANTINE.name)
        released = Q.let_go(held, judged.join(refused, L.RECORD_ID, "left_anti"), ctx.now)
        refused = Q.changed(refused, held).unionByName(released).localCheckpoint()
    lake.upsert(L.QUARANTINE, refused)
    lake.append_unless_empty(L.DUPLICATES, resolution.duplicates)
    lake.upsert(L.history_table(table), resolution.history)
    lake.upsert(L.silver_table(table), resolution.current)
