"""Find out how a CSV file is written: encoding, delimiter and header."""

import codecs
import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from charset_normalizer import from_bytes

from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SourceError
from goldrun.io.sources.parts import Part, open_part

_SNIFFED_BYTES = 4 << 20
_UTF_8 = "UTF-8"
_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    # After UTF-32, whose mark begins with this one.
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_USUAL = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257"),
    *("utf_16_le", "utf_16_be", "shift_jis", "gb18030", "big5", "euc_kr"),
)
"""Encodings that spreadsheets and shop systems write, by Python's name."""
_NAMES = {"cp1252": "windows-1252", "cp1250": "windows-1250", "cp1251": "windows-1251"}
_LIKELY = ",;\t|"
_EXAMINED_BYTES = 200_000
_AS_LIKELY = 0.02
"""Difference of charset-normalizer's shares of unlikely characters that means nothing."""


@dataclass(frozen=True)
class Sniffed:
    """How a CSV file is written.

    Attributes:
        encoding: Its encoding.
        delimiter: Separator of its fields.
        has_header: Whether its first line is a header.
        guessed: Whether the encoding is the most likely one, and not shown by the bytes.
    """

    encoding: str
    delimiter: str
    has_header: bool
    guessed: bool = False


def sniff(part: Part) -> Sniffed:
    """Find out how a CSV file is written.

    Raises:
        SourceError: The file is empty, can't be read, or its first line can't be parsed.
    """
    with open_part(part) as stream:
        start = stream.read(_SNIFFED_BYTES)
    encoding, guessed = _encoding(start)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start).removeprefix("\ufeff")
    if not text.strip(INVISIBLE):
        raise SourceError(f"{part.name} is empty: remove it, or export it again")
    delimiter, has_header = _dialect(text)
    try:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SourceError(
            f"{part.name}: its first line can't be parsed ({error}): correct its quotes"
        ) from error
    names = [name.strip(INVISIBLE) for name in first]
    return Sniffed(encoding, delimiter, has_header or _reads_as_header(names), guessed)


def _encoding(start: bytes) -> tuple[str, bool]:
    """Return the encoding, and whether it is guessed."""
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name, False
    try:
        codecs.getincrementaldecoder(_UTF_8)().decode(start)
    except UnicodeDecodeError:
        name = _likely_encoding(start[:_EXAMINED_BYTES])
        return _NAMES.get(name, name.replace("_", "-")), True
    return _UTF_8, False


def _likely_encoding(start: bytes) -> str:
    """Return the likely encoding; the most usual one if several give as likely a text."""
    found = from_bytes(start, cp_isolation=list(_USUAL))
    best = found.best()
    if best is None:
        return _USUAL[0]
    likely = {best.encoding, *best.could_be_from_charset}
    likely |= {each.encoding for each in found if each.chaos <= best.chaos + _AS_LIKELY}
    return next((name for name in _USUAL if name in likely), best.encoding)


def _dialect(text: str) -> tuple[str, bool]:
    """Return the delimiter, and whether the first line is a header, as DuckDB finds them."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as copy:
        # Without the last line, which may be cut off.
        copy.write(text[: text.rfind("\n") + 1] or text)
        copy.flush()
        query = "SELECT Delimiter, HasHeader FROM sniff_csv(?, sample_size = 20000)"
        try:
            with duckdb.connect() as database:
                found = database.execute(query, [copy.name]).fetchall()
        except duckdb.Error:
            # No dialect fits all lines, for example with a footer: the usual delimiter that the
            # first line has most often.
            line = text.splitlines()[0]
            return max(_LIKELY, key=line.count), False
    delimiter, has_header = found[0]
    return (delimiter or ","), bool(has_header)


def _reads_as_header(names: Sequence[str]) -> bool:
    """Whether the first line can be a header: different names, none of which is a number."""
    numbers = (name.replace(".", "").replace(",", "").replace("-", "").isdigit() for name in names)
    return all(names) and len(set(names)) == len(names) and not any(numbers)
