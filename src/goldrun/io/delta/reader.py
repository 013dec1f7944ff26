"""Reading a lake: Delta tables at ``<lake>/<layer>/<table>``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.check import other_columns
from goldrun.contracts.table import Table
from goldrun.errors import ChangesLostError, MissingTableError, StorageError, listed
from goldrun.io.delta.commits import change_by_others, has_same_rows
from goldrun.io.delta.errors import ENGINE_ERRORS, full_message, line_at
from goldrun.io.engines.base import Engine
from goldrun.io.engines.tables import Commit, Origin

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEANWHILE = 16
"""Number of commits that others may make while a log is read."""


class LakeReader:
    """The part of ``Lake`` that reads.

    Attributes:
        engine: The engine that computes.
        root: Absolute path or URI of the lake.
    """

    def __init__(
        self, engine: Engine, root: str, contracts: Mapping[str, Table] | None = None
    ) -> None:
        """Point at a lake; nothing is created before the first write.

        Args:
            engine: The engine that computes.
            root: Path or URI of the lake.
            contracts: Contracts by table; a table that does not fit its contract is not read.
        """
        self.engine = engine
        # Absolute, so that the paths that a run records can be opened from anywhere.
        self.root = root if urlparse(root).scheme else str(Path(root).resolve())
        self._tables = engine.tables
        # Tables are never dropped, and each check for one takes a tenth of a second.
        self._existing: set[str] = set()
        self._origins: dict[str, Origin] = {}
        self._contracts = contracts or {}
        self._checked: set[str] = set()

    @property
    def session(self) -> SparkSession:
        """The session of the engine."""
        return self.engine.session

    def path(self, table: str) -> str:
        """Path or URI of a table that is given as ``layer/name``."""
        return f"{self.root}/{table}"

    def exists(self, table: str) -> bool:
        """Whether the table was ever written."""
        if table not in self._existing and self._tables.exists(self.path(table)):
            self._existing.add(table)
        return table in self._existing

    def version(self, table: str) -> int:
        """Newest Delta version of the table; MissingTableError when it does not exist."""
        self._must_exist(table)
        return self._tables.version(self.path(table))

    def versions(self, tables: Sequence[str]) -> dict[str, int]:
        """Newest version of each of the tables that exist."""
        return {table: self.version(table) for table in tables if self.exists(table)}

    def origin(self, table: str) -> Origin | None:
        """Id and time of creation of a table; None before its first write."""
        if table not in self._origins and self.exists(table):
            self._origins[table] = self._tables.origin(self.path(table))
        return self._origins.get(table)

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """Read a table, as of a Delta version if one is given.

        Raises:
            MissingTableError: The table does not exist.
            StorageError: It lacks columns of its contract, or has them with other types.
        """
        self._must_exist(table)
        rows = self._tables.read(self.path(table), version)
        if table in self._contracts and table not in self._checked:
            self._must_fit(self._contracts[table], rows)
            self._checked.add(table)
        return rows

    def read_or_empty(self, table: Table) -> DataFrame:
        """Read a table, or an empty frame with its columns before its first write."""
        if self.exists(table.name):
            return self.read(table.name)
        nothing = [F.lit(None).cast(c.type).alias(c.name) for c in table.columns]
        return self.session.range(0).select(*nothing)

    def rows_where(self, table: Table, column: str, value: str) -> list[dict[str, Any]]:
        """Collect the rows of a small table with a value in a column, each as values by name.

        Times have the zone UTC. There are none before the first write of the table.
        """
        if not self.exists(table.name):
            return []
        # Collected times are in the zone of the machine, without naming it.
        times = [c.name for c in table.columns if isinstance(c.type, T.TimestampType)]
        columns = [
            F.unix_micros(name).alias(name) if name in times else name for name in table.names
        ]
        rows = self.read(table.name).where(F.col(column) == value).select(*columns).collect()
        return [_with_times(row.asDict(), times) for row in rows]

    def frame(self, table: Table, rows: Sequence[tuple[object, ...]]) -> DataFrame:
        """Make a small frame with a table's columns from rows in memory."""
        in_memory = pd.DataFrame(rows, columns=list(table.names))
        return self.session.createDataFrame(in_memory, table.schema)

    def read_changes(self, table: str, since: int) -> DataFrame:
        """Read the change data feed: rows inserted, updated (pre and post) and deleted.

        Args:
            table: A table whose change data feed is enabled.
            since: Delta version after which to begin; must be older than the newest.
        """
        return self._tables.read_changes(self.path(table), since)

    def read_changed(self, table: str, since: int, columns: Sequence[str]) -> DataFrame:
        """Read the distinct values of some columns in the change data feed; they are computed.

        Args:
            table: A table whose change data feed is enabled.
            since: Delta version after which to begin; must be older than the newest.
            columns: The columns.

        Raises:
            ChangesLostError: Files of the feed are missing, or it was disabled meanwhile.
        """
        try:
            return self.read_changes(table, since).select(*columns).distinct().localCheckpoint()
        except ENGINE_ERRORS as error:
            raise ChangesLostError(
                f"the change data feed of {self.path(table)} can't be read after version {since} "
                f"({line_at(full_message(error), 0)}): run gold with rebuild=true"
            ) from error

    def change_by_others(self, table: str, left: int) -> str:
        """Describe how others than goldrun changed a table since a version; empty if they did not.

        A compaction, a removal of old files and a change of properties change no rows.
        """
        newest = self.version(table)
        return change_by_others(left, newest, self._commits_after(table, left, newest))

    def has_other_rows(self, table: str, left: int) -> bool:
        """Whether anyone may have changed rows of a table since a version, goldrun included."""
        newest = self.version(table)
        return not has_same_rows(left, newest, self._commits_after(table, left, newest))

    def _commits_after(self, table: str, left: int, newest: int) -> list[Commit]:
        if newest <= left:
            return []
        # More than it takes, for the commits that others make meanwhile.
        commits = self._tables.commits(self.path(table), newest - left + _MEANWHILE)
        return [commit for commit in commits if commit.version > left]

    def has_change_feed(self, table: str) -> bool:
        """Whether the table's change data feed is enabled."""
        return self._tables.has_change_feed(self.path(table))

    def _must_exist(self, table: str) -> None:
        if not self.exists(table):
            raise MissingTableError(
                f"{self.path(table)} is not there: run the step that writes it first "
                "(bronze, silver, gold, in this order), or check --lake"
            )

    def _must_fit(self, table: Table, rows: DataFrame) -> None:
        if wrong := other_columns(rows, table):
            raise StorageError(
                f"{self.path(table.name)} is not the table that goldrun writes there "
                f"({listed(wrong, 3)}): if an older goldrun wrote it, run silver, then gold; "
                "otherwise restore it from a copy, or move it away and run the step that writes it"
            )


def _with_times(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    times = {name: _EPOCH + timedelta(microseconds=row[name]) for name in names if row[name]}
    return {**row, **times}
