"""Describe refined records before a lake is written: outcomes, samples and ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.table import Column, Table
from goldrun.medallion.accounting import CURRENT, DUPLICATE, QUARANTINED, SUPERSEDED
from goldrun.medallion.refinement import Refinement
from goldrun.monitoring.rejections import Rejections

_RANGED = (T.NumericType, T.TimestampType)


@dataclass(frozen=True)
class Sample:
    """One rejected record.

    Attributes:
        file: Its file.
        row: Its row number in the file, from 1, without header and blank lines.
        record: Its text by column; empty for a malformed line.
    """

    file: str
    row: int
    record: Mapping[str, str | None]


@dataclass(frozen=True)
class Range:
    """The values of a column of accepted rows.

    Attributes:
        column: The column.
        smallest: Smallest value; None without values.
        largest: Largest value; None without values.
        missing: Number of rows without a value.
    """

    column: Column
    smallest: Any
    largest: Any
    missing: int


@dataclass(frozen=True)
class Preview:
    """What becomes of the records of an entity.

    Attributes:
        entity: Name of the entity.
        outcomes: Number of records by fate.
        rejections: Counts of the rejected records by reason.
        samples: A rejected record of each of the most frequent reasons.
        ranges: Values of the columns of numbers and times.
    """

    entity: str
    outcomes: Mapping[str, int]
    rejections: Rejections
    samples: Mapping[str, Sample]
    ranges: Sequence[Range]

    @property
    def records(self) -> int:
        """Number of records."""
        return self.rejections.records


def preview(refinement: Refinement, bronze: DataFrame, entity: str, table: Table) -> Preview:
    """Count and describe the fates of the records of an entity.

    Args:
        refinement: Their fates; no record had one before.
        bronze: Rows of ``bronze/<entity>``.
        entity: Name of the entity.
        table: Contract of the entity.
    """
    counts = refinement.counts(bronze.count())
    current = refinement.resolution.current
    ranges, accepted = _ranges(current, table)
    outcomes = {
        CURRENT: accepted,
        SUPERSEDED: refinement.resolution.history.count(),
        DUPLICATE: counts.duplicates,
        QUARANTINED: counts.quarantined,
    }
    rejections = Rejections(entity, counts.records, counts.quarantined, counts.rejected)
    reasons = [reason for reason, _ in rejections.most_frequent()]
    samples = {reason: _sample(refinement.rejected, bronze, reason) for reason in reasons}
    return Preview(entity, outcomes, rejections, samples, ranges)


def _sample(rejected: DataFrame, bronze: DataFrame, reason: str) -> Sample:
    """Return the first record with a reason, by file and row."""
    having = rejected.where(F.array_contains(lineage.REASONS, reason)).select(lineage.RECORD_ID)
    rows = bronze.join(having, lineage.RECORD_ID, "left_semi")
    first = rows.orderBy(lineage.FILE, lineage.OFFSET).limit(1).collect()[0]
    record = dict(first[lineage.RECORD] or {})
    return Sample(first[lineage.FILE], first[lineage.OFFSET] + 1, record)


def _ranges(rows: DataFrame, table: Table) -> tuple[list[Range], int]:
    """Return the range of each column of numbers and times, and the number of rows."""
    columns = [c for c in table.columns if isinstance(c.type, _RANGED)]
    # As text, because a time has no zone in Python.
    parts = [
        part
        for c in columns
        for part in (
            F.min(c.name).cast("string"),
            F.max(c.name).cast("string"),
            F.count_if(F.col(c.name).isNull()),
        )
    ]
    total, *found = rows.agg(F.count("*"), *parts).collect()[0]
    triples = [found[at : at + 3] for at in range(0, len(found), 3)]
    return [Range(c, *values) for c, values in zip(columns, triples, strict=True)], total
