"""CSV files: the header, and the definition of a malformed line, which all engines share.

A record is one line: RFC 4180 without line ends inside quotes, so that a quote that is never closed
does not absorb the next line. A line is malformed if

- it has more or fewer fields than the header,
- its quotes are wrong: not closed, not doubled inside quotes, or inside a field that is not quoted,
- it repeats the header, after a byte order mark or without.

An empty field is null, quoted or not.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SourceError
from goldrun.io.sources.files import LONGEST_LINE, open_bytes
from goldrun.io.sources.records import BLANK, BOM

MOST_FIELDS = 20_000
"""Fields of a line. Spark's CSV parser ends the whole job at more than it is configured for."""


@dataclass(frozen=True)
class Header:
    """The first line of a CSV file.

    Attributes:
        line: Its text.
        names: Column names; a column without a name is called ``_c`` and its position.
    """

    line: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Patterns:
    """Regular expressions of a well-formed line for one delimiter.

    Attributes:
        quoted: A quoted field.
        separator: The delimiter.
        line: A line whose quotes are right.
    """

    quoted: str
    separator: str
    line: str


def read_header(file: Path, mapping: EntityMapping) -> Header:
    """Read the header of a CSV file that ``check_whole`` has accepted.

    Raises:
        SourceError: The file is empty, its first line can't be decoded or parsed, or it names a
            column twice.
    """
    with open_bytes(file) as stream:
        start = stream.readline(LONGEST_LINE).removeprefix(BOM.encode())
    try:
        line = re.split(rb"[\r\n]", start, maxsplit=1)[0].decode(mapping.encoding)
        first = next(csv.reader([line], delimiter=mapping.delimiter, strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(
            f"{file} has no header that can be read ({error}): set encoding and delimiter in the "
            "TOML as the file has them, or replace the file"
        ) from error
    found = [name.strip(INVISIBLE) for name in first]
    if not any(found):
        raise SourceError(f"{file} is empty: it has no header line; remove or replace it")
    names = tuple(name or f"_c{position}" for position, name in enumerate(found))
    # Names that differ in case alone are two names, as the keys of a JSON object are.
    if len(set(names)) < len(names):
        twice = min(name for name in names if names.count(name) > 1)
        raise SourceError(f"{file} names the column {twice!r} twice; rename one")
    if len(names) > MOST_FIELDS:
        raise SourceError(f"{file} has {len(names)} columns; at most {MOST_FIELDS} can be read")
    return Header(line, names)


def blank_characters(mapping: EntityMapping) -> str:
    """Characters of a blank line: a delimiter is none, because it separates empty fields."""
    return BLANK.replace(mapping.delimiter, "")


def patterns(delimiter: str, *, possessive: bool) -> Patterns:
    """Build the patterns of a well-formed line.

    Args:
        delimiter: One character.
        possessive: Whether repeats are possessive. Java's engine needs that, so that a line of any
            length is matched without backtracking; RE2 never backtracks and does not know it.
    """
    separator = rf"\x{{{ord(delimiter):x}}}"
    more, many = ("*+", "++") if possessive else ("*", "")
    quoted = rf'"(?:[^"]{many}|""){more}"'
    field = rf'(?:{quoted}|[^"{separator}]{more})'
    return Patterns(quoted, separator, rf"\A{field}(?:{separator}{field}){more}\z")
