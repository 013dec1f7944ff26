"""The interface of an engine's Delta tables: what each engine implements for ``Lake``."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pyspark.sql import DataFrame

from goldrun.contracts.table import Column, Table

OLD, NEW = "old", "new"
"""Aliases of the stored rows and of the rows to merge in a condition."""


@dataclass(frozen=True)
class Merge:
    """Options of a MERGE by the table's key.

    Attributes:
        spans: Smallest and largest value of columns of the key, with which files are skipped.
        where: SQL condition over ``old``, with which files are skipped.
        delete_flag: Name of a boolean column that is true for the keys of rows to delete.
    """

    spans: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    where: str | None = None
    delete_flag: str | None = None


@dataclass(frozen=True)
class Commit:
    """One commit of a table.

    Attributes:
        version: Version of the table that it made.
        operation: What it did, such as ``MERGE`` or ``OPTIMIZE``.
        note: Its ``userMetadata``; empty if it has none.
    """

    version: int
    operation: str
    note: str


@dataclass(frozen=True)
class Origin:
    """Identity of the table at a path, from the metadata in its log.

    Attributes:
        id: ``metaData.id``; overwriting the table keeps it, creating it again changes it.
        created_at: Time of creation, UTC; None if the log has none.
    """

    id: str
    created_at: datetime | None


class StagedWrite(Protocol):
    """Rows that are computed and not yet committed. A method that writes makes at most one commit.

    No commit happens if there are no rows to append. Every commit has ``commits.note_of`` as
    its ``userMetadata``, by which gold recognises what goldrun wrote.
    """

    @property
    def rows(self) -> DataFrame:
        """The staged rows, for checks before they are written."""

    @property
    def parts(self) -> Sequence[DataFrame]:
        """The staged rows by the frames that they were computed from."""

    def write(
        self, mode: str, where: str | None = None, note: str = "", *, retypes: bool = False
    ) -> None:
        """Append the rows, or overwrite the table or the part that ``where`` selects.

        Args:
            mode: ``append`` or ``overwrite``.
            where: SQL condition that all rows satisfy; the whole table when None.
            note: JSON for ``userMetadata`` of the commit; ``commits.note_of()`` when empty.
            retypes: Whether the overwritten table gets the columns and types of the rows.

        Raises:
            ContractError: A required value is null.
        """

    def merge(self, how: Merge) -> None:
        """Insert the rows with new keys and update the rows with stored keys.

        Raises:
            ContractError: A required value is null.
        """


class Tables(Protocol):
    """Delta tables by path. A method that writes makes one commit, or none without a change."""

    def exists(self, path: str) -> bool:
        """Whether a Delta table is at the path."""

    def version(self, path: str) -> int:
        """Newest version of a table."""

    def commits(self, path: str, most: int) -> list[Commit]:
        """Read the newest commits of a table, ``most`` of them if its log has as many."""

    def origin(self, path: str) -> Origin:
        """Identity of a table; a table that is deleted and created again has another."""

    def read(self, path: str, version: int | None) -> DataFrame:
        """Read a table as of a version; as of the newest when None."""

    def create(self, path: str, table: Table) -> None:
        """Create an empty table with the contract's schema and layout, unless it exists."""

    def add_columns(self, path: str, columns: Sequence[Column]) -> None:
        """Add nullable columns at the end of a table; rows that exist have null in them."""

    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> AbstractContextManager[StagedWrite]:
        """Stage rows for a table; rows that the block does not write are discarded.

        Args:
            path: Path of the table.
            table: Its contract.
            rows: Frames with the contract's columns, and ``Merge.delete_flag`` if they are to be
                merged. Several frames are parts in the order of the table, which an engine may
                compute separately.
            reused: Whether the staged rows are read more than once before they are written.
        """

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """Delete the rows that equal a row of ``keys`` in its columns; ``keys`` are distinct."""

    def compact(self, path: str, table: Table) -> None:
        """Rewrite small files in the contract's layout; no commit when there are none.

        Raises:
            LakeBusyError: A concurrent commit changed the same files.
        """

    def read_changes(self, path: str, since: int) -> DataFrame:
        """Read the change data feed after a version: inserts, updates (pre and post), deletes."""

    def has_change_feed(self, path: str) -> bool:
        """Whether a table's change data feed is enabled."""

    def enable_change_feed(self, path: str) -> None:
        """Enable a table's change data feed, from the next commit on."""

    def data_files(self, path: str) -> list[Path]:
        """List the data files of the newest version of a table in a folder."""

    def rewrite_deleted(self, path: str) -> bool:
        """Rewrite the files of a table that may have deleted rows; return whether it may."""

    def vacuum(self, path: str) -> None:
        """Remove all files in a table's folder that its newest version does not need."""

    def checkpointed(self, path: str) -> AbstractContextManager[None]:
        """Write a checkpoint of a table's newest version, which stays the newest in the block."""
