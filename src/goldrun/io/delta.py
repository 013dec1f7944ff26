"""What Delta is told of a table, and what it says when a write fails."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
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
from goldrun.contracts.check import breaks
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.errors import ContractError, LakeBusyError
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
_ROWS_A_FILE = 500_000
"""Of the widest table about as many as fit into the files that compaction makes."""
_TRIES = 5
"""How often a write is tried beside compactions."""
_FIRST_PAUSE = 0.1
"""Seconds; each further pause is about twice as long."""
GONE = "_gone"
KNOWN = "_known"
WRONG = "_wrong"
_ROW, _NOW, _BEFORE = "_row", "_now", "_before"
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
    names = [f"`{name}`" for name in rows.columns]
    return F.expr(f"xxhash64({', '.join([*names, *[f'isnull({name})' for name in names]])})")


def same_key(table: Table, spans: Mapping[str, tuple[object, object]]) -> Column:
    """Condition of a MERGE of ``new`` into ``old``, with the span of the keys where it may say it.

    Keys that grow with time are in few files: the span lets Delta pass over all others. It ends
    up in the log, so it is left out where keys are people.
    """
    same = [F.col(f"old.{name}") == F.col(f"new.{name}") for name in table.key]
    if CUSTOMER_ID not in table.key:
        same += [F.col(f"old.{name}").between(*map(F.lit, ends)) for name, ends in spans.items()]
    return reduce(lambda a, b: a & b, same)


def changed_rows(fresh: DataFrame, stored: DataFrame, table: Table) -> DataFrame:
    """Find what turns the stored rows into the fresh ones, in one grouping by key.

    Args:
        fresh: Rows of the contract's columns.
        stored: Rows of the table.
        table: Their contract.

    Returns:
        The contract's columns; ``GONE``: false for a row to insert or update, true for the key of
        one to delete, whose other columns are null; ``KNOWN``: whether the key is stored; and
        ``WRONG``: whether the row breaks the contract or its key stands twice among the fresh.
    """
    key = list(table.key)
    others = [name for name in table.names if name not in key]
    both = fresh.select(
        *key,
        F.struct(*others).alias(_ROW),
        row_hash(fresh).alias(_NOW),
        breaks(table).alias(WRONG),
    ).unionByName(
        stored.select(*key, row_hash(stored.select(*table.names)).alias(_BEFORE)),
        allowMissingColumns=True,
    )
    grouped = both.groupBy(*key).agg(
        F.first(_ROW, ignorenulls=True).alias(_ROW),
        F.first(_NOW, ignorenulls=True).alias(_NOW),
        F.first(_BEFORE, ignorenulls=True).alias(_BEFORE),
        (F.bool_or(WRONG) | (F.count(_NOW) > 1)).alias(WRONG),
    )
    differs = F.col(WRONG) | ~F.col(_NOW).eqNullSafe(F.col(_BEFORE))
    return grouped.where(F.coalesce(differs, F.lit(True))).select(
        *[name if name in key else F.col(f"{_ROW}.{name}") for name in table.names],
        F.col(_NOW).isNull().alias(GONE),
        F.col(_BEFORE).isNotNull().alias(KNOWN),
        F.coalesce(WRONG, F.lit(False)).alias(WRONG),
    )


def laid_out(rows: DataFrame, table: Table, count: int) -> DataFrame:
    """Part rows into files as the table is clustered, so that nothing needs to be written twice.

    Each file has its own range of the columns that the table is clustered by, as OPTIMIZE would
    make it: that would read and write all of it again.
    """
    if not table.clustered_by:
        return rows
    files = max(1, -(-count // _ROWS_A_FILE))
    return rows.repartitionByRange(files, *table.clustered_by)


def commit(table: Table, write: Callable[[], object]) -> None:
    """Write, again when a compaction beside it has moved the rows that were read.

    Raises:
        ContractError: A row breaks the contract.
        LakeBusyError: That happened too often.
    """
    for attempt in range(_TRIES):
        # A compaction that commits file by file needs time to be over.
        time.sleep(_FIRST_PAUSE * (2**attempt - 1))
        try:
            with _explaining(table):
                write()
            return
        except CONFLICTS as error:
            conflict = error
    raise LakeBusyError(
        f"{table.name}: {_TRIES} times something else rewrote the rows that a write had read; "
        "nothing of it was written: compact less often, then run the same command again"
    ) from conflict


@contextlib.contextmanager
def _explaining(table: Table) -> Iterator[None]:
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
