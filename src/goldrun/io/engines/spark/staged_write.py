"""Rows that Spark computes and writes to a Delta table."""

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

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, LakeBusyError
from goldrun.io.engines.tables import NEW, OLD, Merge
from goldrun.io.sources.files import unreadable_file

CONFLICTS = (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentWriteException,
)
"""Errors of Delta when another commit came first. They have no base class of their own."""
_CONFLICT = "DELTA_CONCURRENT"
_ROWS_A_FILE = 500_000
"""As many rows of the widest table as a file of compaction holds."""
_TRIES = 5
"""Attempts of a write while a compaction runs."""
_FIRST_PAUSE = 0.1
"""Seconds; each further pause is about twice as long."""


class SparkStagedWrite:
    """See ``StagedWrite``."""

    def __init__(
        self, session: SparkSession, path: str, table: Table, rows: DataFrame, *, sort: bool
    ) -> None:
        """Stage rows for the table at a path, sorted by its clustering columns or as they are."""
        self._session, self._path, self._table, self._rows = session, path, table, rows
        self._sort = sort

    @property
    def rows(self) -> DataFrame:
        """See ``StagedWrite``."""
        return self._rows

    @property
    def parts(self) -> Sequence[DataFrame]:
        """See ``StagedWrite``."""
        return [self._rows]

    def write(
        self, mode: str, where: str | None = None, note: str = "", *, retypes: bool = False
    ) -> None:
        """See ``StagedWrite``."""
        rows = self._sorted() if self._sort else self._rows
        writer = rows.write.format("delta").mode(mode)
        if where:
            writer = writer.option("replaceWhere", where)
        if retypes:
            writer = writer.option("overwriteSchema", "true")
        if note:
            writer = writer.option("userMetadata", note)
        commit(self._table, lambda: writer.save(self._path))

    def _sorted(self) -> DataFrame:
        """Sort the rows into files as OPTIMIZE would, which would write them a second time."""
        if not self._table.clustered_by:
            return self._rows
        files = max(1, -(-self._rows.count() // _ROWS_A_FILE))
        return self._rows.repartitionByRange(files, *self._table.clustered_by)

    def merge(self, how: Merge) -> None:
        """See ``StagedWrite``."""
        condition = _same_key(self._table, how)
        if how.where:
            condition &= F.expr(how.where)
        target = DeltaTable.forPath(self._session, self._path).alias(OLD)
        merge = target.merge(self._rows.alias(NEW), condition)
        if how.delete_flag:
            merge = merge.whenMatchedDelete(f"{NEW}.{how.delete_flag}")
        commit(self._table, merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute)


def _same_key(table: Table, how: Merge) -> Column:
    """Build the condition of a MERGE: equal keys, within the span of the keys.

    Keys that grow with time are in few files, and the span lets Delta skip all others. The log
    keeps the condition, so the span is left out where keys are people.
    """
    same = [F.col(f"{OLD}.{name}") == F.col(f"{NEW}.{name}") for name in table.key]
    if not table.key_is_personal:
        spans = how.spans.items()
        same += [F.col(f"{OLD}.{name}").between(*map(F.lit, ends)) for name, ends in spans]
    return reduce(lambda a, b: a & b, same)


def is_conflict(error: PySparkException) -> bool:
    """Whether Delta rejected a commit because another one came first."""
    return isinstance(error, CONFLICTS) or (error.getCondition() or "").startswith(_CONFLICT)


def commit(table: Table, write: Callable[[], object]) -> None:
    """Write, and retry when a concurrent compaction has moved the rows that were read.

    Raises:
        ContractError: A row breaks the contract.
        LakeBusyError: All attempts met a conflict.
    """
    for attempt in range(_TRIES):
        # A compaction makes several commits: each pause gives it more time to finish.
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
        f"{table.name} was not written: in each of {_TRIES} attempts another commit rewrote the "
        "rows that the write had read: compact less often, then run the same command again"
    ) from conflict


@contextlib.contextmanager
def _explaining(table: Table) -> Iterator[None]:
    """Name the contract or the file because of which a write failed."""
    try:
        yield
    # A failure inside a task is a bare Java error, with its cause further down the stack.
    except (PySparkException, Py4JJavaError) as error:
        text = str(error)
        unreadable = unreadable_file(text)
        if unreadable is not None:
            raise unreadable from error
        forbidden = next((line for line in text.splitlines() if "NOT_NULL_CONSTRAINT" in line), "")
        if forbidden:
            raise ContractError(f"{table.name} was not written: {forbidden.strip()}") from error
        raise
