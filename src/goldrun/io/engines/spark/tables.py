"""Delta tables written by Spark."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from urllib.parse import unquote, urlparse

from delta.tables import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.table import Column, Table
from goldrun.errors import LakeBusyError
from goldrun.io.delta.properties import CHANGE_FEED, named, properties
from goldrun.io.engines.spark import vacuum
from goldrun.io.engines.spark.staged_write import SparkStagedWrite, is_conflict
from goldrun.io.engines.tables import NEW, OLD, Commit, Origin


class SparkTables:
    """See ``Tables``."""

    def __init__(self, session: SparkSession) -> None:
        """Read and write with a session that has Delta Lake."""
        self._session = session

    def exists(self, path: str) -> bool:
        """See ``Tables``."""
        return bool(DeltaTable.isDeltaTable(self._session, path))

    def version(self, path: str) -> int:
        """See ``Tables``."""
        newest = self._session.sql(f"DESCRIBE HISTORY {named(path)} LIMIT 1")
        return int(newest.collect()[0]["version"])

    def commits(self, path: str, most: int) -> list[Commit]:
        """See ``Tables``."""
        history = self._session.sql(f"DESCRIBE HISTORY {named(path)} LIMIT {most}")
        rows = history.select("version", "operation", "userMetadata").collect()
        return [Commit(int(row[0]), row[1] or "", row[2] or "") for row in rows]

    def origin(self, path: str) -> Origin:
        """See ``Tables``."""
        # In microseconds: a collected time would be in this machine's zone.
        detail = self._session.sql(f"DESCRIBE DETAIL {named(path)}")
        row = detail.select("id", F.unix_micros("createdAt").alias("created")).collect()[0]
        created = row["created"]
        created_at = None if created is None else datetime.fromtimestamp(created / 1e6, UTC)
        return Origin(row["id"], created_at)

    def read(self, path: str, version: int | None) -> DataFrame:
        """See ``Tables``."""
        reader = self._session.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(path)

    def create(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        # In SQL, because Delta's builders do not escape a path.
        columns = ", ".join(
            f"`{field.name}` {field.dataType.simpleString()}{'' if field.nullable else ' NOT NULL'}"
            for field in table.schema
        )
        clustered = ", ".join(f"`{name}`" for name in table.clustered_by)
        by = f"CLUSTER BY ({clustered})" if clustered else ""
        declared = ", ".join(f"'{key}' = '{value}'" for key, value in properties(table).items())
        self._session.sql(
            f"CREATE TABLE IF NOT EXISTS {named(path)} ({columns}) USING delta {by} "
            f"TBLPROPERTIES ({declared})"
        ).collect()

    def add_columns(self, path: str, columns: Sequence[Column]) -> None:
        """See ``Tables``."""
        added = ", ".join(f"`{c.name}` {c.type.simpleString()}" for c in columns)
        self._session.sql(f"ALTER TABLE {named(path)} ADD COLUMNS ({added})").collect()

    @contextlib.contextmanager
    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> Iterator[SparkStagedWrite]:
        """See ``Tables``."""
        whole = reduce(DataFrame.unionByName, rows)
        if reused:
            whole.persist()
        try:
            # Replaced rows are sorted when they are written; OPTIMIZE lays out appended ones.
            yield SparkStagedWrite(self._session, path, table, whole, sort=reused)
        finally:
            if reused:
                whole.unpersist()

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """See ``Tables``."""
        # A MERGE, because the log keeps the condition of a DELETE, which may name people.
        same = " AND ".join(f"{OLD}.`{name}` = {NEW}.`{name}`" for name in keys.columns)
        target = DeltaTable.forPath(self._session, path).alias(OLD)
        target.merge(keys.alias(NEW), same).whenMatchedDelete().execute()

    def compact(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        try:
            self._optimize(path, table)
        except PySparkException as error:
            if not is_conflict(error):
                raise
            raise LakeBusyError(
                f"{table.name} was not compacted: another commit changed the same files; run the "
                "same command again"
            ) from error

    def _optimize(self, path: str, table: Table) -> None:
        names = ", ".join(f"`{name}`" for name in table.z_ordered_by)
        self._session.sql(
            f"OPTIMIZE {named(path)} {f'ZORDER BY ({names})' if names else ''}"
        ).collect()

    def read_changes(self, path: str, since: int) -> DataFrame:
        """See ``Tables``."""
        reader = self._session.read.format("delta").option("readChangeFeed", "true")
        return reader.option("startingVersion", since + 1).load(path)

    def has_change_feed(self, path: str) -> bool:
        """See ``Tables``."""
        detail = self._session.sql(f"DESCRIBE DETAIL {named(path)}").collect()[0]
        return bool(detail["properties"].get(CHANGE_FEED) == "true")

    def enable_change_feed(self, path: str) -> None:
        """See ``Tables``."""
        enabled = f"'{CHANGE_FEED}' = 'true'"
        self._session.sql(f"ALTER TABLE {named(path)} SET TBLPROPERTIES ({enabled})")

    def data_files(self, path: str) -> list[Path]:
        """See ``Tables``."""
        uris = self.read(path, None).inputFiles()
        return [Path(unquote(urlparse(uri).path)) for uri in uris]

    def rewrite_deleted(self, path: str) -> bool:
        """See ``Tables``."""
        return vacuum.rewrite_deleted(self._session, path)

    def vacuum(self, path: str) -> None:
        """See ``Tables``."""
        vacuum.vacuum(self._session, path)

    def checkpointed(self, path: str) -> AbstractContextManager[None]:
        """See ``Tables``."""
        return vacuum.checkpointed(self._session, path)
