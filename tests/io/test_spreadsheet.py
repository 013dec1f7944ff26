"""Lists for a spreadsheet: readable by it, harmless in it, and never over another file."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from goldrun.errors import SettingsError, StorageError
from goldrun.io.spreadsheet import Spreadsheet

HEADER = ("customer_id", "as_of", "profit", "reasons")


def new(path: Path, header: tuple[str, ...] = HEADER) -> Spreadsheet:
    return Spreadsheet(str(path), header, str(path.parent / "lake"))


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.reader(text))


def test_a_list_has_a_header_and_is_utf8_that_excel_recognises(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    row = ("Zoë", date(2024, 6, 1), Decimal("-1.5000"), ["3 orders, in all", 'a "b"'])
    assert new(file).write([row, ("7", date(2024, 6, 1), None, [])]) == 2
    assert file.read_bytes().startswith(b"\xef\xbb\xbfcustomer_id,as_of,profit,reasons\r\n")
    assert cells(file)[1:] == [
        ["Zoë", "2024-06-01", "-1.5000", '3 orders, in all | a "b"'],
        ["7", "2024-06-01", "", ""],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+44 20", "-7", "@sum(a1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]
)
def test_a_text_that_a_spreadsheet_would_compute_begins_with_an_apostrophe(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "list.csv"
    new(file).write([(text, None, None, [text])])
    (_, row) = cells(file)
    assert row[0] == row[3] == f"'{text}"


def test_a_number_below_zero_stays_a_number(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    new(file).write([("a", None, -0.25, [])])
    assert cells(file)[1][2] == "-0.25"


def test_an_older_list_is_replaced_and_any_other_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    new(file).write([("a", None, 1, [])])
    again = new(file)
    assert again.replaces
    again.write([("b", None, 2, [])])
    assert [row[0] for row in cells(file)] == ["customer_id", "b"]
    notes = tmp_path / "notes.csv"
    for content in (b"what,else\n1,2\n", b"", b"\xff\xfe\x00"):
        notes.write_bytes(content)
        with pytest.raises(SettingsError, match="exists and is no list with the columns customer"):
            new(notes)
        assert notes.read_bytes() == content


def test_a_failure_leaves_the_older_list_and_no_part_of_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    new(file).write([("a", None, 1, [])])
    before = file.read_bytes()

    def breaks() -> Iterator[tuple[object, ...]]:
        yield ("b", None, 2, [])
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left on device"):
        new(file).write(breaks())
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_places_where_no_list_can_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with pytest.raises(SettingsError, match="is in the lake"):
        Spreadsheet(str(tmp_path / "lake" / "list.csv"), HEADER, str(tmp_path / "lake"))
    with pytest.raises(SettingsError, match="a file in a folder that exists"):
        new(tmp_path / "nowhere" / "list.csv")
    with pytest.raises(SettingsError, match="a file in a folder that exists"):
        new(tmp_path / "lake")
    with pytest.raises(SettingsError, match="is no file on this machine"):
        Spreadsheet("s3://bucket/list.csv", HEADER, str(tmp_path / "lake"))
