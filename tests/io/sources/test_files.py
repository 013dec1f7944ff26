"""Landing files are found, identified and checked for completeness, or refused by name."""

import bz2
import gzip
import hashlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.errors import SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.sources.files import (
    check_columns,
    find_files,
    fingerprint,
    ignored_paths,
    list_files,
    watched_folder,
)
from goldrun.io.sources.parts import LONGEST_LINE, Part, check_whole
from tests.refused import refusal

LINES = b"a,b,c\n1,2,3\n"


def test_a_folder_gives_its_data_files_by_name(tmp_path: Path) -> None:
    for name in (
        "b.csv",
        "a.csv.gz",
        "c.txt",
        "notes.md",
        "d.CSV.bz2",
        "e.parquet",
        "f.json",
        "g.tsv",
        "h.Zip",
    ):
        (tmp_path / name).touch()
    (tmp_path / "deep.csv").mkdir()
    found = [file.name for file in find_files(str(tmp_path), "csv")]
    assert found == ["a.csv.gz", "b.csv", "c.txt", "d.CSV.bz2", "g.tsv", "h.Zip"]


def test_a_folder_of_json_gives_its_data_files_by_name(tmp_path: Path) -> None:
    for name in ("b.json", "a.jsonl.gz", "c.ndjson", "d.json.bz2", "e.csv", "schema.json5"):
        (tmp_path / name).touch()
    found = [file.name for file in find_files(str(tmp_path), "json")]
    assert found == ["a.jsonl.gz", "b.json", "c.ndjson", "d.json.bz2"]


def test_other_files_of_a_folder_are_reported(tmp_path: Path) -> None:
    for name in ("a.csv", "B.PDF", "notes.md", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "2024").mkdir()
    found = ignored_paths(str(tmp_path), "csv")
    assert [path.name for path in found] == ["2024", "B.PDF", "notes.md"]
    assert ignored_paths(f"{tmp_path}/*.csv", "csv") == []


def test_a_glob_gives_its_matches_by_name(tmp_path: Path) -> None:
    for name in ("2024-02.csv", "2024-01.csv", "2023-01.csv"):
        (tmp_path / name).touch()
    found = find_files(f"{tmp_path}/2024*.csv", "csv")
    assert [f.name for f in found] == ["2024-01.csv", "2024-02.csv"]
    assert [f.name for f in find_files(f"{tmp_path}/2023-01.csv", "csv")] == ["2023-01.csv"]


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as exc_info:
        find_files(f"{tmp_path}/absent/*.csv", "csv")
    assert f"the folder {tmp_path}/absent does not exist" in str(exc_info.value)
    assert "check path in the TOML" in str(exc_info.value)


@pytest.mark.parametrize("pattern", ["*.csv", "day.csv", ""])
def test_a_folder_without_a_match_is_named(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "notes.md").touch()
    path = f"{tmp_path}/{pattern}".rstrip("/")
    with pytest.raises(SourceError) as exc_info:
        find_files(path, "csv")
    assert str(exc_info.value).startswith(f"{path}: no file ")
    assert str(exc_info.value).endswith(f"in {tmp_path}; check path in the TOML")


@pytest.mark.parametrize("place", ["absent/*.csv", "*.csv"])
def test_missing_files_are_named_with_the_command_that_makes_them(
    tmp_path: Path, place: str
) -> None:
    with pytest.raises(SourceError, match=r"make the files with: make sim$"):
        find_files(f"{tmp_path}/{place}", "csv", made_by="make sim")


@pytest.mark.parametrize("name", ["_a.csv", "a:b.csv", "a[1].csv", "a\nb.csv"])
def test_a_file_name_that_spark_cannot_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SourceError, match="rename the file"):
        find_files(str(tmp_path), "csv")


def test_a_hidden_file_counts_as_unfinished(tmp_path: Path) -> None:
    for name in (".a.csv", "b.csv"):
        (tmp_path / name).touch()
    for path, names in {"": ["b.csv"], "*.csv": ["b.csv"], ".*": []}.items():
        assert [file.name for file in list_files(f"{tmp_path}/{path}", "csv")] == names


@pytest.mark.parametrize(
    ("path", "folder", "recursive"),
    [
        ("in", "in", False),
        ("in/*.csv", "in", False),
        ("in/one.csv", "in", False),
        ("in/../in/*.csv", "in", False),
        ("in/**/*.csv", "in", True),
        ("in/20*/*.csv", "in", True),
    ],
)
def test_the_landing_folder_precedes_the_first_pattern(
    tmp_path: Path, path: str, folder: str, recursive: bool
) -> None:
    (tmp_path / "in" / "2024").mkdir(parents=True)
    assert watched_folder(f"{tmp_path}/{path}") == (tmp_path / folder, recursive)


def test_a_folder_name_that_spark_cannot_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "2024{05}"
    folder.mkdir()
    (folder / "a.csv").touch()
    with pytest.raises(SourceError, match="rename the file or its folder"):
        find_files(str(folder), "csv")


