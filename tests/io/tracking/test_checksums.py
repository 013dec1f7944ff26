"""Checksums of a folder are those that sha256sum prints, and differences are named."""

import subprocess
from pathlib import Path

import pytest

from goldrun.contracts.file_checksums import differences, total
from goldrun.io.tracking.checksums import checksums_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "extra").mkdir()
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    (tmp_path / "extra" / "example.json").write_bytes(bytes(range(256)) * 9000)
    (tmp_path / "empty").touch()
    return tmp_path


def test_the_list_and_its_sum_are_those_of_sha256sum(folder: Path) -> None:
    listing = "find . -type f | sed s,^./,, | LC_ALL=C sort | xargs sha256sum"
    printed = subprocess.run(
        ["bash", "-c", listing], cwd=folder, capture_output=True, text=True, check=True
    ).stdout
    found = checksums_of(folder)
    assert {name: digest for digest, name in map(str.split, printed.splitlines())} == found
    summed = subprocess.run(
        ["sha256sum"], input=printed, capture_output=True, text=True, check=True
    ).stdout
    assert total(found) == summed.split()[0]


def test_what_mlflow_adds_on_download_does_not_count_and_the_same_name_elsewhere_does(
    folder: Path,
) -> None:
    before = checksums_of(folder)
    (folder / "registered_model_meta").write_text("model_name: x\n")
    assert checksums_of(folder) == before
    (folder / "extra" / "registered_model_meta").touch()
    assert differences(before, checksums_of(folder)) == ["extra/registered_model_meta was added"]


def test_equal_files_have_no_difference(folder: Path) -> None:
    assert differences(checksums_of(folder), checksums_of(folder)) == []


def test_each_missing_added_and_changed_file_is_named(folder: Path) -> None:
    (folder / "other").write_text("1")
    before = checksums_of(folder)
    for name in ("empty", "extra/example.json"):
        (folder / name).unlink()
    for name in ("new.bin", "extra/new.bin"):
        (folder / name).touch()
    for name in ("MLmodel", "other"):
        (folder / name).write_text("flavors: {x: 1}\n")
    found = checksums_of(folder)
    assert differences(before, found) == [
        *("empty is missing", "extra/example.json is missing"),
        *("extra/new.bin was added", "new.bin was added"),
        *("MLmodel has changed", "other has changed"),
    ]
    assert total(found) != total(before)


def test_a_moved_content_is_a_difference(folder: Path) -> None:
    before = checksums_of(folder)
    (folder / "empty").rename(folder / "full")
    found = checksums_of(folder)
    assert differences(before, found) == ["empty is missing", "full was added"]
    assert total(found) != total(before)
