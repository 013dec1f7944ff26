"""CSV files: the header, and the definition of a malformed record, which all engines share.

A record is as in RFC 4180: one line, or several if a quoted field has line breaks
(``quoted_breaks`` defines which lines belong together). It is malformed if

- it has more or fewer fields than the header,
- its quotes are wrong: not closed, not doubled inside quotes, or inside a field that is not quoted,
- it repeats the header, after a byte order mark or without.

An empty field is null, quoted or not.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from goldrun.contracts.file_settings import PLAIN_ENCODINGS, FileSettings
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SettingsError, SourceError
from goldrun.io.sources.arrow_csv import parse_csv
from goldrun.io.sources.csv_patterns import ends_inside_quotes, patterns
from goldrun.io.sources.parts import Part, check_whole, open_part
from goldrun.io.sources.quoted_breaks import MOST_BYTES, join_lines
from goldrun.io.sources.records import BLANK, Piece
from goldrun.io.sources.text_files import OddQuotes, encoding_of, whole_lines

MOST_FIELDS = 20_000
"""Fields of a line. Spark's CSV parser ends the whole job at more than it is configured for."""
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Header:
    """The first record of a CSV file, and how the file is read.

    Attributes:
        line: Its text.
        names: Column names; a column without a name is called ``_c`` and its position.
        delimiter: Field separator.
        encoding: Character encoding.
    """

    line: str
    names: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "UTF-8"

    @property
    def blank(self) -> str:
        """Characters of a blank line: a delimiter is none, because it separates empty fields."""
        return BLANK.replace(self.delimiter, "")


def read_header(part: Part, settings: FileSettings) -> Header:
    """Read the header of a CSV file that ``check_whole`` has accepted.

    Raises:
        SourceError: The file is empty, its first record can't be decoded or parsed, or it names a
            column twice.
    """
    delimiter = settings.delimiter_of(part.file_name)
    with open_part(part) as stream:
        encoding, _ = encoding_of(stream.read(4), settings.encoding)
    with open_part(part) as stream:
        line = _first_record(whole_lines(stream, encoding, MOST_BYTES), delimiter)
    try:
        if "\ufffd" in line:
            raise UnicodeError(f"it has bytes that are not {encoding}")
        first = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except (UnicodeError, csv.Error) as error:
        raise SourceError(
            f"{part.name} has no header that can be read ({error}): set encoding and delimiter in "
            "the TOML as the file has them, or replace the file"
        ) from error
    return Header(line, _names(part, first), delimiter, encoding)


def _first_record(pieces: Iterator[bytes], delimiter: str) -> str:
    """Return the first record of a text: its lines until all quotes are closed, else one line.

    A quote inside a field that is not quoted, such as an inch sign, opens nothing.
    """
    data, quotes, before, first = b"", 0, 0, -1
    for piece in pieces:
        data += piece
        for found in _LINE_END.finditer(data, before):
            quotes += data.count(b'"', before, found.start())
            is_first, before = first < 0, found.end()
            first = found.start() if is_first else first
            if quotes % 2 == 0:
                return data[: found.start()].decode()
            if is_first and not ends_inside_quotes(data[:first].decode(), delimiter):
                return data[:first].decode()
        if before > MOST_BYTES:
            return data[:first].decode()
    whole = (quotes + data.count(b'"', before)) % 2 == 0 or first < 0
    return (data if whole else data[:first]).decode()


def _names(part: Part, first: list[str]) -> tuple[str, ...]:
    found = [name.strip(INVISIBLE) for name in first]
    if not any(found):
        raise SourceError(f"{part.name} is empty: it has no header line; remove or replace it")
    names = tuple(name or f"_c{position}" for position, name in enumerate(found))
    check_names(part, names)
    if len(names) > MOST_FIELDS:
        raise SourceError(
            f"{part.name} has {len(names)} columns; at most {MOST_FIELDS} can be read"
        )
    return names


def check_names(part: Part, names: tuple[str, ...]) -> None:
    """Check that no column is named twice; names that differ in case alone are two names.

    Raises:
        SourceError: One is.
    """
    if len(set(names)) < len(names):
        twice = min(name for name in names if names.count(name) > 1)
        raise SourceError(f"{part.name} names the column {twice!r} twice; rename one")


@dataclass(frozen=True)
class CsvLayout:
    """How a CSV file is read.

    Attributes:
        part: The file.
        header: Its header.
        plain: Whether the file can be split at its line ends.
    """

    part: Part
    header: Header
    plain: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names."""
        return self.header.names

    def pieces(self) -> Iterator[Piece]:
        """Yield the parsers of the file's records.

        Raises:
            SettingsError: The delimiter is not ASCII, which Arrow does not take.
        """
        header = self.header
        if not header.delimiter.isascii():
            raise SettingsError(
                f"delimiter {header.delimiter!r} is not an ASCII character; only engine spark "
                f"splits lines at such, and only plain files: convert {self.part.name}"
            )
        rest, skipped, forms = b"", 1, patterns(header.delimiter, len(header.names))
        with open_part(self.part) as stream:
            for data, last in _with_last(whole_lines(stream, header.encoding)):
                found = join_lines(rest + data, forms, header.blank, last=last)
                rest = found.rest
                lines, joined = found.lines[skipped:], found.joined[skipped:]
                skipped -= min(skipped, len(found.lines))
                yield partial(parse_csv, lines, joined, header.line, header.names, forms)


def _with_last(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each piece, and whether it is the last."""
    before = next(pieces, b"")
    for piece in pieces:
        yield before, False
        before = piece
    yield before, True


def inspect_csv(part: Part, settings: FileSettings) -> CsvLayout:
    """Check that a CSV file can be read, and find out how.

    Raises:
        SourceError: The file is damaged, or has no usable header.
    """
    quotes = OddQuotes()
    check_whole(part, quotes.see)
    header = read_header(part, settings)
    name = part.file_name
    packed = name.lower().endswith((".gz", ".bz2")) and not name.endswith((".gz", ".bz2"))
    plain = not part.member and not packed and header.encoding in PLAIN_ENCODINGS
    return CsvLayout(part, header, plain and not quotes.any())
