"""CSV lines are parsed as in RFC 4180; a malformed line does not affect another."""

import bz2
import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.errors import SourceError
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import Header, read_header
from goldrun.io.sources.parts import Part

CSV = EntityMapping(path="x.csv")

HEADERS = {
    "plain": (b"a,b,c\n1,2,3\n", ["a", "b", "c"]),
    "only a header": (b"a,b,c", ["a", "b", "c"]),
    "byte-order mark": (b"\xef\xbb\xbfa,b,c\n", ["a", "b", "c"]),
    "quotes": (b'"a, x",b,"c ""y"""\n', ["a, x", "b", 'c "y"']),
    "margins": (b" a , b,c \r\n", ["a", "b", "c"]),
    "old line ends": (b"a,b,c\r1,2,3\r", ["a", "b", "c"]),
    "no name": (b"a,,c\n", ["a", "_c1", "c"]),
    "names that differ in case": (b"id,ID,Price,price\n", ["id", "ID", "Price", "price"]),
    "invisible margins": ("\u200ba\ufeff,\u00a0b\n".encode(), ["a", "b"]),
    "a line break in a name": (b'a,"b\r\nc",d\n1,2,3\n', ["a", "b\r\nc", "d"]),
    "names of ours": (b"_corrupt,_metadata,c`0\n", ["_corrupt", "_metadata", "c`0"]),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_is_read_as_names(tmp_path: Path, case: str) -> None:
    content, names = HEADERS[case]
    for name, packed in (
        ("x.csv", content),
        ("x.csv.gz", gzip.compress(content)),
        ("x.csv.bz2", bz2.compress(content)),
    ):
        file = tmp_path / name
        file.write_bytes(packed)
        assert list(read_header(Part(file), CSV).names) == names


def test_delimiter_and_encoding_are_the_sources(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes("Größe;Preis\n".encode("latin-1"))
    mapping = EntityMapping(path="x", delimiter=";", encoding="latin-1")
    assert read_header(Part(file), mapping) == Header(
        "Größe;Preis", ("Größe", "Preis"), ";", "ISO-8859-1"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b" \t\na,b\n", "is empty"),
        (b",,\n1,2,3\n", "is empty"),
        (b"a,b,a\n", "names the column 'a' twice"),
        (b"price,b,price \n", "names the column 'price' twice"),
        ("Größe\n".encode("latin-1"), "has no header that can be read"),
        (b'a,"b\nc,d\n', "has no header that can be read"),
        (b",".join(b"c%d" % n for n in range(20_001)), "has 20001 columns"),
    ],
)
def test_a_file_with_an_unusable_header_is_refused_by_name(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)
    with pytest.raises(SourceError) as exc_info:
        read_header(Part(file), CSV)
    assert str(exc_info.value).startswith(f"{file} ")
    assert problem in str(exc_info.value)


# Lines between valid ones; None: the line is malformed.
HOSTILE: dict[bytes, list[str | None] | None] = {
    b'1,"not closed,y': None,
    b'1,x,"not closed': None,
    b'"1,x,y': None,
    b'1,5" disk,y': None,
    b'1,x",y': None,
    b'1,x,"': None,
    b'1,"x"z,y': None,
    b'1,"x" ,y': None,
    b'1,""",y': None,
    b'1,a\\"b,y': None,
    b'1,"say ""x"", y",z': ["1", 'say "x", y', "z"],
    b'1,"x""",y': ["1", 'x"', "y"],
    b'1,"""",y': ["1", '"', "y"],
    b'"1","",y': ["1", None, "y"],
    b'1,"a\\",y': ["1", "a\\", "y"],
    b"1,it's, kept ": ["1", "it's", " kept "],
    b"#1,x,y": ["#1", "x", "y"],
    b",,": [None, None, None],
    b"1,x": None,
    b"1,x,y,z": None,
    b",".join([b"z"] * 30_000): None,
    b'1,"' + b"," * 30_000 + b'",y': ["1", "," * 30_000, "y"],
    b"1," + b"a" * 3_000_000 + b",y": ["1", "a" * 3_000_000, "y"],
    b'1,"' + b"a" * 3_000_000 + b",y": None,
    b'1,"' + b'""' * 1_000_000 + b'",y': ["1", '"' * 1_000_000, "y"],
    b"1,a\0b,\0": ["1", "a\0b", "\0"],
    b"\0\0\0": None,
    b"Id,A,B": None,
    b"\xef\xbb\xbfId,A,B": None,
    b"1,\xff\xfe,y": ["1", "\ufffd\ufffd", "y"],
    b"1,\xe2\x82,y": ["1", "\ufffd", "y"],
    "1,a\u2028b\x85c,y".encode(): ["1", "a\u2028b\x85c", "y"],
}


