"""How a CSV file is written is found in its bytes: encoding, delimiter, header."""

import csv
import gzip
from pathlib import Path

import pytest

from goldrun.errors import SourceError
from goldrun.io.sources.sniffing import read_rows, sniff

ROWS = [[f"R{n}", f"Müller & Söhne {n}, Straße {n}", f"{n},50"] for n in range(40)]
HEADER = ["Beleg", "Käufer", "Betrag"]


def written(file: Path, delimiter: str = ";", encoding: str = "utf-8") -> Path:
    with file.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerows([HEADER, *ROWS])
    return file


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("cp1252", "windows-1252"),
        ("utf-16", "UTF-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_encoding_and_the_delimiter_are_found(
    tmp_path: Path, encoding: str, found: str, delimiter: str
) -> None:
    sniffed = sniff(written(tmp_path / "sales.csv", delimiter, encoding))
    assert (sniffed.encoding, sniffed.delimiter) == (found, delimiter)
    assert sniffed.header == HEADER
    assert sniffed.guessed == (encoding == "cp1252")


def test_rows_are_read_as_text_with_line_breaks_inside_quotes(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv.gz"
    with gzip.open(file, "wt", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["Id", "Note"], ["1", "at the\ndoor"], ["2", ""], ["3", "x"]])
    sniffed = sniff(file)
    assert [*read_rows(file, sniffed, 2)] == [
        {"Id": "1", "Note": "at the\ndoor"},
        {"Id": "2", "Note": None},
    ]


def test_a_file_without_a_header_has_no_columns(tmp_path: Path) -> None:
    file = tmp_path / "cds.csv"
    file.write_text("".join(f"{n:05},199701{n % 28 + 1:02},2,29.33\n" for n in range(50)))
    sniffed = sniff(file)
    assert sniffed.header == []
    assert sniffed.first_line == "00000,19970101,2,29.33"


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(" \n")
    with pytest.raises(SourceError, match=r"sales\.csv is empty"):
        sniff(tmp_path / "sales.csv")
