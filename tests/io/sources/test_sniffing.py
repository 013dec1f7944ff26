"""How a CSV file is written is found in its bytes: encoding, delimiter, header."""

import csv
import gzip
import itertools
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from goldrun.errors import SourceError
from goldrun.io.sources.first_rows import FirstRows, tables_of
from goldrun.io.sources.parts import Part
from goldrun.io.sources.records import RECORDS, Piece
from goldrun.io.sources.sniffing import sniff

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
    file = written(tmp_path / "sales.csv", delimiter, encoding)
    sniffed = sniff(Part(file))
    assert (sniffed.encoding, sniffed.delimiter) == (found, delimiter)
    assert sniffed.has_header
    (table,) = tables_of(file)
    assert [*table.columns] == HEADER
    assert [[*row.values()] for row in table.rows(100)] == ROWS
    assert sniffed.guessed == (encoding == "cp1252")


def test_rows_are_read_as_text_with_line_breaks_inside_quotes(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv.gz"
    with gzip.open(file, "wt", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["Id", "Note"], ["1", "at the\ndoor"], ["2", ""], ["3", "x"]])
    (table,) = tables_of(file)
    assert [*table.rows(2)] == [
        {"Id": "1", "Note": "at the\ndoor"},
        {"Id": "2", "Note": None},
    ]


def test_a_file_without_a_header_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "cds.csv"
    file.write_text("".join(f"{n:05},199701{n % 28 + 1:02},2,29.33\n" for n in range(50)))
    assert not sniff(Part(file)).has_header
    with pytest.raises(SourceError, match=r"cds\.csv: its first line is data"):
        tables_of(file)


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text(" \n")
    with pytest.raises(SourceError, match=r"sales\.csv is empty"):
        sniff(Part(tmp_path / "sales.csv"))


def test_the_items_of_json_orders_are_the_rows(tmp_path: Path) -> None:
    orders = [
        {"id": n, "customer": f"c{n}", "items": [{"sku": "a", "price": 1.50}, {"sku": "b"}]}
        for n in range(5)
    ]
    (tmp_path / "orders.json").write_text(json.dumps(orders, indent=1))
    (table,) = tables_of(tmp_path / "orders.json")
    assert table.keys == {"format": "json", "each": "items"}
    rows = [*table.rows(3)]
    assert rows[0]["items.sku"] == "a"
    assert (rows[0]["items.price"], rows[0]["id"]) == ("1.5", "0")
    assert rows[1]["items.sku"] == "b"


def test_pieces_after_the_first_rows_are_not_read() -> None:
    read: list[int] = []

    class Endless:
        part, columns, plain = Part(Path("a.csv")), ("Id",), True

        def pieces(self) -> Iterator[Piece]:
            for number in itertools.count():
                read.append(number)
                yield lambda: (pa.array([[("Id", "1")]] * 10, RECORDS), pa.nulls(10))

    first = [piece() for piece in FirstRows(Endless(), 25).pieces()]
    assert [len(records) for records, _ in first] == [10, 10, 10]
    assert read == [0, 1, 2]


def test_members_of_an_archive_are_read_as_one_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sales.zip", "w") as archive:
        archive.writestr("may.csv", "Id;Paid\n1;2\n")
        archive.writestr("june.csv", "Id;Paid\n2;3\n")
    (table,) = tables_of(tmp_path / "sales.zip")
    assert table.keys == {"delimiter": ";"}
    assert sorted(row["Id"] or "" for row in table.rows(9)) == ["1", "2"]


def test_a_quote_that_is_never_closed_is_an_error_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text('"id,name,x\n' + "1,2,3\n" * 40_000)
    with pytest.raises(SourceError, match=r"x\.csv: its first line can't be parsed"):
        sniff(Part(file))
