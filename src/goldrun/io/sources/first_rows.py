"""Read the first rows of files of any form, with the settings that the files themselves show."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from goldrun.contracts.file_settings import FileSettings
from goldrun.errors import SourceError
from goldrun.io.sources.forms import ARCHIVE, FORMS, Layout, inspect_file
from goldrun.io.sources.packed import records_of
from goldrun.io.sources.parts import Part, is_archive, members
from goldrun.io.sources.records import Piece
from goldrun.io.sources.sniffing import sniff

Record = dict[str, str | None]
_LISTS_TRIED = 200
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Table:
    """A file, or a sheet of a workbook.

    Attributes:
        file: The file.
        keys: Keys of a source's TOML with which it is read, without its path.
        columns: Names of its columns.
        layouts: How its parts are read.
        guessed: Whether the encoding is only likely.
    """

    file: Path
    keys: Mapping[str, str]
    columns: Sequence[str]
    layouts: Sequence[Layout]
    guessed: bool = False

    def rows(self, most: int) -> Iterator[Record]:
        """Yield its first rows as text by column; malformed ones are left out."""
        records = itertools.chain.from_iterable(records_of(each) for each in self.layouts)
        whole = (record for record, malformed in records if malformed is None)
        yield from itertools.islice(whole, most)


@dataclass(frozen=True)
class FirstRows:
    """A part of a file of which the pieces after some rows are not read.

    Attributes:
        layout: How the part is read.
        most: Number of rows; some more are read, up to the end of their piece.
    """

    layout: Layout
    most: int
    plain: bool = False

    @property
    def part(self) -> Part:
        """See ``Layout``."""
        return self.layout.part

    @property
    def columns(self) -> tuple[str, ...]:
        """See ``Layout``."""
        return self.layout.columns

    def pieces(self) -> Iterator[Piece]:
        """Yield parsers of the first records."""
        rows = 0
        for piece in self.layout.pieces():
            parsed = piece()
            yield lambda parsed=parsed: parsed  # type: ignore[misc]
            rows += len(parsed[0])
            if rows >= self.most:
                return


def form_of(file: Path) -> str | None:
    """Return a file's format by its name, or an archive's by its members; None if unknown."""
    for name, form in FORMS.items():
        if file.name.lower().endswith(form.suffixes):
            return name
        if file.name.lower().endswith(ARCHIVE) and _has_members(file, form.suffixes):
            return name
    return None


def tables_of(file: Path) -> list[Table]:
    """Find out how a file of a known form is read.

    Raises:
        SourceError: It can't be read, has no header, or has parts of different columns.
    """
    form = form_of(file)
    if form is None:
        raise SourceError(f"{file}: its form is not known by its name")
    keys: dict[str, str] = {} if form == "csv" else {"format": form}
    guessed = False
    if form == "csv":
        keys, guessed = _csv_keys(file)
    layouts = inspect_file(file, _settings(file, keys))
    if form == "json" and (each := _list_of_objects(layouts)):
        keys["each"] = each
        layouts = inspect_file(file, _settings(file, keys))
    if form == "excel" and len(layouts) > 1:
        return [_table(file, keys | {"sheet": one.part.sheet}, [one]) for one in layouts]
    return [_table(file, keys, layouts, guessed=guessed)]


def _table(
    file: Path, keys: Mapping[str, str], layouts: Sequence[Layout], *, guessed: bool = False
) -> Table:
    columns = [tuple(each.columns) for each in layouts]
    if len({*columns}) > 1:
        raise SourceError(f"{file}: its parts have different columns; unpack them")
    return Table(file, keys, columns[0], layouts, guessed)


def _settings(file: Path, keys: Mapping[str, str]) -> FileSettings:
    return FileSettings.model_validate({"path": str(file), **keys})


def _csv_keys(file: Path) -> tuple[dict[str, str], bool]:
    """Return the keys of a CSV file, and whether the encoding is only likely.

    Raises:
        SourceError: Its first line is not a header.
    """
    part = members(file, FORMS["csv"].suffixes)[0] if is_archive(file) else Part(file)
    sniffed = sniff(part)
    if not sniffed.has_header:
        raise SourceError(f"{file}: its first line is data; add a line with column names")
    keys = {"delimiter": sniffed.delimiter, "encoding": sniffed.encoding}
    usual = _settings(file, {})
    if sniffed.delimiter == usual.delimiter_of(part.file_name):
        del keys["delimiter"]
    if sniffed.encoding == usual.encoding:
        del keys["encoding"]
    return keys, sniffed.guessed


def _has_members(archive: Path, suffixes: tuple[str, ...]) -> bool:
    try:
        return bool(members(archive, suffixes))
    except SourceError:
        return False


def _list_of_objects(layouts: Sequence[Layout]) -> str | None:
    """Return the key whose values are lists of objects, such as an order's items."""
    records = itertools.chain.from_iterable(records_of(each) for each in layouts)
    found: dict[str, list[bool]] = {}
    for record, _ in itertools.islice(records, _LISTS_TRIED):
        for name, text in record.items():
            if text is not None:
                found.setdefault(name, []).append(text.startswith("[{"))
    shares = {name: sum(each) / len(each) for name, each in found.items()}
    return next((name for name, share in shares.items() if share >= _NEARLY_ALL), None)
