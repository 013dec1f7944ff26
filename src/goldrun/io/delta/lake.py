"""The only reader and writer of Delta tables: each at ``<lake>/<layer>/<table>``."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.check import (
    Checked,
    check_parts,
    check_values,
    conform,
    other_columns,
    refusal,
)
from goldrun.contracts.stored import STORED
from goldrun.contracts.table import Table
from goldrun.errors import MissingTableError, StorageError, listed
from goldrun.io.delta.locks import Locks
from goldrun.io.delta.properties import GONE, KNOWN, WRONG, changed_rows, content
from goldrun.io.engines.base import Merge, Origin, StagedWrite
from goldrun.io.engines.choose import storage_of, writes_here


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
        self._storage = storage_of(spark)
        self._locks = Locks(self.root, here=writes_here(spark))
        # Tables come and never go, and asking for one takes a tenth of a second.
        self._seen: set[str] = set()
        self._origins: dict[str, Origin] = {}
        self._known: set[str] = set()

    @property
    def rows_at_once(self) -> int | None:
        """How many rows are computed at once, where more are better parted; None: any."""
        return self._storage.rows_at_once

    def path(self, table: str) -> str:
        """Where ``layer/name`` is."""
        return f"{self.root}/{table}"

    def exists(self, table: str) -> bool:
        """Whether the table was ever written."""
        if table not in self._seen and self._storage.exists(self.path(table)):
            self._seen.add(table)
        return table in self._seen

    def version(self, table: str) -> int:
        """Newest Delta version of the table; MissingTableError when it is not there."""
        self._must_exist(table)
        return self._storage.version(self.path(table))

    def origin(self, table: str) -> Origin | None:
        """Id and creation of a table; None before it was written."""
        if table not in self._origins and self.exists(table):
            self._origins[table] = self._storage.origin(self.path(table))
        return self._origins.get(table)

    def versions(self, tables: Sequence[str]) -> dict[str, int]:
        """Newest version of each of the tables that exist."""
        return {table: self.version(table) for table in tables if self.exists(table)}

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """Read a table, as of a Delta version if one is given.

        Raises:
            MissingTableError: The table is not there.
            StorageError: It lacks columns of its contract, or has them of another type.
        """
        self._must_exist(table)
        rows = self._storage.read(self.path(table), version)
        if table in STORED and table not in self._known:
            self._must_be(STORED[table], rows)
            self._known.add(table)
        return rows

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
    def writing(self, *tables: str, wait_seconds: float | None = None) -> Iterator[None]:
        """Keep other processes from writing the tables; LakeBusyError when one already does.

        Inside another block of the same lake it holds what is not held yet.

        Args:
            tables: Their names.
            wait_seconds: How long to wait for another process; a few seconds, or what
                ``wait_for_others`` was told, when None.
        """
        with self._locks.held(tables, wait_seconds):
            yield

    def wait_for_others(self, seconds: float) -> None:
        """Wait this long, from now on, for another process that writes a table."""
        self._locks.patient(seconds)

    def create(self, table: Table) -> None:
        """Make the empty table as its contract lays it out, unless it is there."""
        if self.exists(table.name):
            return
        self._storage.create(self.path(table.name), table)

    def append(self, table: Table, rows: DataFrame) -> None:
        """Add rows in one commit; the caller knows that their keys are new."""
        self.create(table)
        with self._draft(table, conform(rows, table)) as draft:
            draft.write("append")

    def append_unless_empty(self, table: Table, rows: DataFrame) -> None:
        """Create the table if need be, and add rows if there are any."""
        self.create(table)
        with self._draft(table, conform(rows, table)) as draft:
            if not draft.rows.isEmpty():
                draft.write("append")

    def upsert(self, table: Table, rows: DataFrame) -> None:
        """Insert rows by key and update those whose key is there; no rows, no commit.

        Raises:
            ContractError: Two rows have the same key, or a value breaks the contract.
        """
        self.create(table)
        with self._draft(table, conform(rows, table)) as draft:
            seen = check_values(draft.rows, table)
            if not seen.rows:
                return
            if self._locks.keep_others_out and not self._has_any(table, draft.rows, seen):
                # A MERGE finds as much, but takes several times as long to plan. It is needed
                # where another process may write meanwhile: Delta lets an append pass whatever
                # came first.
                draft.write("append")
                return
            draft.merge(Merge(seen.spans))

    def replace_rows(
        self, table: Table, rows: DataFrame, part: DataFrame, where: str | None = None
    ) -> bool:
        """Make a part of the table hold exactly these rows, in one commit.

        Args:
            table: The contract.
            rows: The part's new content.
            part: The stored rows that make the part: all that have the key of one of ``rows``,
                and those that are to go.
            where: SQL condition over ``old`` that all rows of the part satisfy, by which files are
                passed over.

        Returns:
            Whether anything was written: False when the rows are there already.
        """
        self.create(table)
        fresh = conform(rows, table)
        difference = changed_rows(fresh, part, table).localCheckpoint()
        found = difference.agg(F.count("*"), F.bool_or(WRONG), F.bool_or(KNOWN)).collect()[0]
        many, wrong, known = found
        if not many:
            return False
        if wrong:
            raise refusal(fresh, table)
        all_new = self._locks.keep_others_out and not known
        names = table.names if all_new else (*table.names, GONE)
        with self._draft(table, difference.select(*names)) as draft:
            if all_new:
                draft.write("append")
            else:
                draft.merge(Merge(where=where, gone=GONE))
        return True

    def replace(
        self,
        table: Table,
        rows: DataFrame | Sequence[DataFrame],
        where: str | None = None,
        note: Mapping[str, object] | None = None,
    ) -> bool:
        """Make the table, or the part of it that ``where`` selects, hold exactly these rows.

        Args:
            table: The contract.
            rows: The new content; one frame, or its parts in the order of the table.
            where: SQL condition that all ``rows`` satisfy; everything when None.
            note: Facts kept with the commit as JSON.

        Returns:
            Whether anything was written: False when the rows are there already.
        """
        parts = [rows] if isinstance(rows, DataFrame) else rows
        fresh = [conform(part, table) for part in parts]
        with self._draft(table, *fresh, reused=True) as draft:
            many = check_parts(draft.parts, table)
            there = 0
            if self.exists(table.name):
                whole = self.read(table.name)
                stored = whole.where(where) if where else whole
                there = stored.count()
                if there == many and content(stored) == content(draft.rows):
                    return False
            self.create(table)
            told = json.dumps(note, default=str, sort_keys=True) if note else ""
            if where and not there and self._locks.keep_others_out and _all_are(draft.rows, where):
                draft.write("append", note=told)
            else:
                draft.write("overwrite", where, told)
            return True

    def delete_rows(self, table: str, keys: DataFrame) -> bool:
        """Delete the rows that have the values of a row of ``keys`` in its columns.

        Returns:
            Whether there were any; no rows, no commit.
        """
        if self.read(table).join(keys, keys.columns, "left_semi").isEmpty():
            return False
        self._storage.delete_rows(self.path(table), keys.distinct())
        return True

    def read_changes(self, table: str, since: int) -> DataFrame:
        """Read what was inserted, updated (before and after) and deleted after a version.

        Args:
            table: One whose changes are kept.
            since: Delta version after which to begin; must be older than the newest.
        """
        return self._storage.read_changes(self.path(table), since)

    def has_change_feed(self, table: str) -> bool:
        """Whether it is kept what changes in a table."""
        return self._storage.has_change_feed(self.path(table))

    def enable_change_feed(self, table: str) -> bool:
        """Keep a table's changes from now on; return whether they were not kept before."""
        if self.has_change_feed(table):
            return False
        self._storage.enable_change_feed(self.path(table))
        return True

    def compact(self, table: Table) -> None:
        """Rewrite small files as the contract lays the table out; commits nothing if tidy."""
        self._storage.compact(self.path(table.name), table)

    def _has_any(self, table: Table, rows: DataFrame, seen: Checked) -> bool:
        """Whether the key of any of the rows is stored."""
        stored, key = self.read(table.name), list(table.key)
        for name, ends in seen.spans.items():
            stored = stored.where(F.col(name).between(*map(F.lit, ends)))
        return not stored.join(rows.select(*key), key, "left_semi").isEmpty()

    def _must_exist(self, table: str) -> None:
        if not self.exists(table):
            raise MissingTableError(
                f"{self.path(table)} is not there: run the step that writes it first "
                "(bronze, silver, gold, in this order), or check --lake"
            )

    def _must_be(self, table: Table, rows: DataFrame) -> None:
        if wrong := other_columns(rows, table):
            raise StorageError(
                f"{self.path(table.name)} is not the table that goldrun writes there "
                f"({listed(wrong, 3)}): restore it from a copy, or move it away and run the step "
                "that writes it"
            )

    def _draft(
        self, table: Table, *rows: DataFrame, reused: bool = False
    ) -> AbstractContextManager[StagedWrite]:
        return self._storage.stage(self.path(table.name), table, rows, reused=reused)


def _all_are(rows: DataFrame, condition: str) -> bool:
    """Whether all rows satisfy a condition; one of which it is unknown does not."""
    return rows.where(f"NOT coalesce({condition}, false)").isEmpty()
