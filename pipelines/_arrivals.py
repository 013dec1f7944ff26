"""What a micro-batch brings into bronze: each raw record once, whatever was read before."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage as L
from goldrun.contracts.source import Kind
from goldrun.io.streams import EVENT_AT, landed_in
from goldrun.medallion.bronze import Batch, to_bronze
from pipelines import bronze
from pipelines._command import Context

SETTLED_SECONDS = 2.0
"""A file that was written to within this time may be half-written."""
_SHARES = (0.05, 0.5)


@dataclass(frozen=True)
class Arrival:
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


def arrive(ctx: Context, stream: DataFrame, most: int | None) -> Arrival:
    """Append what is new in a micro-batch to bronze, one commit an entity.

    Args:
        ctx: The context; its moment names the ingestion.
        stream: The micro-batch, as ``read_stream`` makes it.
        most: How many records to take at most; all when None. A file is taken whole.
    """
    if ctx.source.kind is Kind.FILES:
        return _files(ctx, stream)
    raw = stream.localCheckpoint()
    batch, left = Batch.at(ctx.now), most
    rows, seen, cut = {}, 0, False
    for entity, spans in _spans(raw).items():
        part = raw.where(F.col(L.ENTITY) == entity).drop(L.ENTITY)
        records = to_bronze(part, entity=entity, source=ctx.source.name, batch=batch)
        known = _known(ctx, entity, spans)
        new = records.join(known, L.RECORD_ID, "left_anti")
        new = bronze.without_the_erased(ctx, entity, new).localCheckpoint()
        count = new.count()
        seen += sum(span.records for span in spans) - count
        if left is not None:
            # What was read before is left out first: it must not use up what was asked for.
            cut = cut or count > left
            new = new.orderBy(L.FILE, L.OFFSET).limit(left).localCheckpoint()
            count = min(count, left)
            left -= count
        rows[entity] = count
        with ctx.lake.writing(L.bronze_table(entity).name):
            ctx.lake.append_unless_empty(L.bronze_table(entity), new)
    return Arrival(batch, rows, seen, cut, _sent(raw))


@dataclass(frozen=True)
class _Span:
    file: str
    first: int
    last: int
    records: int


def _spans(raw: DataFrame) -> dict[str, list[_Span]]:
    """From which offset to which offset of each partition the records of each entity are."""
    found = raw.groupBy(L.ENTITY, L.FILE).agg(
        F.min(L.ROW).alias("first"), F.max(L.ROW).alias("last"), F.count("*").alias("records")
    )
    spans: dict[str, list[_Span]] = {}
    for row in sorted(found.collect()):
        spans.setdefault(row[L.ENTITY], []).append(_Span(*row[1:]))
    return spans


def _known(ctx: Context, entity: str, spans: list[_Span]) -> DataFrame:
    """Records that bronze has of these offsets; a lost or an older checkpoint reads them again.

    The file statistics of offsets let Delta pass over all files with others.
    """
    inside = [
        (F.col(L.FILE) == span.file) & F.col(L.OFFSET).between(span.first, span.last)
        for span in spans
    ]
    stored = ctx.lake.read_or_empty(L.bronze_table(entity))
    return stored.where(reduce(lambda a, b: a | b, inside)).select(L.RECORD_ID)


def _sent(raw: DataFrame) -> tuple[datetime, ...]:
    micros = F.percentile_approx(F.unix_micros(EVENT_AT), F.array(*map(F.lit, _SHARES)))
    found = raw.agg(micros.alias("sent")).collect()[0]["sent"] or []
    return tuple(datetime.fromtimestamp(each / 1e6, UTC) for each in found)


def _files(ctx: Context, stream: DataFrame) -> Arrival:
    """Read the files whose names came, once they are written to no more."""
    rows: dict[str, int] = {}
    written: list[datetime] = []
    landed = landed_in(stream)
    for entity, paths in landed.items():
        wait_until_settled(paths)
        written += [datetime.fromtimestamp(p.stat().st_mtime, UTC) for p in paths if p.exists()]
        landing = bronze.look_at(ctx, entity, _is_among(paths))
        if landing.files:
            with ctx.lake.writing(L.bronze_table(entity).name):
                batch = bronze.ingest(ctx, landing)
            stored = ctx.lake.read(L.bronze_table(entity).name)
            rows[entity] = stored.where(F.col(L.BATCH_ID) == batch.batch_id).count()
    written.sort()
    sent = tuple(written[int(share * len(written))] for share in _SHARES if written)
    return Arrival(Batch.at(ctx.now), rows, sent=sent)


def _is_among(paths: set[Path]) -> Callable[[Path], bool]:
    return lambda file: file.absolute() in paths


def wait_until_settled(
    paths: set[Path],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> None:
    """Wait until none of the files was written to for a while; one that is gone is not waited for.

    Who writes a file under another name (beginning with a dot) and renames it is not waited for.
    """
    while (newest := max((p.stat().st_mtime for p in paths if p.exists()), default=0.0)) > (
        clock() - SETTLED_SECONDS
    ):
        sleep(max(0.05, newest + SETTLED_SECONDS - clock()))
