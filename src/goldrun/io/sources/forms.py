"""The forms of source files, one object each: endings of names, and how their parts are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from goldrun.contracts.file_settings import FileSettings
from goldrun.io.sources.csv_files import inspect_csv
from goldrun.io.sources.json_files import inspect_json
from goldrun.io.sources.parquet_files import inspect_parquet
from goldrun.io.sources.parts import Part, is_archive, members
from goldrun.io.sources.records import Piece

_COMPRESSED = ("", ".gz", ".bz2")
ARCHIVE = ".zip"


class Layout(Protocol):
    """How one part of a file is read."""

    @property
    def part(self) -> Part:
        """The part."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Its columns or keys; none if no record has any."""

    @property
    def plain(self) -> bool:
        """Whether engines may split the file at its line ends, and parse lines by themselves."""

    def pieces(self) -> Iterator[Piece]:
        """Yield parsers of its records, in order."""


def _whole_file(part: Part, settings: FileSettings) -> list[Part]:
    return [part]


@dataclass(frozen=True)
class Form:
    """A form of files.

    Attributes:
        endings: Endings of file names, in lower case.
        inspect: Checks that a part can be read to its end, and finds out how.
        compressed: Whether ``.gz`` and ``.bz2`` may follow an ending.
        parts: Lists the parts of a file or of a member of an archive.
    """

    endings: tuple[str, ...]
    inspect: Callable[[Part, FileSettings], Layout]
    compressed: bool = True
    parts: Callable[[Part, FileSettings], list[Part]] = _whole_file

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of files and of members of an archive."""
        packings = _COMPRESSED if self.compressed else ("",)
        return tuple(ending + packing for ending in self.endings for packing in packings)


def _sheets(part: Part, settings: FileSettings) -> list[Part]:
    # Loaded with the first workbook.
    from goldrun.io.sources.excel_files import sheets  # noqa: PLC0415

    return sheets(part, settings)


def _inspect_sheet(part: Part, settings: FileSettings) -> Layout:
    from goldrun.io.sources.excel_files import inspect_excel  # noqa: PLC0415

    return inspect_excel(part, settings)


FORMS: dict[str, Form] = {
    "csv": Form((".csv", ".tsv", ".txt"), inspect_csv),
    "json": Form((".json", ".jsonl", ".ndjson"), inspect_json),
    "parquet": Form((".parquet", ".pq"), inspect_parquet, compressed=False),
    "excel": Form(
        (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        *(_inspect_sheet, False, _sheets),
    ),
}
"""Form by ``format``."""


def inspect_file(file: Path, settings: FileSettings) -> list[Layout]:
    """Check that a file can be read, and find out how: each member of an archive, each sheet.

    Raises:
        SourceError: The file can't be read.
    """
    form = FORMS[settings.format]
    found = members(file, form.suffixes) if is_archive(file) else [Part(file)]
    parts = [part for each in found for part in form.parts(each, settings)]
    return [form.inspect(part, settings) for part in parts]
