"""Find the messages of a micro-batch that bronze has, and gaps between their offsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage


@dataclass(frozen=True)
class Span:
    """The offsets of one partition in a micro-batch.

    Attributes:
        file: The partition, ``kafka:topic/partition``.
        first: Smallest offset.
        last: Largest offset.
        records: Number of records.
    """

    file: str
    first: int
    last: int
    records: int


@dataclass(frozen=True)
class Gap:
    """Offsets of a partition that are neither in bronze nor in the first micro-batch.

    Attributes:
        file: The partition.
        before: Largest offset in bronze.
        after: Smallest offset of the micro-batch.
    """

    file: str
    before: int
    after: int


def spans_by_entity(raw: DataFrame) -> dict[str, list[Span]]:
    """Return the spans of offsets of each entity, one for each partition.

    Args:
        raw: Messages with ``entity``, ``file`` and ``_row``, their offset.
    """
    found = raw.groupBy(lineage.ENTITY, lineage.FILE).agg(
        F.min(lineage.ROW).alias("first"),
        F.max(lineage.ROW).alias("last"),
        F.count("*").alias("records"),
    )
    spans: dict[str, list[Span]] = {}
    for row in sorted(found.collect()):
        spans.setdefault(row[lineage.ENTITY], []).append(Span(*row[1:]))
    return spans


def records_in_spans(bronze: DataFrame, spans: Sequence[Span]) -> DataFrame:
    """Return the ``record_id`` of the bronze records whose offsets are in some spans.

    Delta skips the files of other offsets by their statistics.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        spans: At least one span.
    """
    inside = [
        (F.col(lineage.FILE) == span.file) & F.col(lineage.OFFSET).between(span.first, span.last)
        for span in spans
    ]
    return bronze.where(reduce(or_, inside)).select(lineage.RECORD_ID)


def gaps(bronze: DataFrame, spans: Sequence[Span]) -> list[Gap]:
    """Find the partitions whose messages do not continue those in bronze.

    Args:
        bronze: Rows of ``bronze/<entity>``.
        spans: The first offsets that a new checkpoint reads.
    """
    if not spans:
        return []
    stored = bronze.where(F.col(lineage.FILE).isin([span.file for span in spans]))
    ends = stored.groupBy(lineage.FILE).agg(F.max(lineage.OFFSET).alias("last")).collect()
    newest = {row[lineage.FILE]: row["last"] for row in ends}
    found = [Gap(s.file, newest.get(s.file, s.first - 1), s.first) for s in spans]
    return [gap for gap in found if gap.after > gap.before + 1]
