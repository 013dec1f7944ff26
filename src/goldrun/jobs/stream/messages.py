"""Append the messages of a micro-batch to bronze, each record once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.streaming.readers import EVENT_AT
from goldrun.jobs.context import Context, log
from goldrun.jobs.erased_records import redact_erased
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.offsets import Span, gaps, records_in_spans, spans_by_entity
from goldrun.monitoring.freshness import sent_quantiles


@dataclass(frozen=True)
class IngestedBatch:
    """The records of a micro-batch in bronze.

    Attributes:
        batch: The ingestion.
        rows: Number of new records in bronze by entity.
        repeated: Number of records that were in bronze before.
        cut: Whether records were omitted, because the stream's limit of records is reached.
        sent: Quantiles of the sending times (``monitoring.freshness``); empty without records.
    """

    batch: Batch
    rows: Mapping[str, int]
    repeated: int = 0
    cut: bool = False
    sent: tuple[datetime, ...] = ()


def ingest_messages(
    ctx: Context, stream: DataFrame, most: int | None, begun: set[str] | None = None
) -> IngestedBatch:
    """Append the new messages of a micro-batch to bronze, in one commit per entity.

    Args:
        ctx: The context; its time names the batch.
        stream: The micro-batch, a result of ``read_stream``.
        most: Largest number of records to append; no limit when None.
        begun: Partitions that a stream with a new checkpoint has read from; the partitions of this
            micro-batch are added. Such a stream begins with the oldest messages that the broker
            has, and earlier messages may be deleted. None if the checkpoint is not new.
    """
    raw = stream.localCheckpoint()
    batch, left = Batch.at(ctx.now), most
    rows, repeated, cut = {}, 0, False
    for entity, spans in spans_by_entity(raw).items():
        if begun is not None:
            _warn_of_gaps(ctx, entity, [span for span in spans if span.file not in begun])
            begun |= {span.file for span in spans}
        new = _new_records(ctx, entity, raw, spans, batch)
        count = new.count()
        repeated += sum(span.records for span in spans) - count
        if left is not None:
            # Records that bronze has are removed above: they must not count towards the limit.
            cut = cut or count > left
            new = new.orderBy(lineage.FILE, lineage.OFFSET).limit(left).localCheckpoint()
            count = min(count, left)
            left -= count
        rows[entity] = count
        with ctx.lake.writing(lineage.bronze_table(entity).name):
            ctx.lake.append_unless_empty(lineage.bronze_table(entity), new)
    return IngestedBatch(batch, rows, repeated, cut, sent_quantiles(raw, EVENT_AT))


def _new_records(
    ctx: Context, entity: str, raw: DataFrame, spans: list[Span], batch: Batch
) -> DataFrame:
    """Convert the messages of an entity that bronze does not have to bronze records.

    A stream reads messages again if its checkpoint is lost or older than bronze.
    """
    part = raw.where(F.col(lineage.ENTITY) == entity).drop(lineage.ENTITY)
    records = to_bronze(part, entity=entity, source=ctx.source.name, batch=batch)
    stored = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    known = records_in_spans(stored, spans)
    new = records.join(known, lineage.RECORD_ID, "left_anti")
    return redact_erased(ctx, entity, new).localCheckpoint()


def _warn_of_gaps(ctx: Context, entity: str, spans: list[Span]) -> None:
    stored = ctx.lake.read_or_empty(lineage.bronze_table(entity))
    for gap in gaps(stored, spans):
        log.warning(
            "%s: bronze has messages up to %s, and the oldest message of the broker is %s: "
            "the messages between may be deleted, and were never read",
            *(gap.file, gap.before, gap.after),
        )
