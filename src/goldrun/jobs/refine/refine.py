"""Bronze records to their fates: silver, history, duplicates, quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.erasure import TOMBSTONES
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_NOT_UNIQUE
from goldrun.jobs.context import Context, log
from goldrun.jobs.refine.batches import incomplete_batches, mark_complete, pending_records, reset
from goldrun.jobs.refine.fates import fates_of, write_fates
from goldrun.jobs.refine.keys import reset_records, warn_of_keys
from goldrun.jobs.refine.validation import (
    check_references_and_rates,
    rejected_rows,
    validate_records,
)
from goldrun.jobs.source import check_one_source, columns_read
from goldrun.medallion.bronze import Batch
from goldrun.medallion.erasure import erased_quarantine
from goldrun.medallion.out_of_order import FIRST, out_of_turn, records_out_of_turn
from goldrun.medallion.silver import accepted, with_content_hash
from goldrun.medallion.stored_rows import few_in_memory, rows_of
from goldrun.medallion.versions import Resolution, rank_versions, repeated_keys, resolve


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

    def __add__(self, other: "Refined") -> "Refined":
        """Count the records of both."""
        return Refined(
            self.records + other.records,
            Counter(self.refused) + Counter(other.refused),
            self.quarantined + other.quarantined,
            self.duplicates + other.duplicates,
        )


def refine(
    ctx: Context, entity: str, *, replay: bool = False, batch: Batch | None = None
) -> Refined:
    """Give every record of an entity that has no fate its fate.

    Args:
        ctx: The context.
        entity: Name of the entity.
        replay: Whether records in open quarantine are validated again.
        batch: The ingestion that brought them, when it is known that no other did: the caller
            has kept others from giving fates since before bronze had them.
    """
    lake = ctx.lake
    tables = fates_of(ENTITIES[entity])
    bronze = lake.read(lineage.bronze_table(entity).name)
    if batch is None:
        check_one_source(ctx, bronze)
    with lake.writing(*(each.name for each in tables)):
        for each in tables:
            lake.create(each)
        fates = [lake.read(each.name) for each in tables]
        if batch is not None:
            pending = bronze.where(F.col(lineage.BATCH_ID) == batch.batch_id)
            return _give_fates(ctx, entity, (pending, bronze), fates, new=True)
        if replay:
            reset(ctx, entity)
        open_batches = incomplete_batches(ctx, entity, bronze, fates)
        pending = pending_records(bronze, fates, open_batches, replay=replay)
        # Asked of the ids alone: to plan the rules for nothing is most of a start.
        if pending.select(lineage.RECORD_ID).isEmpty():
            # An expression that can't be used is told all the same.
            columns_read(ctx, entity)
            log.info("    no record without a fate")
            refined = Refined()
        else:
            refined = _give_fates(ctx, entity, (pending, bronze), fates, replay=replay)
        mark_complete(ctx, entity, open_batches)
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
        ctx.lake.upsert(lineage.QUARANTINE, erased[0])
    validated = validate_records(ctx, entity, pending)
    records = sum(part.count() for part in (validated, *erased))
    if not new:
        log.info("    %s records %s", f"{records:,}", "again" if replay else "without a fate yet")
    if not records:
        return Refined()
    rows, late = check_references_and_rates(ctx, entity, accepted(validated), fates[0], new=new)
    repeated = _repeated(entity, rows, fates)
    while repeated.out_of_turn is not None:
        ids = validated.select(lineage.RECORD_ID).unionByName(
            reset_records(ctx, entity, fates, repeated.out_of_turn)
        )
        pending = bronze.join(ids.localCheckpoint(), lineage.RECORD_ID, "left_semi")
        fates = [ctx.lake.read(each.name) for each in fates_of(ENTITIES[entity])]
        validated = validate_records(ctx, entity, pending)
        rows, late = check_references_and_rates(ctx, entity, accepted(validated), fates[0], new=new)
        repeated = _repeated(entity, rows, fates)
    resolution = _resolved(ctx, entity, rows, repeated)
    refused = rejected_rows(entity, validated, (pending, bronze), [*late, resolution.conflicts])
    write_fates(ctx, ENTITIES[entity], resolution, refused, validated, replay=replay)
    counted = _counted(records, [*erased, refused], resolution)
    if counted.refused.get(KEY_NOT_UNIQUE):
        warn_of_keys(ENTITIES[entity], resolution.refused_keys, counted.refused[KEY_NOT_UNIQUE])
    return counted


@dataclass(frozen=True)
class _Repeated:
    """The keys that stand in more than one row.

    Attributes:
        keys: Result of ``repeated_keys``.
        known: Rows of silver and of its history, for at least these keys.
        out_of_turn: ``record_id`` of all incoming and known rows of the keys of which a stored
            record was ingested with or after a pending one; None where there is no such key.
    """

    keys: DataFrame
    known: DataFrame
    out_of_turn: DataFrame | None = None


def _repeated(entity: str, rows: DataFrame, fates: Sequence[DataFrame]) -> _Repeated:
    table = ENTITIES[entity]
    names, key = lineage.silver_table(table).names, list(table.key)
    no_end = F.lit(None).cast("timestamp").alias(lineage.VALID_TO)
    stored = fates[0].select(*names, no_end).unionByName(fates[1].select(*names, lineage.VALID_TO))
    # Read twice, and from tables that are written afterwards.
    known = rows_of(stored, rows, key).localCheckpoint()
    repeated = repeated_keys(rows, known, table).localCheckpoint()
    found = repeated.agg(F.count("*"), F.count_if(out_of_turn()), F.min(FIRST)).collect()[0]
    many, late, first = found
    repeated = few_in_memory(repeated, many)
    if table.immutable_since or not many:
        return _Repeated(repeated, known)
    # Of a batch that is later than all others there are none, as the statistics of files show.
    theirs = F.col(lineage.ENTITY) == entity
    duplicates = fates[2].where(theirs & (F.col(lineage.BATCH_ID) >= F.lit(first)))
    if not late and duplicates.isEmpty():
        return _Repeated(repeated, known)
    several = rows.join(repeated, key, "left_semi").select(*key, lineage.RECORD_ID)
    records = several.unionByName(known.select(*key, lineage.RECORD_ID))
    ids = records_out_of_turn(repeated, records, duplicates, table).localCheckpoint()
    return _Repeated(repeated, known, None if ids.isEmpty() else ids)


def _resolved(ctx: Context, entity: str, rows: DataFrame, repeated: _Repeated) -> Resolution:
    table = ENTITIES[entity]
    names, key = lineage.silver_table(table).names, list(table.key)
    # Hashed after they are parted: else each row would be hashed for both parts.
    place = (lineage.FILE, lineage.OFFSET)
    several = with_content_hash(rows.join(repeated.keys, key, "left_semi"), table, beside=place)
    by_arrival = table.versioned_by not in ctx.source.with_files[entity].columns
    ranked = rank_versions(several, repeated.known, table, by_arrival=by_arrival)
    resolution = resolve(ranked.localCheckpoint(), entity, table)
    alone = with_content_hash(rows.join(repeated.keys, key, "left_anti"), table).select(*names)
    return replace(resolution, current=resolution.current.unionByName(alone))


def _counted(records: int, refused: Sequence[DataFrame], resolution: Resolution) -> Refined:
    rules: Counter[str] = Counter()
    quarantined = 0
    for part in refused:
        for row in part.groupBy(lineage.REASONS).agg(F.count("*").alias("n")).collect():
            quarantined += row["n"]
            rules.update(dict.fromkeys(row[lineage.REASONS], row["n"]))
    return Refined(records, rules, quarantined, resolution.duplicates.count())
