"""Landing files are found and identified, or refused by name."""

import bz2
import gzip
import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from goldrun.contracts.source import EntityMapping
from goldrun.errors import SourceError
from goldrun.io.files import check_columns, find_files, fingerprint, read_header

CSV = EntityMapping(path="x.csv")


def test_a_folder_gives_its_data_files_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv.gz", "c.txt", "notes.md", "d.csv.bz2", "e.parquet"):
        (tmp_path / name).touch()
    (tmp_path / "deep.csv").mkdir()
    found = [file.name for file in find_files(str(tmp_path))]
    assert found == ["a.csv.gz", "b.csv", "c.txt", "d.csv.bz2"]


def test_a_glob_gives_what_matches_by_name(tmp_path: Path) -> None:
    for name in ("2024-02.csv", "2024-01.csv", "2023-01.csv"):
        (tmp_path / name).touch()
    assert [f.name for f in find_files(f"{tmp_path}/2024*.csv")] == ["2024-01.csv", "2024-02.csv"]
    assert [f.name for f in find_files(f"{tmp_path}/2023-01.csv")] == ["2023-01.csv"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        find_files(f"{tmp_path}/absent/*.csv")
    assert f"the folder {tmp_path}/absent does not exist" in str(caught.value)
    assert "check path in the TOML" in str(caught.value)


@pytest.mark.parametrize("pattern", ["*.csv", "day.csv", ""])
def test_a_folder_in_which_nothing_matches_is_named(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "notes.md").touch()
    path = f"{tmp_path}/{pattern}".rstrip("/")
    with pytest.raises(SourceError) as caught:
        find_files(path)
    assert str(caught.value).startswith(f"{path}: no file ")
    assert str(caught.value).endswith(f"in {tmp_path}")


def test_a_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,2\n")
    assert fingerprint(file) == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


HEADERS = {
    "plain": (b"a,b,c\n1,2,3\n", ["a", "b", "c"]),
    "only a header": (b"a,b,c", ["a", "b", "c"]),
    "byte-order mark": (b"\xef\xbb\xbfa,b,c\n", ["a", "b", "c"]),
    "quotes": (b'"a, x",b,"c ""y"""\n', ["a, x", "b", 'c "y"']),
    "margins": (b" a , b,c \r\n", ["a", "b", "c"]),
    "no name": (b"a,,c\n", ["a", "_c1", "c"]),
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
        assert read_header(file, CSV) == names


def test_delimiter_and_encoding_are_the_sources(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes("Größe;Preis\n".encode("latin-1"))
    mapping = EntityMapping(path="x", delimiter=";", encoding="latin-1")
    assert read_header(file, mapping) == ["Größe", "Preis"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.csv", b"", "is empty"),
        ("x.csv", b"\n\n", "is empty"),
        ("x.csv", b",,\n1,2,3\n", "is empty"),
        ("x.csv.gz", gzip.compress(b""), "is empty"),
        ("x.csv.gz", b"", "is empty"),
        ("x.csv", b"a,b,a\n", "names the column 'a' twice"),
        ("x.csv", b"Price,b,price \n", "names the column 'Price' twice"),
        ("x.csv", "Größe\n".encode("latin-1"), "can't be read"),
        ("x.csv.gz", b"a,b,c\n1,2,3\n", "can't be read"),
        ("x.csv.gz", gzip.compress(b"a,b,c\n" * 99)[:12], "can't be read"),
        ("x.csv.bz2", b"a,b,c\n1,2,3\n", "can't be read"),
    ],
)
def test_a_file_whose_header_is_of_no_use_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_header(file, CSV)
    assert str(caught.value).startswith(f"{file} ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-99", "cp1252"])
def test_an_encoding_that_spark_does_not_read_is_refused(encoding: str) -> None:
    with pytest.raises(ValidationError, match="is none of UTF-8, ISO-8859-1"):
        EntityMapping(path="x", encoding=encoding)


def test_an_encoding_may_be_spelled_as_python_does() -> None:
    assert EntityMapping(path="x", encoding="latin-1").encoding == "ISO-8859-1"


def test_a_column_that_is_read_but_not_there_is_named_with_the_near_one() -> None:
    with pytest.raises(SourceError) as caught:
        check_columns(Path("day.csv"), ["Id", "UnitPrise"], {"Id": "a", "UnitPrice": "y.toml [x]"})
    assert str(caught.value) == (
        "day.csv has no column 'UnitPrice', which y.toml [x] reads "
        "(did you mean 'UnitPrise'?); it has Id, UnitPrise"
    )


def test_columns_that_nobody_reads_may_be_there() -> None:
    check_columns(Path("day.csv"), ["Id", "Gift note"], {"Id": "[x]"})
