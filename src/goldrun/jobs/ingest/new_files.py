"""Check new files of an entity, and read them with the values of other lines and files."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.row_context import LINE_NUMBER, joined_column
from goldrun.contracts.source import Source
from goldrun.io.engines.base import Engine
from goldrun.io.sources.forms import Layout
from goldrun.jobs.ingest.file_columns import check_optional, never
from goldrun.jobs.ingest.joined_files import JoinedFiles, check_joined, with_joined
from goldrun.jobs.ingest.place_checks import check_places
from goldrun.jobs.ingest.raw_files import check_form, reading_files
from goldrun.medallion.row_context import fill_down
from goldrun.medallion.source_columns import columns_required, reads_row_numbers


@dataclass(frozen=True)
class NewFiles:
    """The new files of one entity, which ``check_files`` has checked.

    Attributes:
        entity: Name of the entity.
        mapping: Path and format of the files.
        files: Fingerprint by file.
        layouts: How they are read.
        joined: Their joined files.
        stored: Fingerprints of the contents in bronze.
        first: Offset of the first record to ingest of each file that was overwritten.
        again: Files that have the bytes of an earlier content of theirs.
    """

    entity: str
    mapping: EntityMapping
    files: dict[Path, str]
    layouts: list[Layout]
    joined: list[JoinedFiles]
    stored: frozenset[str] = frozenset()
    first: Mapping[str, int] = field(default_factory=dict)
    again: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, Sequence[str]]:
        """Columns of each file, member of an archive or sheet with a header, by its name."""
        with_header = self.layouts if self.mapping.has_header else []
        return {layout.part.name: layout.columns for layout in with_header}

    def only(self, files: Collection[Path]) -> "NewFiles":
        """Return some of the files."""
        return replace(
            self,
            files={f: self.files[f] for f in self.files if f in files},
            layouts=[each for each in self.layouts if each.part.file in files],
        )


def inspect(
    engine: Engine,
    source: Source,
    entity: str,
    files: Mapping[Path, str],
    root: str = "",
    earlier_have: Callable[[str], bool] = never,
) -> NewFiles:
    """Check that files of an entity can be read, and read their joined files.

    Args:
        engine: The engine.
        source: The shop.
        entity: Name of the entity.
        files: Fingerprint by file.
        root: The lake, whose bronze table of the entity is locked; empty if there is none.
        earlier_have: Whether a file that was read before has a column.

    Raises:
        SourceError: A file can't be read.
    """
    mapping = source.with_files[entity]
    layouts = check_form(files, mapping, columns_required(source, entity))
    new = NewFiles(entity, mapping, dict(files), layouts, [])
    check_optional(source, entity, new.headers, earlier_have)
    check_places(source, entity, layouts, files)
    joined = check_joined(engine, source, entity, root) if files else []
    return replace(new, joined=joined)


@contextlib.contextmanager
def reading_raw(engine: Engine, new: NewFiles, root: str = "") -> Iterator[DataFrame]:
    """Read files as text (see ``reading_files``), with the values of other lines and files.

    Args:
        engine: The engine.
        new: The files.
        root: The lake, whose bronze table of the entity is locked; empty if there is none.
    """
    with reading_files(engine, new.files, new.layouts, (root, new.entity)) as read:
        down, no_value = new.mapping.fill_down, new.mapping.no_value
        raw = read if down is None else fill_down(read, down, no_value)
        yield with_joined(raw, new.joined, no_value)


def own_columns(names: Iterable[str], new: NewFiles) -> list[str]:
    """Leave out the columns of records that ``reading_raw`` adds to those of their file."""
    added = tuple(joined_column(name, "") for name in new.mapping.join)
    line = {LINE_NUMBER} if new.mapping.fill_down else set()
    return [name for name in names if name not in line and not name.startswith(added)]


def one_file_per_task(engine: Engine, source: Source, entity: str) -> AbstractContextManager[None]:
    """Return the block in which records of files are computed; see ``Engine``."""
    return engine.one_file_per_task(whole=reads_row_numbers(source, entity))
