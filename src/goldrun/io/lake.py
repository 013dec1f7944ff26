"""The only reader and writer of Delta tables: each at ``<lake>/<layer>/<table>``."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage as L
from goldrun.contracts.check import check_values, conform
from goldrun.contracts.table import Table
from goldrun.errors import ContractError, MissingTableError
from goldrun.io.files import unreadable_file
from goldrun.io.locks import writing

_PROPERTIES = {
    # A model's evidence names table versions; they stay readable for a year.
    "delta.logRetentionDuration": "interval 365 days",
    "delta.deletedFileRetentionDuration": "interval 365 days",
}
_RAW_TEXT = (L.RECORD, L.MALFORMED)
_WITH_RANGE = (T.StringType, T.NumericType, T.DateType, T.TimestampType)


class Lake:
    """A folder or object-store URI of Delta tables.

    Every write checks the table's contract first, creates the table when it is not there, and is
    one Delta commit. What equals the stored rows already is not written again.
    """

    def __init__(self, spark: SparkSession, root: str) -> None:
        """Point at a lake; nothing is created before the first write."""
        self.spark = spark
        # Absolute, so that what a run records can be opened from anywhere.
        self.root = root if urlparse(root).scheme else str(Path(root).resolve())

    def path(self, table: str) -> str:
        """Where ``layer/name`` is."""
        return f"{self.root}/{table}"

    def exists(self, table: str) -> bool:
        """Whether the table was ever written."""
        return bool(DeltaTable.isDeltaTable(self.spark, self.path(table)))

    def version(self, table: str) -> int:
        """Newest Delta version of the table; MissingTableError when it is not there."""
        self._must_exist(table)
        newest = self.spark.sql(f"DESCRIBE HISTORY delta.`{self.path(table)}` LIMIT 1")
        return int(newest.collect()[0]["version"])

    def versions(self, tables: Sequence[str]) -> dict[str, int]:
        """Newest version of each of the tables that exist."""
        return {table: self.version(table) for table in tables if self.exists(table)}

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """Read a table, as of a Delta version if one is given.

        Raises:
            MissingTableError: The table is not there.
        """
        self._must_exist(table)
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(self.path(table))

    def read_or_empty(self, table: Table) -> DataFrame:
        """Read a table, or an empty frame of its schema before its first write."""
        if self.exists(table.name):
            return self.read(table.name)
        nothing = [F.lit(None).cast(c.type).alias(c.name) for c in table.columns]
        return self.spark.range(0).select(*nothing)

    def frame(self, table: Table, rows: Sequence[tuple[object, ...]]) -> DataFrame:
        """Make a small frame of a table's columns from rows in memory."""
        in_memory = pd.DataFrame(rows, columns=list(table.names))
        return self.spark.createDataFrame(in_memory, table.schema)

    @contextlib.contextmanager
    def writing(self, *tables: str) -> Iterator[None]:
        """Keep other processes from writing the tables; LakeBusyError when one already does."""
        with writing(self.root, tables):
            yield

    def create(self, table: Table) -> None:
        """Make the empty table as its contract lays it out, unless it is there."""
        if self.exists(table.name):
            return
        builder = DeltaTable.createIfNotExists(self.spark).location(self.path(table.name))
        builder = builder.addColumns(table.schema)
        if table.clustered_by:
            builder = builder.clusterBy(*table.clustered_by)
        for key, value in (_PROPERTIES | _statistics(table)).items():
            builder = builder.property(key, value)
        builder.execute()

    def append(self, table: Table, rows: DataFrame) -> None:
        """Add rows in one commit; the caller knows that their keys are new."""
        self._commit(table, conform(rows, table), "append")

    def append_unless_empty(self, table: Table, rows: DataFrame) -> None:
        """Create the table if need be, and add rows if there are any."""
        self.create(table)
        if not rows.isEmpty():
            self.append(table, rows)

    def upsert(self, table: Table, rows: DataFrame) -> None:
        """Insert rows by key and update those whose key is there; no rows, no commit.

        Raises:
            ContractError: Two rows have the same key, or a value breaks the contract.
        """
        self.create(table)
        if rows.isEmpty():
            return
        checked = conform(rows, table)
        check_values(checked, table)
        if self.read(table.name).isEmpty():
            self._commit(table, checked, "append")
            return
        same_key = " AND ".join(f"old.`{name}` = new.`{name}`" for name in table.key)
        target = DeltaTable.forPath(self.spark, self.path(table.name)).alias("old")
        with _explaining(table):
            (
                target.merge(checked.alias("new"), same_key)
                .whenMatchedUpdateAll()
                .whenNotMatchedInsertAll()
                .execute()
            )

    def replace(
        self,
        table: Table,
        rows: DataFrame,
        where: str | None = None,
        note: Mapping[str, object] | None = None,
    ) -> bool:
        """Make the table, or the part of it that ``where`` selects, hold exactly these rows.

        Args:
            table: The contract.
            rows: The new content.
            where: SQL condition that all ``rows`` satisfy; everything when None.
            note: Facts kept with the commit as JSON.

        Returns:
            Whether anything was written: False when the rows are there already.
        """
        fresh = conform(rows, table).persist()
        try:
            check_values(fresh, table)
            if self.exists(table.name):
                stored = self.read(table.name)
                stored = stored.where(where) if where else stored
                if _content(stored) == _content(fresh):
                    return False
            self._commit(table, fresh, "overwrite", where, note)
            return True
        finally:
            fresh.unpersist()

    def remove(self, table: str, keys: DataFrame) -> bool:
        """Delete the rows that have the values of a row of ``keys`` in its columns.

        Returns:
            Whether there were any; no rows, no commit.
        """
        if self.read(table).join(keys, keys.columns, "left_semi").isEmpty():
            return False
        # A MERGE, because the log keeps the words of a DELETE's condition.
        same = " AND ".join(f"old.`{name}` = gone.`{name}`" for name in keys.columns)
        target = DeltaTable.forPath(self.spark, self.path(table)).alias("old")
        target.merge(keys.distinct().alias("gone"), same).whenMatchedDelete().execute()
        return True

    def compact(self, table: Table) -> None:
        """Rewrite small files as the contract lays the table out; commits nothing if tidy."""
        optimizer = DeltaTable.forPath(self.spark, self.path(table.name)).optimize()
        if table.z_ordered_by:
            optimizer.executeZOrderBy(*table.z_ordered_by)
        else:
            optimizer.executeCompaction()

    def _must_exist(self, table: str) -> None:
        if not self.exists(table):
            raise MissingTableError(
                f"{self.path(table)} is not there: run the step that writes it first "
                "(bronze, silver, gold, in this order), or check --lake"
            )

    def _commit(
        self,
        table: Table,
        rows: DataFrame,
        mode: str,
        where: str | None = None,
        note: Mapping[str, object] | None = None,
    ) -> None:
        self.create(table)
        writer = rows.write.format("delta").mode(mode)
        if where:
            writer = writer.option("replaceWhere", where)
        if note:
            writer = writer.option("userMetadata", json.dumps(note, default=str, sort_keys=True))
        with _explaining(table):
            writer.save(self.path(table.name))


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


def _content(rows: DataFrame) -> tuple[object, ...]:
    """Count and two order-free checksums: equal for equal rows, whatever their order."""
    # A hash passes over nulls, so where they are is hashed as well.
    row_hash = F.xxhash64(*rows.columns, *[F.isnull(name) for name in rows.columns])
    total = F.sum(row_hash.cast("decimal(38,0)"))
    return tuple(rows.agg(F.count("*"), total, F.bit_xor(row_hash)).collect()[0])


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
