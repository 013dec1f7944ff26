"""CSV files: their header, and their lines as text by column."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.source import EntityMapping
from goldrun.contracts.text import INVISIBLE
from goldrun.errors import SettingsError, SourceError
from goldrun.io.engines.sail.arrow_csv import take_csv_apart
from goldrun.io.engines.sail.arrow_lines import Taken, read_here
from goldrun.io.engines.sail.session import is_sail
from goldrun.io.engines.spark.lines import LINE, PLACE, no_record, read_lines
from goldrun.io.sources.files import LONGEST_LINE, open_bytes

_BOM = "\ufeff"
_BLANK = " \t"
_MOST_FIELDS = 20_000
"""Spark's CSV parser ends the whole job at a line of more fields than it was made for."""
_PARSED = "parsed"


@dataclass(frozen=True)
class Header:
    """A file's first line.

    Attributes:
        line: As it is written.
        names: Columns that it names; one without a name is called ``_c`` and its position.
    """

    line: str
    names: tuple[str, ...]


def read_header(file: Path, mapping: EntityMapping) -> Header:
    """Read the first line of a CSV file that is whole (``check_whole``).

    Raises:
        SourceError: The file is empty, its first line can't be decoded or is no header, or it
            names a column twice.
    """
    with open_bytes(file) as stream:
        start = stream.readline(LONGEST_LINE).removeprefix(_BOM.encode())
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
    if len(names) > _MOST_FIELDS:
        raise SourceError(f"{file} has {len(names)} columns; at most {_MOST_FIELDS} can be read")
    return Header(line, names)


def read_csv(
    spark: SparkSession,
    files: Mapping[Path, str],
    headers: Mapping[Path, Header],
    mapping: EntityMapping,
) -> DataFrame:
    """Read CSV files as text; files with the same header are read together.

    A record is one line: RFC 4180 without line ends inside quotes, so that a quote that is never
    closed can't take the next line along. Malformed are lines with more or fewer fields than the
    header, lines whose quotes are wrong (not closed, not doubled inside quotes, or inside a field
    that is not quoted), and lines that repeat the header.

    Args:
        spark: The session.
        files: Fingerprint by file.
        headers: Header by file.
        mapping: Delimiter and encoding.

    Returns:
        ``RECORD``, the text by column, null where there is none (empty for a malformed line);
        ``MALFORMED``, the raw line of a malformed one; and ``PLACE``.
    """
    if is_sail(spark):
        return _read_here(spark, files, headers, mapping)
    parts = []
    for header in dict.fromkeys(headers[file] for file in files):
        alike = {file: digest for file, digest in files.items() if headers[file] == header}
        lines = read_lines(spark, alike, mapping.encoding, _blank(mapping))
        parts.append(_parse(_without_header(lines), header, mapping.delimiter))
    return reduce(DataFrame.unionByName, parts)


def _blank(mapping: EntityMapping) -> str:
    return _BLANK.replace(mapping.delimiter, "")


def _read_here(
    spark: SparkSession,
    files: Mapping[Path, str],
    headers: Mapping[Path, Header],
    mapping: EntityMapping,
) -> DataFrame:
    if not mapping.delimiter.isascii():
        raise SettingsError(
            f"delimiter {mapping.delimiter!r} is no ASCII character: engine sail can't part lines "
            "by it, use engine spark"
        )

    def take_apart(file: Path, lines: pa.Array) -> Taken:
        return take_csv_apart(lines, headers[file].line, headers[file].names, mapping.delimiter)

    return read_here(spark, files, mapping.encoding, _blank(mapping), take_apart, headed=True)


def _without_header(lines: DataFrame) -> DataFrame:
    starts = F.col(lineage.SPLIT) == 0
    records = lines.where(~(starts & (F.col(lineage.ROW) == 0)))
    return records.withColumn(lineage.ROW, F.col(lineage.ROW) - F.when(starts, 1).otherwise(0))


def _parse(lines: DataFrame, header: Header, delimiter: str) -> DataFrame:
    # By position: whatever a shop calls its columns, no name meets one of ours.
    fields = [f"c{position}" for position in range(len(header.names))]
    schema = ", ".join(f"{name} string" for name in [*fields, lineage.CORRUPT])
    parsed = F.from_csv(
        LINE,
        schema,
        {
            "sep": delimiter,
            "escape": '"',
            "columnNameOfCorruptRecord": lineage.CORRUPT,
            "maxColumns": str(_MOST_FIELDS + 1),
        },
    )
    readable = _is_readable(F.col(LINE), header, delimiter)
    frame = lines.select(LINE, *PLACE, F.when(readable, parsed).alias(_PARSED))
    fits = F.col(_PARSED).isNotNull() & F.col(f"{_PARSED}.{lineage.CORRUPT}").isNull()
    names = F.array(*[F.lit(name) for name in header.names])
    values = F.array(*[F.col(f"{_PARSED}.{name}") for name in fields])
    return frame.select(
        F.when(fits, F.map_from_arrays(names, values)).otherwise(no_record()).alias(lineage.RECORD),
        F.when(~fits, F.col(LINE)).alias(lineage.MALFORMED),
        *PLACE,
    )


def _is_readable(line: SparkColumn, header: Header, delimiter: str) -> SparkColumn:
    """Whether the parser may see a line: what it would mend in silence, or stop at, it may not."""
    sep = rf"\x{{{ord(delimiter):x}}}"
    # Possessive, so that no line, however long, needs a stack or a second try.
    quoted = r'"(?:[^"]++|"")*+"'
    field = rf'(?:{quoted}|[^"{sep}]*+)'
    quotes_are_right = ~line.contains('"') | line.rlike(rf"\A{field}(?:{sep}{field})*+\z")
    unquoted = F.regexp_replace(line, quoted, "")
    fields = F.size(F.split(unquoted, sep, -1))
    few = F.when(F.octet_length(line) < _MOST_FIELDS, True).otherwise(fields <= _MOST_FIELDS)
    repeats = F.ltrim(line, F.lit(_BOM)) == header.line
    return quotes_are_right & few & ~repeats
