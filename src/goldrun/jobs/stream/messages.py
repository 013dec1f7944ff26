"""What a micro-batch brings into bronze: each raw record once, whatever was read before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.streaming.readers import EVENT_AT
from goldrun.jobs.context import Context, log
from goldrun.jobs.ingest import bronze
from goldrun.medallion.bronze import Batch, to_bronze

SHARES = (0.05, 0.5)
"""Of the oldest records, whose moments are told: they make p95 and p50 of freshness."""


@dataclass(frozen=True)
class IngestedBatch:
    """What a micro-batch brought.

    Attributes:
        batch: The ingestion.
        rows: New records in bronze by entity.
        repeated: Records that bronze had already.
        cut: Whether some were left for later, because no more were asked for.
        sent: When the oldest 5 % and the older half of the records had been sent; empty where
            there are none.
    """

    batch: Batch
    rows: Mapping[str, int]
    repeated: int = 0
    cut: bool = False
    sent: tuple[datetime, ...] = ()


def arrive(
    ctx: Context, stream: DataFrame, most: int | None, begun: set[str] | None = None
) -> IngestedBatch:
    """Append what is new among a micro-batch's messages to bronze, one commit an entity.

    Args:
        ctx: The context; its moment names the ingestion.
        stream: The micro-batch, as ``read_stream`` makes it.
        most: How many records to take at most; all when None.
        begun: Partitions that a stream with a new checkpoint has begun to read; added to. It
            begins with the oldest messages there are, and others may be gone. None when the
            checkpoint is not new.
    """
    raw = stream.localCheckpoint()
    batch, left = Batch.at(ctx.now), most
    rows, seen, cut = {}, 0, False
    for entity, spans in _spans(raw).items():
        if begun is not None:
            _tell_gaps(ctx, entity, [span for span in spans if span.file not in begun])
            begun |= {span.file for span in spans}
        part = raw.where(F.col(lineage.ENTITY) == entity).drop(lineage.ENTITY)
        records = to_bronze(part, entity=entity, source=ctx.source.name, batch=batch)
        known = _known(ctx, entity, spans)
        new = records.join(known, lineage.RECORD_ID, "left_anti")
        new = bronze.without_the_erased(ctx, entity, new).localCheckpoint()
        count = new.count()
        seen += sum(span.records for span in spans) - count
        if left is not None:
            # What was read before is left out first: it must not use up what was asked for.
            cut = cut or count > left
            new = new.orderBy(lineage.FILE, lineage.OFFSET).limit(left).localCheckpoint()
            count = min(count, left)
            left -= count
        rows[entity] = count
        with ctx.lake.writing(lineage.bronze_table(entity).name):
            ctx.lake.append_unless_empty(lineage.bronze_table(entity), new)
    return IngestedBatch(batch, rows, seen, cut, _sent(raw))


@dataclass(frozen=True)
class _Span:
    file: str
    first: int
    last: int
    records: int


def _spans(raw: DataFrame) -> dict[str, list[_Span]]:
    """From which offset to which offset of each partition the records of each entity are."""
    found = raw.groupBy(lineage.ENTITY, lineage.FILE).agg(
        F.min(lineage.ROW).alias("first"),
        F.max(lineage.ROW).alias("last"),
        F.count("*").alias("records"),
    )
    spans: dict[str, list[_Span]] = {}
    for row in sorted(found.collect()):
        spans.setdefault(row[lineage.ENTITY], []).append(_Span(*row[1:]))
    return spans


def _tell_gaps(ctx: Context, entity: str, spans: list[_Span]) -> None:
    """Warn of messages that lie between what bronze has and what the broker still has."""
    if not spans:
        return
    stored = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    stored = stored.where(F.col(lineage.FILE).isin([span.file for span in spans]))
    ends = stored.groupBy(lineage.FILE).agg(F.max(lineage.OFFSET).alias("last")).collect()
    newest = {row[lineage.FILE]: row["last"] for row in ends}
    for span in spans:
        before = newest.get(span.file, span.first - 1)
        if span.first > before + 1:
            log.warning(
                "%s: bronze has messages up to %s, and the oldest that the broker has is %s: what "
                "was between them may be gone, and was never read",
                *(span.file, before, span.first),
            )


def _known(ctx: Context, entity: str, spans: list[_Span]) -> DataFrame:
    """Records that bronze has of these offsets; a lost or an older checkpoint reads them again.

    The file statistics of offsets let Delta pass over all files with others.
    """
    inside = [
        (F.col(lineage.FILE) == span.file) & F.col(lineage.OFFSET).between(span.first, span.last)
        for span in spans
    ]
    stored = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    return stored.where(reduce(lambda a, b: a | b, inside)).select(lineage.RECORD_ID)


def _sent(raw: DataFrame) -> tuple[datetime, ...]:
    micros = F.percentile_approx(F.unix_micros(EVENT_AT), F.array(*map(F.lit, SHARES)))
    found = raw.agg(micros.alias("sent")).collect()[0]["sent"] or []
    return tuple(datetime.fromtimestamp(each / 1e6, UTC) for each in found)
