"""Files of text as shops write them: encodings, packings, line ends, quotes."""

import bz2
import csv
import gzip
import io
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

ENCODINGS: dict[str, str] = {
    "utf-8": "é\u2028",
    "utf-8-sig": "é😀",
    "windows-1252": "€é",
    "iso-8859-1": "é\x85",
    "utf-16": "é😀",
    "utf-16-le": "é",
    "utf-16-be": "\u0a0d\u0d0a",
    "utf-32": "é",
    "cp437": "é",
    "shift_jis": "表ソ",
    "gb18030": "é表",
    "koi8-r": "Ж",
}
"""Letters by encoding; some have the bytes of quotes, line ends or delimiters."""
LETTERS = "aab  \"\n\r,;|\t'x1"
DELIMITERS = (",", ";", "\t", "|")
Packing = Callable[[dict[str, bytes]], tuple[str, bytes]]
"""Packs the content of files by name into one file; returns its ending and content."""
_One = TypeVar("_One")


def _only(files: dict[str, bytes]) -> tuple[str, bytes]:
    ((name, content),) = files.items()
    return name, content


def plain(files: dict[str, bytes]) -> tuple[str, bytes]:
    return _only(files)


def gzipped(files: dict[str, bytes]) -> tuple[str, bytes]:
    name, content = _only(files)
    return f"{name}.gz", gzip.compress(content, mtime=0)


def bzipped(files: dict[str, bytes]) -> tuple[str, bytes]:
    name, content = _only(files)
    return f"{name}.BZ2", bz2.compress(content)


def zipped(files: dict[str, bytes]) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"folder/{name}", content)
    return "x.zip", packed.getvalue()


PACKINGS: tuple[Packing, ...] = (plain, plain, gzipped, bzipped, zipped)


def parts_of(dice: random.Random, rows: Sequence[_One]) -> Iterator[Sequence[_One]]:
    """Split rows into the files of a shop."""
    while rows:
        count = dice.randrange(1, len(rows) + 1)
        yield rows[:count]
        rows = rows[count:]


def csv_text(dice: random.Random, rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """Write rows, the header among them, by Python's own writer."""
    end = dice.choice(["\n", "\r\n", "\r"])
    # Python's writer leaves line ends unquoted that are not its own, and blank lines.
    all_quoted = len(rows[0]) == 1 or end != "\r\n" or dice.random() < 0.5
    quoting: Any = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    text = out.getvalue()
    return text.removesuffix(end) if dice.random() < 0.3 else text


def csv_rows(text: str, delimiter: str) -> list[list[str]]:
    """Read rows by Python's own reader."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
