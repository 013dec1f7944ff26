"""Workbooks (xlsx, xlsm, xlsb, xls, ods): the header and the rows of their sheets.

The first row of a sheet with a value is its header, and every other row with a value is a record. A
row is malformed if it has a value beyond the columns of the header; its text is its values with
tabs between them. An empty cell, a cell that is merged with the one above or before it, and one
whose formula failed, is null. Values are those that the cells have, however they are shown: whole
numbers without a point, others with the fewest digits, dates and times in ISO 8601 as local times,
``true`` and ``false``.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
import python_calamine as calamine

from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SourceError, did_you_mean, listed
from goldrun.io.sources.arrow_text import number_text, time_text
from goldrun.io.sources.csv_files import check_names
from goldrun.io.sources.parts import Part, not_whole, random_access
from goldrun.io.sources.records import RECORDS, Parsed, Piece

_ROWS_AT_ONCE = 20_000
Cells = list[Any]


@dataclass(frozen=True)
class ExcelLayout:
    """How a sheet is read.

    Attributes:
        part: The sheet.
        columns: Names in its header; a column without a name is called ``_c`` and its position.
    """

    part: Part
    columns: tuple[str, ...]
    plain: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the parsers of the sheet's rows.

        Raises:
            SourceError: The file is damaged.
        """
        with _opened(self.part) as book:
            rows = _rows(book, self.part.sheet)
            next(rows)
            while some := list(islice(rows, _ROWS_AT_ONCE)):
                yield partial(_records, some, self.columns)


def sheets(part: Part, settings: FileSettings) -> list[Part]:
    """List the sheets to read: the one of the settings, or all visible ones that have a value.

    Raises:
        SourceError: The file is no workbook, or has no such sheet.
    """
    with _opened(part) as book:
        names = [
            each.name
            for each in book.sheets_metadata
            if each.typ == calamine.SheetTypeEnum.WorkSheet
            and each.visible == calamine.SheetVisibleEnum.Visible
        ]
        if settings.sheet is None:
            filled = [name for name in names if next(_rows(book, name), None)]
            if not filled:
                raise SourceError(
                    f"{part.name} is empty: no visible sheet has a value; remove the file"
                )
            return [Part(part.file, part.member, name) for name in filled]
        names = book.sheet_names
    if settings.sheet not in names:
        raise SourceError(
            f"{part.name} has no sheet {settings.sheet!r}{did_you_mean(settings.sheet, names)}: "
            f"set sheet to one of {listed(names)}"
        )
    return [Part(part.file, part.member, settings.sheet)]


def inspect_excel(part: Part, settings: FileSettings) -> ExcelLayout:
    """Read the header of a sheet.

    Raises:
        SourceError: The sheet is empty, or names a column twice.
    """
    with _opened(part) as book:
        first = next(_rows(book, part.sheet), [])
    found = [(_text(cell) or "").strip(INVISIBLE) for cell in first]
    while found and not found[-1]:
        found.pop()
    if not found:
        raise SourceError(f"{part.name} is empty: it has no header row; remove the sheet")
    names = tuple(name or f"_c{position}" for position, name in enumerate(found))
    check_names(part, names)
    return ExcelLayout(part, names)


@contextlib.contextmanager
def _opened(part: Part) -> Iterator[calamine.CalamineWorkbook]:
    try:
        with random_access(part) as stream:
            yield calamine.CalamineWorkbook.from_filelike(stream)
    except calamine.PasswordError as error:
        raise SourceError(f"{part.name} is protected by a password: save it without one") from error
    except calamine.CalamineError as error:
        raise not_whole(part.name, "damaged, or no workbook") from error


def _rows(book: calamine.CalamineWorkbook, sheet: str) -> Iterator[Cells]:
    """Yield the rows that have a value."""
    for row in book.get_sheet_by_name(sheet).iter_rows():
        if any(cell != "" for cell in row):
            yield row


def _records(rows: Sequence[Cells], columns: tuple[str, ...]) -> Parsed:
    texts = [[_text(cell) for cell in row] for row in rows]
    fits = [not any(row[len(columns) :]) for row in texts]
    records = [
        list(zip(columns, row, strict=False)) if fit else []
        for row, fit in zip(texts, fits, strict=True)
    ]
    malformed = [
        None if fit else "\t".join(cell or "" for cell in row)
        for row, fit in zip(texts, fits, strict=True)
    ]
    return pa.array(records, RECORDS), pa.array(malformed, pa.large_string())


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Workbooks of older formats have whole numbers; Python 3.11 gives them no is_integer.
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, date | time):
        return time_text(value)
    if isinstance(value, timedelta):
        return number_text(value / timedelta(days=1))
    return str(value) or None
