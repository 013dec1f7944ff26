"""Delta tables written by Spark."""

import contextlib
import time
from collections.abc import Callable, Iterator
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
from goldrun.io.delta import CHANGE_FEED, properties
from goldrun.io.files import unreadable_file
from goldrun.io.storage import NEW, OLD, Merge

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


class SparkStorage:
    """See ``Storage``."""

    def __init__(self, spark: SparkSession) -> None:
        """Write with a session that has Delta Lake."""
        self._spark = spark

    def exists(self, path: str) -> bool:
        """See ``Storage``."""
        return bool(DeltaTable.isDeltaTable(self._spark, path))

    def version(self, path: str) -> int:
        """See ``Storage``."""
        newest = self._spark.sql(f"DESCRIBE HISTORY delta.`{path}` LIMIT 1")
        return int(newest.collect()[0]["version"])

    def read(self, path: str, version: int | None) -> DataFrame:
        """See ``Storage``."""
        reader = self._spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(path)

    def create(self, path: str, table: Table) -> None:
        """See ``Storage``."""
        builder = DeltaTable.createIfNotExists(self._spark).location(path)
        builder = builder.addColumns(table.schema)
        if table.clustered_by:
            builder = builder.clusterBy(*table.clustered_by)
        for key, value in properties(table).items():
            builder = builder.property(key, value)
        builder.execute()

    def write(
        self, path: str, table: Table, rows: DataFrame, mode: str, where: str | None, note: str
    ) -> None:
        """See ``Storage``."""
        writer = rows.write.format("delta").mode(mode)
        if where:
            writer = writer.option("replaceWhere", where)
        if note:
            writer = writer.option("userMetadata", note)
        commit(table, lambda: writer.save(path))

    def merge(self, path: str, table: Table, rows: DataFrame, how: Merge) -> None:
        """See ``Storage``."""
        condition = _same_key(table, how)
        if how.where:
            condition &= F.expr(how.where)
        target = DeltaTable.forPath(self._spark, path).alias(OLD)
        merge = target.merge(rows.alias(NEW), condition)
        if how.gone:
            merge = merge.whenMatchedDelete(f"{NEW}.{how.gone}")
        commit(table, merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute)

    def remove(self, path: str, keys: DataFrame) -> None:
        """See ``Storage``."""
        # A MERGE, because the log keeps the words of a DELETE's condition.
        same = " AND ".join(f"{OLD}.`{name}` = {NEW}.`{name}`" for name in keys.columns)
        target = DeltaTable.forPath(self._spark, path).alias(OLD)
        target.merge(keys.alias(NEW), same).whenMatchedDelete().execute()

    def compact(self, path: str, table: Table) -> None:
        """See ``Storage``."""
        optimizer = DeltaTable.forPath(self._spark, path).optimize()
        if table.z_ordered_by:
            optimizer.executeZOrderBy(*table.z_ordered_by)
        else:
            optimizer.executeCompaction()

    def changes(self, path: str, since: int) -> DataFrame:
        """See ``Storage``."""
        reader = self._spark.read.format("delta").option("readChangeFeed", "true")
        return reader.option("startingVersion", since + 1).load(path)

    def keeps_changes(self, path: str) -> bool:
        """See ``Storage``."""
        detail = self._spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
        return bool(detail["properties"].get(CHANGE_FEED) == "true")

    def keep_changes(self, path: str) -> None:
        """See ``Storage``."""
        kept = f"'{CHANGE_FEED}' = 'true'"
        self._spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({kept})")

    def laid_out(self, rows: DataFrame, table: Table, count: int) -> DataFrame:
        """See ``Storage``."""
        if not table.clustered_by:
            return rows
        files = max(1, -(-count // _ROWS_A_FILE))
        return rows.repartitionByRange(files, *table.clustered_by)

    @contextlib.contextmanager
    def kept(self, rows: DataFrame) -> Iterator[DataFrame]:
        """See ``Storage``."""
        rows.persist()
        try:
            yield rows
        finally:
            rows.unpersist()


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
