"""What a lake asks of whatever writes its Delta tables."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pyspark.sql import DataFrame

from goldrun.contracts.table import Table

OLD, NEW = "old", "new"
"""What a condition calls the stored rows and the rows to merge."""


@dataclass(frozen=True)
class Merge:
    """What a MERGE is told beside its rows.

    Attributes:
        spans: Smallest and largest value of columns of the key, by which files may be passed over.
        where: SQL condition over ``old`` that says as much.
        gone: Name of a column that is true for the keys of rows to delete.
    """

    spans: Mapping[str, tuple[object, object]] = field(default_factory=dict)
    where: str | None = None
    gone: str | None = None


@dataclass(frozen=True)
class Origin:
    """Which table is at a path: what Delta's log says since it was created.

    Attributes:
        id: ``metaData.id``; rewriting the table keeps it, creating it again changes it.
        created_at: When it was created, UTC; None where the log does not say.
    """

    id: str
    created_at: datetime | None


class StagedWrite(Protocol):
    """Rows on their way into a table. Each method that writes makes one commit, or none at all."""

    @property
    def rows(self) -> DataFrame:
        """The rows, to be looked at before they are written."""

    @property
    def parts(self) -> Sequence[DataFrame]:
        """The same rows, in the parts that were computed one by one."""

    def write(self, mode: str, where: str | None = None, note: str = "") -> None:
        """Append the rows, or overwrite the table or the part that ``where`` selects.

        Args:
            mode: ``append`` or ``overwrite``.
            where: SQL condition that all rows satisfy; everything when None.
            note: JSON that is kept with the commit; none when empty.

        Raises:
            ContractError: A value is null that may not be.
        """

    def merge(self, how: Merge) -> None:
        """Insert the rows by key and update those whose key is there.

        Raises:
            ContractError: A value is null that may not be.
        """


class Tables(Protocol):
    """Delta tables by path. Each method that writes makes one commit, or none at all."""

    rows_at_once: int | None
    """How many rows are computed at once, where more are better parted; None: any."""

    def exists(self, path: str) -> bool:
        """Whether there is a table."""

    def version(self, path: str) -> int:
        """Newest version of a table."""

    def origin(self, path: str) -> Origin:
        """Id and creation of a table; a table that is deleted and made again has others."""

    def read(self, path: str, version: int | None) -> DataFrame:
        """A table as of a version; as of the newest when None."""

    def create(self, path: str, table: Table) -> None:
        """Make an empty table as its contract lays it out, unless it is there."""

    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> AbstractContextManager[StagedWrite]:
        """Take rows on their way into a table; what is not written in the block is forgotten.

        Args:
            path: Where the table is.
            table: Its contract.
            rows: The contract's columns, and ``Merge.gone`` if they are to be merged. Several
                frames are parts in the order of the table, and may be computed one by one.
            reused: Whether they will be read more than once or twice.
        """

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """Delete the rows that have the values of a row of ``keys``, each once, in its columns."""

    def compact(self, path: str, table: Table) -> None:
        """Rewrite small files as the contract lays the table out; none, no commit."""

    def read_changes(self, path: str, since: int) -> DataFrame:
        """What was inserted, updated (before and after) and deleted after a version."""

    def has_change_feed(self, path: str) -> bool:
        """Whether a table keeps its changes."""

    def enable_change_feed(self, path: str) -> None:
        """Let a table keep its changes from now on."""
