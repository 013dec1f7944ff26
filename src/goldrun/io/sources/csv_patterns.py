"""Regular expressions of well-formed CSV records."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Patterns:
    """Regular expressions of a well-formed record for one delimiter and number of fields.

    Attributes:
        delimiter: The delimiter.
        fields: Number of fields.
        quoted: A quoted field.
        separator: The delimiter, escaped.
        line: A record whose quotes are right.
        opening: A line that ends inside a quoted field.
    """

    delimiter: str
    fields: int
    quoted: str
    separator: str
    line: str
    opening: str


def patterns(delimiter: str, fields: int, *, possessive: bool = False) -> Patterns:
    """Build the patterns of a well-formed record.

    Args:
        delimiter: One character.
        fields: Number of fields.
        possessive: Whether repeats are possessive. Java's engine needs that, so that a line of any
            length is matched without backtracking; RE2 never backtracks and does not know it.
    """
    separator = rf"\x{{{ord(delimiter):x}}}"
    more, many = ("*+", "++") if possessive else ("*", "")
    inside = rf'(?:[^"]{many}|""){more}'
    quoted = f'"{inside}"'
    field = rf'(?:{quoted}|[^"{separator}]{more})'
    return Patterns(
        delimiter,
        fields,
        quoted,
        separator,
        line=rf"\A{field}(?:{separator}{field}){more}\z",
        opening=rf'\A(?:{field}{separator})*"{inside}\z',
    )


def well_formed(lines: pa.Array, patterns: Patterns) -> pa.Array:
    """Whether each text is a record: its quotes are right, and it has as many fields."""
    right, unquoted = True, lines
    if pc.any(pc.match_substring(lines, '"')).as_py():
        right = pc.match_substring_regex(lines, patterns.line)
        unquoted = pc.replace_substring_regex(lines, patterns.quoted, "")
    delimiters = pc.count_substring(unquoted, patterns.delimiter)
    return pc.and_(right, pc.equal(delimiters, patterns.fields - 1))


def ends_inside_quotes(line: str, delimiter: str) -> bool:
    """Whether a line ends inside a quoted field, which continues on the next line."""
    opening = patterns(delimiter, 1).opening
    return bool(pc.match_substring_regex(pa.scalar(line), opening).as_py())
