"""Reading and writing a lake: Delta tables at ``<lake>/<layer>/<table>``."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.check import Checked, check_parts, check_values, conform, refusal
from goldrun.contracts.table import Column, Table
from goldrun.io.delta.commits import note_of
from goldrun.io.delta.differences import (
    DELETE,
    EXISTS,
    INVALID,
    Replaced,
    all_satisfy,
    changed_rows,
    content,
)
from goldrun.io.delta.locks import Locks
from goldrun.io.delta.reader import LakeReader
from goldrun.io.engines.base import Engine
from goldrun.io.engines.tables import Merge, StagedWrite


class Lake(LakeReader):
    """A folder or object-store URI of Delta tables.

    Every write checks the table's contract first, creates the table if it does not exist, and is
    one Delta commit. Rows that equal the stored ones are not written again.
    """

    def __init__(
        self, engine: Engine, root: str, contracts: Mapping[str, Table] | None = None
    ) -> None:
        """Point at a lake; see ``LakeReader``."""
        super().__init__(engine, root, contracts)
        self._locks = Locks(self.root, local=engine.capabilities.writes_locally)

    @property
    def rows_at_once(self) -> int | None:
        """Number of rows above which the engine computes faster in parts; None: no limit."""
        return self.engine.rows_at_once

    @contextlib.contextmanager
    def writing(self, *tables: str, wait_seconds: float | None = None) -> Iterator[None]:
        """Exclude other processes from writing the tables.

        A nested block of the same lake locks the tables that are not locked yet.

        Args:
            tables: Their names.
            wait_seconds: Seconds to wait for another process; when None a few, or the argument of
                ``wait_for_others``.

        Raises:
            LakeBusyError: Another process writes one of the tables.
        """
        with self._locks.held(tables, wait_seconds):
            yield

    def wait_for_others(self, seconds: float) -> None:
        """Set the seconds to wait for another process that writes a table."""
        self._locks.wait(seconds)

    def create(self, table: Table) -> None:
        """Create an empty table as its contract lays it out, unless it exists."""
        if self.exists(table.name):
            return
        self._tables.create(self.path(table.name), table)

    def missing_columns(self, table: Table) -> list[Column]:
        """Columns of a table's contract that the stored table lacks; none if it does not exist."""
        if not self.exists(table.name):
            return []
        stored = self._tables.read(self.path(table.name), None).columns
        return [c for c in table.columns if c.name not in stored]

    def add_columns(self, table: Table, columns: Sequence[Column]) -> None:
        """Add columns to a stored table in one commit; rows that exist have null in them."""
        self._tables.add_columns(self.path(table.name), columns)

    def append(self, table: Table, rows: DataFrame) -> None:
        """Append rows in one commit; their keys must be new, which is not checked.

        Raises:
            ContractError: A column is missing, or a required value is null.
        """
        self.create(table)
        with self._staged(table, conform(rows, table)) as staged:
            staged.write("append")

    def append_unless_empty(self, table: Table, rows: DataFrame) -> None:
        """Create the table if it does not exist, and append rows; no rows, no commit.

        Raises:
            ContractError: A column is missing, or a required value is null.
        """
        self.create(table)
        with self._staged(table, conform(rows, table)) as staged:
            if not staged.rows.isEmpty():
                staged.write("append")

    def upsert(self, table: Table, rows: DataFrame) -> None:
        """Insert rows with new keys and update rows with stored keys; no rows, no commit.

        Raises:
            ContractError: Two rows have the same key, or a value breaks the contract.
        """
        self.create(table)
        with self._staged(table, conform(rows, table)) as staged:
            checked = check_values(staged.rows, table)
            if not checked.rows:
                return
            if self._locks.exclude_others and not self._has_any(table, staged.rows, checked):
                # A MERGE takes several times as long to plan as this check. It is needed if
                # another process may write meanwhile: Delta never rejects an append.
                staged.write("append")
                return
            staged.merge(Merge(checked.spans))

    def replace_rows(
        self, table: Table, rows: DataFrame, part: DataFrame, where: str | None = None
    ) -> Replaced | None:
        """Replace a part of the table by rows, in one commit of the differences.

        Args:
            table: The contract.
            rows: The part's new content.
            part: The stored rows of the part: all rows with a key of ``rows``, and the rows to
                delete.
            where: SQL condition over ``old`` that all rows of the part satisfy, with which files
                are skipped.

        Returns:
            What has changed; None when the part has this content already.

        Raises:
            ContractError: Two rows have the same key, or a value breaks the contract.
        """
        self.create(table)
        new = conform(rows, table)
        changes = changed_rows(new, part, table).localCheckpoint()
        smallest = [F.min(name) for name in table.key]
        count, invalid, exists, *first = changes.agg(
            F.count("*"), F.bool_or(INVALID), F.bool_or(EXISTS), *smallest
        ).collect()[0]
        if not count:
            return None
        if invalid:
            raise refusal(new, table)
        all_new = self._locks.exclude_others and not exists
        names = table.names if all_new else (*table.names, DELETE)
        with self._staged(table, changes.select(*names)) as staged:
            if all_new:
                staged.write("append")
            else:
                staged.merge(Merge(where=where, delete_flag=DELETE))
        return Replaced(changes, dict(zip(table.key, first, strict=True)))

    def replace(
        self,
        table: Table,
        rows: DataFrame | Sequence[DataFrame],
        where: str | None = None,
        note: Mapping[str, object] | None = None,
    ) -> bool:
        """Replace the table, or the part of it that ``where`` selects, by rows.

        Args:
            table: The contract.
            rows: The new content; one frame, or its parts in the order of the table.
            where: SQL condition that all ``rows`` satisfy; the whole table when None.
            note: Values stored with the commit as JSON (``userMetadata``).

        Returns:
            Whether anything was written: False when the table has this content already.

        Raises:
            ContractError: Two rows have the same key, or a value breaks the contract.
        """
        parts = [rows] if isinstance(rows, DataFrame) else rows
        new = [conform(part, table) for part in parts]
        with self._staged(table, *new, reused=True) as staged:
            count = check_parts(staged.parts, table)
            stored = self._stored(table, where)
            stored_count = 0 if stored is None else stored.count()
            if (
                stored is not None
                and stored_count == count
                and content(stored) == content(staged.rows)
            ):
                return False
            self.create(table)
            can_append = where and not stored_count and self._locks.exclude_others
            if where and can_append and all_satisfy(staged.rows, where):
                staged.write("append", note=note_of(note))
            else:
                staged.write("overwrite", where, note_of(note))
            return True

    def delete_rows(self, table: str, keys: DataFrame) -> bool:
        """Delete the rows that equal a row of ``keys`` in its columns; no rows, no commit.

        Returns:
            Whether there were any.
        """
        if self.read(table).join(keys, keys.columns, "left_semi").isEmpty():
            return False
        self._tables.delete_rows(self.path(table), keys.distinct())
        return True

    def enable_change_feed(self, table: str) -> bool:
        """Enable a table's change data feed; return whether it was disabled before."""
        if self.has_change_feed(table):
            return False
        self._tables.enable_change_feed(self.path(table))
        return True

    def compact(self, table: Table) -> None:
        """Rewrite small files in the contract's layout; no commit when there are none.

        Raises:
            LakeBusyError: A concurrent commit changed the same files.
        """
        self._tables.compact(self.path(table.name), table)

    def _stored(self, table: Table, where: str | None) -> DataFrame | None:
        if not self.exists(table.name):
            return None
        rows = self.read(table.name)
        if set(rows.columns) >= set(table.names):
            # Columns that were added to the table later are stored at its end; others may have
            # been added by hand.
            rows = rows.select(*table.names)
        return rows.where(where) if where else rows

    def _has_any(self, table: Table, rows: DataFrame, checked: Checked) -> bool:
        """Whether the key of any of the rows is stored."""
        stored, key = self.read(table.name), list(table.key)
        for name, ends in checked.spans.items():
            stored = stored.where(F.col(name).between(*map(F.lit, ends)))
        return not stored.join(rows.select(*key), key, "left_semi").isEmpty()

    def _staged(
        self, table: Table, *rows: DataFrame, reused: bool = False
    ) -> AbstractContextManager[StagedWrite]:
        return self._tables.stage(self.path(table.name), table, rows, reused=reused)