def test_a_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"a,b\n1,2\n")
    assert fingerprint(file) == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing.csv can't be opened"):
        fingerprint(tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", b""),
        ("x.csv", LINES),
        ("x.csv", b"\x1f\x8b"),
        ("x.csv.gz", gzip.compress(LINES, mtime=0)),
        ("x.csv.gz", gzip.compress(LINES, mtime=0) + gzip.compress(LINES, mtime=0)),
        ("x.csv.bz2", bz2.compress(LINES)),
        ("x.csv", b"x" * LONGEST_LINE + b"\n" + b"x" * LONGEST_LINE + b"\r" + b"x" * 9),
    ],
)
def test_a_complete_file_is_accepted(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(lambda: check_whole(Part(tmp_path / name))) is None


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.csv.gz", gzip.compress(LINES, mtime=0)[:12], "cut off"),
        ("x.csv.gz", gzip.compress(LINES, mtime=0)[:-3], "cut off"),
        ("x.csv.gz", gzip.compress(LINES, mtime=0) + b"\x1f\x8b", "cut off"),
        ("x.csv.gz", gzip.compress(LINES, mtime=0) + b"rubbish", "damaged"),
        ("x.csv.gz", gzip.compress(LINES, mtime=0)[:-8] + b"\0" * 8, "damaged"),
        ("x.csv.gz", LINES, "damaged"),
        ("x.csv.bz2", LINES, "damaged"),
        ("x.csv.bz2", bz2.compress(LINES)[:-2], "cut off"),
        ("x.csv", b"a\n" + b"x" * (LONGEST_LINE + (1 << 20)), "a line of more than 16 MiB"),
    ],
)
def test_an_incomplete_file_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(SourceError) as exc_info:
        check_whole(Part(file))
    assert str(exc_info.value).startswith(f"{file} ")
    assert problem in str(exc_info.value)


@pytest.mark.of_spark
def test_a_file_that_fails_while_it_is_read_is_named(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv.gz"
    file.write_bytes(gzip.compress(b"c1\n" * 9_999)[:-20])
    table = Table("bronze/x", "a line", (Column("value", T.StringType(), "Text."),), ())
    rows = spark.read.text(str(file))
    with pytest.raises(SourceError, match=r"x.csv.gz can't be read to its end: it is cut off"):
        lake.append(table, rows)


def test_a_missing_column_is_named_with_a_suggestion() -> None:
    with pytest.raises(SourceError) as exc_info:
        check_columns(Path("day.csv"), ["Id", "UnitPrise"], {"Id": "a", "UnitPrice": "y.toml [x]"})
    assert str(exc_info.value) == (
        "day.csv has no column 'UnitPrice', which y.toml [x] reads "
        "(did you mean 'UnitPrise'?); read one that it has: Id, UnitPrise"
    )


def test_unused_columns_are_allowed() -> None:
    given = ["Id", "Gift note"]
    assert refusal(lambda: check_columns(Path("day.csv"), given, {"Id": "[x]"})) is None


def test_a_first_line_that_is_not_a_header_is_not_quoted() -> None:
    with pytest.raises(SourceError) as exc_info:
        check_columns(Path("day.csv"), ["c1", "Ada Lovelace"], {"Id": "y.toml [x]"})
    assert "check that its first line is a header" in str(exc_info.value)
    assert "Ada" not in str(exc_info.value)


def test_an_error_lists_the_keys_of_objects() -> None:
    with pytest.raises(
        SourceError, match=r"no column 'id'.*did you mean 'Id'\?\); read one that it has: Id$"
    ):
        check_columns(Path("day.json"), ["Id"], {"id": "y.toml [x]"}, by_header=False)


@pytest.mark.parametrize("target", ["nothing", "day.csv"])
def test_a_broken_link_is_an_error(tmp_path: Path, target: str) -> None:
    (tmp_path / "whole.csv").write_text("a\n")
    (tmp_path / "day.csv").symlink_to(target)
    for path in (str(tmp_path), f"{tmp_path}/*.csv"):
        with pytest.raises(SourceError, match=r"day\.csv is a broken link: remove it"):
            find_files(path, "csv")


def test_a_folder_with_the_name_of_a_file_is_reported_as_ignored(tmp_path: Path) -> None:
    (tmp_path / "day.csv").mkdir()
    (tmp_path / "other").mkdir()
    assert ignored_paths(f"{tmp_path}/*", "csv") == [tmp_path / "day.csv"]


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"can't be listed .*check path in the TOML"):
        find_files(f"{tmp_path}/{'x' * 5000}", "csv")


def test_a_file_that_is_deleted_before_it_is_read_is_named(tmp_path: Path) -> None:
    for name in ("missing.csv", "missing.csv.gz", "missing.csv.bz2"):
        with pytest.raises(SourceError, match=f"{name} can't be opened: .*restore it"):
            check_whole(Part(tmp_path / name))