def parsed(engine: Engine, files: Sequence[Path], mapping: EntityMapping = CSV) -> DataFrame:
    headers = {file: read_header(Part(file), mapping) for file in files}
    return engine.read_csv({file: f"print of {file.name}" for file in files}, headers)


def test_a_malformed_line_is_reported_and_leaves_its_neighbours_unchanged(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    lines = [b"Id,A,B", b"g0,x,y"]
    for number, line in enumerate(HOSTILE, 1):
        lines += [line, b"g%d,x,y" % number]
    file.write_bytes(b"\n".join(lines))
    with engine.one_file_per_task():
        rows = parsed(engine, [file]).collect()
    by_row = {row[lineage.ROW]: row for row in rows}
    assert sorted(by_row) == list(range(len(lines) - 1))
    for number in range(len(HOSTILE) + 1):
        valid = by_row[2 * number]
        assert (valid[lineage.RECORD], valid[lineage.MALFORMED]) == (
            {"Id": f"g{number}", "A": "x", "B": "y"},
            None,
        )
    for number, (line, expected) in enumerate(HOSTILE.items()):
        row = by_row[2 * number + 1]
        if expected is None:
            text = line.decode()
            assert (row[lineage.RECORD], row[lineage.MALFORMED]) == ({}, text)
        else:
            record = dict(zip(("Id", "A", "B"), expected, strict=True))
            assert (row[lineage.RECORD], row[lineage.MALFORMED]) == (record, None)


def test_blank_lines_are_not_records_and_a_carriage_return_ends_a_line(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"Id,A,B\r\n\n1,x,y\n   \n \t \n2,a\rb,y\r\n3,x,y\r\r")
    rows = parsed(engine, [file]).orderBy(lineage.ROW).collect()
    assert [row[lineage.MALFORMED] for row in rows] == [None, "2,a", "b,y", None]
    assert [row[lineage.RECORD].get("Id") for row in rows] == ["1", None, None, "3"]


def test_a_line_of_tabs_is_a_record_if_tabs_separate_the_fields(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"Id\tA\n\t\n \n1\t2\n")
    mapping = EntityMapping(path="x", delimiter="\t")
    rows = parsed(engine, [file], mapping).orderBy(lineage.ROW).collect()
    assert [row[lineage.RECORD] for row in rows] == [{"Id": None, "A": None}, {"Id": "1", "A": "2"}]


def test_files_with_different_columns_are_read_in_one_batch(engine: Engine, tmp_path: Path) -> None:
    texts = {
        "a": "Id,A\n1,x\n",
        "b": "A,Id\nx,2\n",
        "c": "Id,A\n3,x\n4\n",
        "d": "Id,A,New\n5,x,n\n",
    }
    files = [tmp_path / f"{name}.csv" for name in texts]
    for file, text in zip(files, texts.values(), strict=True):
        file.write_text(text)
    with engine.one_file_per_task():
        rows = parsed(engine, files).collect()
    found = {
        (
            Path(r[lineage.FILE]).stem,
            r[lineage.FINGERPRINT],
            r[lineage.ROW],
            r[lineage.RECORD].get("Id"),
            r[lineage.MALFORMED],
        )
        for r in rows
    }
    assert found == {
        ("a", "print of a.csv", 0, "1", None),
        ("b", "print of b.csv", 0, "2", None),
        ("c", "print of c.csv", 0, "3", None),
        ("c", "print of c.csv", 1, None, "4"),
        ("d", "print of d.csv", 0, "5", None),
    }
    assert {r[lineage.RECORD].get("A") for r in rows if r[lineage.MALFORMED] is None} == {"x"}


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t", "^", "]"])
def test_text_that_a_csv_writer_quotes_is_read_back(
    engine: Engine, tmp_path: Path, delimiter: str
) -> None:
    letters = ['"', delimiter, " ", "a", ",", "\\", "é", "^", "]"]
    rows = [[x + y, y + z, z + x + z] for x in letters for y in letters for z in letters]
    file = tmp_path / "x.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([["Id", "A", "B"], *rows])
    found = parsed(engine, [file], EntityMapping(path="x", delimiter=delimiter)).orderBy(
        lineage.ROW
    )
    records = [row[lineage.RECORD] for row in found.collect()]
    assert [[record[name] for name in ("Id", "A", "B")] for record in records] == rows


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('id,size 5",b\n1,2,3\n4,"y",7\n4,5",7\n', ("id", 'size 5"', "b")),
        ('id,"size\nin cm",b\n1,2,3\n', ("id", "size\nin cm", "b")),
    ],
    ids=["a sign of inches", "a line break"],
)
def test_a_header_has_several_lines_only_within_quotes(
    tmp_path: Path, text: str, names: tuple[str, ...]
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text)
    assert read_header(Part(file), CSV).names == names
