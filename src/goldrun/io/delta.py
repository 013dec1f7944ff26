"""What Delta is told of a table, and what it says when a write fails."""

import contextlib
from collections.abc import Iterator
from functools import reduce

from delta.exceptions import (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentWriteException,
)
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.errors import ContractError
from goldrun.io.files import unreadable_file

_PROPERTIES = {
    # A model's evidence names table versions; they stay readable for a year.
    "delta.logRetentionDuration": "interval 365 days",
    "delta.deletedFileRetentionDuration": "interval 365 days",
}
CONFLICTS = (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentWriteException,
)
"""What Delta raises when another commit came first. Its common base class, by its name, is in
truth no base of these."""
GONE = "_gone"
CHANGE_FEED = "delta.enableChangeDataFeed"
_RAW_TEXT = (L.RECORD, L.MALFORMED)
_WITH_RANGE = (T.StringType, T.NumericType, T.DateType, T.TimestampType)


def properties(table: Table) -> dict[str, str]:
    """Table properties: retention, statistics, and whether changes are kept for reading."""
    feed = {CHANGE_FEED: "true"} if table.change_feed else {}
    return _PROPERTIES | feed | _statistics(table)


def _statistics(table: Table) -> dict[str, str]:
    """Which columns have their smallest and largest values in the log: no personal one."""
    if not any(c.personal or c.name in _RAW_TEXT for c in table.columns):
        return {}
    kept = [
        f"`{c.name}`"
        for c in table.columns
        if isinstance(c.type, _WITH_RANGE) and not c.personal and c.name not in _RAW_TEXT
    ]
    return {"delta.dataSkippingStatsColumns": ",".join(kept)}


def content(rows: DataFrame) -> tuple[object, ...]:
    """Count and two order-free checksums: equal for equal rows, whatever their order."""
    hashed = row_hash(rows)
    total = F.sum(hashed.cast("decimal(38,0)"))
    return tuple(rows.agg(F.count("*"), total, F.bit_xor(hashed)).collect()[0])


def row_hash(rows: DataFrame) -> Column:
    """64 bits of all columns, equal for equal rows."""
    # A hash passes over nulls, so where they are is hashed as well.
    return F.xxhash64(*rows.columns, *[F.isnull(name) for name in rows.columns])


def same_key(rows: DataFrame, table: Table) -> Column:
    """Condition of a MERGE of ``new`` into ``old``, with the span of the keys where it may say it.

    Keys that grow with time are in few files: the span lets Delta pass over all others. It ends
    up in the log, so it is left out where keys are people.
    """
    same = [F.col(f"old.{name}") == F.col(f"new.{name}") for name in table.key]
    if CUSTOMER_ID not in table.key:
        spans = [each(name) for name in table.key for each in (F.min, F.max)]
        found = rows.agg(*[span.alias(f"b{n}") for n, span in enumerate(spans)]).collect()[0]
        for n, name in enumerate(table.key):
            same.append(F.col(f"old.{name}").between(F.lit(found[2 * n]), F.lit(found[2 * n + 1])))
    return reduce(lambda a, b: a & b, same)


def changed_rows(fresh: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Find what turns the stored rows into the fresh ones.

    Returns:
        The contract's columns and ``GONE``: false for a row to insert or update, true for the key
        of one to delete, whose other columns are null.
    """
    key, now, before = list(table.key), "_now", "_before"
    old = stored.select(*key, row_hash(stored.select(*table.names)).alias(before))
    both = fresh.withColumn(now, row_hash(fresh)).join(old, key, "full_outer")
    differs = ~F.col(now).eqNullSafe(F.col(before))
    return both.where(differs).select(*table.names, F.col(now).isNull().alias(GONE))


@contextlib.contextmanager
def explaining(table: Table) -> Iterator[None]:
    """Say which contract or which file a failed write is about."""
    try:
        yield
    # A failure inside a task comes as a bare Java error, with its cause further down the stack.
    except (PySparkException, Py4JJavaError) as error:
        said = str(error)
        unreadable = unreadable_file(said)
        if unreadable is not None:
            raise unreadable from error
        forbidden = next((line for line in said.splitlines() if "NOT_NULL_CONSTRAINT" in line), "")
        if forbidden:
            raise ContractError(f"{table.name} was not written: {forbidden.strip()}") from error
        raise
