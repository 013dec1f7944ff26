"""Every member of a zip archive is read; what can't be read is refused by name."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from goldrun.errors import SourceError
from tests.io.sources.records import read


def pack(file: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def test_the_members_of_the_right_ending_are_read_by_name(tmp_path: Path) -> None:
    members = {
        "2024/b.CSV": b"id,n\n2,y\n",
        "2024/a.csv.gz": gzip.compress(b'id,n\n1,"x\nx"\n'),
        "2024/c.tsv": b"id\tn\n3\tz\n",
        "notes.md": b"# notes",
        "__MACOSX/2024/b.csv": b"\0\0",
        "2024/.hidden.csv": b"id,n\n9,9\n",
        "2024/": b"",
    }
    file = pack(tmp_path / "sales.ZIP", members)
    assert read(file) == [
        {"id": "1", "n": "x\nx"},
        {"id": "2", "n": "y"},
        {"id": "3", "n": "z"},
    ]


def test_members_of_other_formats_are_read_as_files_are(tmp_path: Path) -> None:
    file = pack(tmp_path / "x.zip", {"a.json": b'[{"a":1}]', "b.jsonl": b'{"a":2}\n', "c.csv": b""})
    assert read(file, format="json") == [{"a": "1"}, {"a": "2"}]


def encrypted() -> bytes:
    """An archive whose only member is marked as encrypted."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "id\n1\n")
    content = bytearray(packed.getvalue())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + place] |= 1
    return bytes(content)


def whole() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "id,n\n" + "1,abc\n" * 100)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (encrypted(), "has the encrypted member 'a.csv'"),
        (whole()[:-30], "it is damaged"),
        (whole().replace(b"1,abc\n1,abc", b"1,abc\n1,abd", 1), "it is damaged"),
        (b"rubbish", "it is damaged"),
        (b"", "it is damaged"),
    ],
)
def test_an_archive_that_can_not_be_read_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "x.zip"
    file.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"a.json": b"{}"}, "has no member that ends in .csv, .csv.gz, .csv.bz2, .tsv"),
        ({"a.csv": b"id\n", "b.zip": b""}, "has the archive 'b.zip' inside"),
        ({"a.csv": b"id,n\n1,2\n", "b/c.csv": b""}, "x.zip!/b/c.csv is empty"),
    ],
)
def test_what_is_wrong_with_a_member_is_named(
    tmp_path: Path, members: dict[str, bytes], problem: str
) -> None:
    file = pack(tmp_path / "x.zip", members)
    with pytest.raises(SourceError) as caught:
        read(file)
    assert problem in str(caught.value)


def test_a_packing_that_python_does_not_have_is_named_and_not_called_damage(tmp_path: Path) -> None:
    file = pack(tmp_path / "x.zip", {"a.csv": b"id,n\n1,x\n"})
    deflate64 = (9).to_bytes(2, "little")
    content = bytearray(file.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = content.index(signature) + offset
        content[at : at + 2] = deflate64
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"x\.zip.* is packed with a method that can't be read"):
        read(file)


def test_a_missing_archive_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"x\.zip can't be opened"):
        read(tmp_path / "x.zip")
