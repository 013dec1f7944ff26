"""A lake without an engine, known by its id, with tables that are lists in memory."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from goldrun.contracts.table import Table
from goldrun.io.engines.registry import engines_with
from goldrun.io.engines.tables import Origin


class KnownLake:
    """A stand-in for a lake: its identity and small tables."""

    def __init__(self, identity: str | None, root: str) -> None:
        self.engine: Any = object.__new__(engines_with("streams")[0])
        self.root = root
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self._origin = Origin(identity, None) if identity else None

    def origin(self, _: str) -> Origin | None:
        return self._origin

    def path(self, table: str) -> str:
        return f"{self.root}/{table}"

    @contextlib.contextmanager
    def writing(self, *_: str, wait_seconds: float | None = None) -> Iterator[None]:
        yield

    def frame(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [dict(zip(table.names, row, strict=True)) for row in rows]

    def append(self, table: Table, rows: list[dict[str, Any]]) -> None:
        self.tables.setdefault(table.name, []).extend(rows)

    def rows_where(self, table: Table, column: str, value: str) -> list[dict[str, Any]]:
        return [row for row in self.tables.get(table.name, []) if row[column] == value]


def lake_of(identity: str | None, root: str = "/data/lake") -> Any:
    """Return a stand-in for a lake with this identity."""
    return KnownLake(identity, root)
