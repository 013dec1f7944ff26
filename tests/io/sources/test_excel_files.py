"""The rows of a workbook are records; every cell has the text that other formats would have."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from goldrun.errors import SourceError
from goldrun.io.sources import excel_files
from tests.io.sources.records import read

FORMATS = {date: "yyyy-mm-dd", datetime: "dd/mm/yyyy hh:mm:ss.000", time: "hh:mm:ss"}


def write(file: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], first: int = 0) -> Path:
    """Write a workbook; the rows of each sheet begin at a row and a column."""
    with xlsxwriter.Workbook(file) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows, first):
                for place, value in enumerate(row, first):
                    if type(value) in formats:
                        sheet.write_datetime(number, place, value, formats[type(value)])
                    elif value is not None:
                        sheet.write(number, place, value)
    return file


@pytest.mark.parametrize("first", [0, 3])
def test_cells_become_text(tmp_path: Path, first: int) -> None:
    rows: list[list[Any]] = [
        [" Id ", "Price", "Sold"],
        [536365, 2.55, datetime.fromisoformat("2024-05-01T10:17:33.123000")],
        [1e15, 0.435, date(2024, 5, 1)],
        ["007", -3, time(10, 17, 33)],
        [True, None, "x"],
        [None, None, None],
        [None, 118.23, None],
    ]
    file = write(tmp_path / "x.xlsx", {"Sales": rows}, first)
    expected = [
        ("536365", "2.55", "2024-05-01T10:17:33.123000"),
        ("1000000000000000", "0.435", "2024-05-01"),
        ("007", "-3", "10:17:33"),
        ("true", None, "x"),
        (None, "118.23", None),
    ]
    names = ("Id", "Price", "Sold")
    assert read(file, format="excel") == [dict(zip(names, row, strict=True)) for row in expected]


def test_all_filled_sheets_are_read_or_the_one_that_is_named(tmp_path: Path) -> None:
    sheets: dict[str, list[list[Any]]] = {
        "Year 2009-2010": [["Id"], [1]],
        "Empty": [],
        "Year 2010-2011": [["Id"], [2]],
    }
    file = write(tmp_path / "x.xlsx", sheets)
    assert read(file, format="excel") == [{"Id": "1"}, {"Id": "2"}]
    assert read(file, format="excel", sheet="Year 2010-2011") == [{"Id": "2"}]
    with pytest.raises(SourceError, match=r"did you mean 'Year 2010-2011'.*set sheet to one of"):
        read(file, format="excel", sheet="Year 2010-11")


def test_a_hidden_sheet_is_read_only_if_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(file) as book:
        for name, value in (("Shown", 1), ("Lists", 2)):
            sheet = book.add_worksheet(name)
            sheet.write_column(0, 0, ["Id", value])
        sheet.hide()
    assert read(file, format="excel") == [{"Id": "1"}]
    assert read(file, format="excel", sheet="Lists") == [{"Id": "2"}]


def test_a_value_beyond_the_header_makes_a_row_malformed(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Id", None, "Note"], [1, "x", "y"], [2, "x", "y", "z"], [3]]
    file = write(tmp_path / "x.xlsx", {"Sales": rows})
    assert read(file, format="excel") == [
        {"Id": "1", "_c1": "x", "Note": "y"},
        "2\tx\ty\tz",
        {"Id": "3", "_c1": None, "Note": None},
    ]


def test_merged_cells_and_failed_formulas_are_null(tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Order", "Item"])
        sheet.merge_range(1, 0, 2, 0, "o1")
        sheet.write_column(1, 1, ["a", "b"])
        sheet.write_formula(3, 0, "=1/0", None, "#DIV/0!")
        sheet.write_formula(3, 1, "=1+1", None, 2)
    assert read(file, format="excel") == [
        {"Order": "o1", "Item": "a"},
        {"Order": None, "Item": "b"},
        {"Order": None, "Item": "2"},
    ]


def test_a_workbook_in_an_archive_is_read(tmp_path: Path) -> None:
    book = write(tmp_path / "x.xlsx", {"Sales": [["Id"], [1]]})
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(book, "may/x.XLSX")
    assert read(tmp_path / "x.zip", format="excel") == [{"Id": "1"}]


def test_what_can_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.xlsx", {"Sales": []})
    with pytest.raises(SourceError, match=r"empty\.xlsx is empty: no visible sheet has a value"):
        read(empty, format="excel")
    twice = write(tmp_path / "twice.xlsx", {"Sales": [["a", "a "], [1, 2]]})
    with pytest.raises(SourceError, match=r"twice\.xlsx!/Sales names the column 'a' twice"):
        read(twice, format="excel")
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(twice.read_bytes()[:-50])
    with pytest.raises(SourceError, match=r"cut\.xlsx can't be read to its end: it is damaged"):
        read(cut, format="excel")


@pytest.mark.parametrize(
    ("cell", "text"),
    [(42, "42"), (-7, "-7"), (42.0, "42"), (0.5, "0.5"), (True, "true"), ("", None)],
)
def test_a_cell_of_any_kind_has_its_text(cell: Any, text: str | None) -> None:
    # Readers of older formats than xlsx give whole numbers.
    assert excel_files._text(cell) == text
