"""Rows that Spark computes on their way into a Delta table."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from delta.exceptions import (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentWriteException,
)
from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.table import Table
from goldrun.errors import ContractError, LakeBusyError
from goldrun.io.engines.base import NEW, OLD, Merge
from goldrun.io.sources.files import unreadable_file

CONFLICTS = (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentWriteException,
)
"""What Delta raises when another commit came first. Its common base class, by its name, is in
truth no base of these."""
_CONFLICT = "DELTA_CONCURRENT"
_ROWS_A_FILE = 500_000
"""Of the widest table about as many as fit into the files that compaction makes."""
_TRIES = 5
"""How often a write is tried beside compactions."""
_FIRST_PAUSE = 0.1
"""Seconds; each further pause is about twice as long."""


class SparkStagedWrite:
    """See ``StagedWrite``."""

    def __init__(
        self, spark: SparkSession, path: str, table: Table, rows: DataFrame, *, sort: bool
    ) -> None:
        """Take rows for the table that is at a path, to be written in its order or as they come."""
        self._spark, self._path, self._table, self._rows = spark, path, table, rows
        self._in_order = sort

    @property
    def rows(self) -> DataFrame:
        """See ``StagedWrite``."""
        return self._rows

    @property
    def parts(self) -> Sequence[DataFrame]:
        """See ``StagedWrite``."""
        return [self._rows]

    def write(self, mode: str, where: str | None = None, note: str = "") -> None:
        """See ``StagedWrite``."""
        rows = self._laid_out() if self._in_order else self._rows
        writer = rows.write.format("delta").mode(mode)
        if where:
            writer = writer.option("replaceWhere", where)
        if note:
            writer = writer.option("userMetadata", note)
        commit(self._table, lambda: writer.save(self._path))

    def _laid_out(self) -> DataFrame:
        """In order, as OPTIMIZE would leave them: without writing them a second time."""
        if not self._table.clustered_by:
            return self._rows
        files = max(1, -(-self._rows.count() // _ROWS_A_FILE))
        return self._rows.repartitionByRange(files, *self._table.clustered_by)

    def merge(self, how: Merge) -> None:
        """See ``StagedWrite``."""
        condition = _same_key(self._table, how)
        if how.where:
            condition &= F.expr(how.where)
        target = DeltaTable.forPath(self._spark, self._path).alias(OLD)
        merge = target.merge(self._rows.alias(NEW), condition)
        if how.gone:
            merge = merge.whenMatchedDelete(f"{NEW}.{how.gone}")
        commit(self._table, merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute)


def _same_key(table: Table, how: Merge) -> Column:
    """Condition of a MERGE, with the span of the keys where it may say it.

    Keys that grow with time are in few files: the span lets Delta pass over all others. It ends
    up in the log, so it is left out where keys are people.
    """
    same = [F.col(f"{OLD}.{name}") == F.col(f"{NEW}.{name}") for name in table.key]
    if CUSTOMER_ID not in table.key:
        spans = how.spans.items()
        same += [F.col(f"{OLD}.{name}").between(*map(F.lit, ends)) for name, ends in spans]
    return reduce(lambda a, b: a & b, same)


def is_conflict(error: PySparkException) -> bool:
    """Whether Delta refused a commit because another one came first."""
    return isinstance(error, CONFLICTS) or (error.getCondition() or "").startswith(_CONFLICT)


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
        except PySparkException as error:
            if not is_conflict(error):
                raise
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
