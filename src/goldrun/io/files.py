"""Landing files: found, identified by their bytes, read as text."""

import bz2
import csv
import glob
import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage as L
from goldrun.contracts.source import EntityMapping
from goldrun.errors import SourceError, did_you_mean

_SUFFIXES = (".csv", ".csv.gz", ".csv.bz2", ".txt", ".txt.gz")
_UNREADABLE = re.compile(
    r"FAILED_READ_FILE[^\]]*\].*?(?:file|path)[^\w/]*?((?:\w+:)?/\S+?)\.?(?:\s|$)"
)
_ROW_BITS = 33
"""monotonically_increasing_id keeps the row number of its task in the lower 33 bits."""


def find_files(path: str) -> list[Path]:
    """List the files of a folder, a glob or a single path, in order of their names.

    Raises:
        SourceError: The folder is missing, or nothing matches.
    """
    place = Path(path)
    if place.is_dir():
        found = [p for p in place.iterdir() if p.name.endswith(_SUFFIXES)]
        wanted = f"no file that ends in {', '.join(_SUFFIXES)}"
    else:
        found = [Path(match) for match in glob.glob(path, recursive=True)]
        wanted = "no file matches"
    files = sorted(p for p in found if p.is_file())
    for file in files:
        if file.name.startswith(("_", ".")) or set(file.name) & set("*?[]{}\\"):
            raise SourceError(
                f"{file}: Spark passes over names that begin with _ or . and reads *?[]{{}} as a "
                "pattern; rename the file"
            )
    if not files:
        folder = place if place.is_dir() else place.parent
        if not folder.is_dir() and not glob.has_magic(str(folder)):
            raise SourceError(f"{path}: the folder {folder} does not exist; check path in the TOML")
        raise SourceError(f"{path}: {wanted} in {folder}")
    return files


def fingerprint(file: Path) -> str:
    """SHA-256 of the file's bytes, as 64 hex digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_header(file: Path, mapping: EntityMapping) -> list[str]:
    """Read the column names in a CSV file's first line.

    Raises:
        SourceError: The file is empty, can't be decompressed or decoded, or names a column twice.
    """
    try:
        with _open_text(file, mapping.encoding) as stream:
            first = next(csv.reader(stream, delimiter=mapping.delimiter), [])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{file} can't be read: {error}; replace the file") from error
    names = [name.strip() or f"_c{position}" for position, name in enumerate(first)]
    if not any(first):
        raise SourceError(f"{file} is empty: it has no header line; remove or replace it")
    taken = {L.SPLIT, L.ROW, L.CORRUPT, L.LINEAGE} & set(names)
    if taken or any("`" in name for name in names):
        raise SourceError(f"{file} has a column name that goldrun can't take: {names}; rename it")
    twice = {n for n in names if [m.lower() for m in names].count(n.lower()) > 1}
    if twice:
        raise SourceError(f"{file} names the column {sorted(twice)[0]!r} twice; rename one")
    return names


def _open_text(file: Path, encoding: str) -> IO[str]:
    # A byte-order mark is not part of the first column's name.
    encoding = "utf-8-sig" if encoding.upper() in {"UTF-8", "UTF8"} else encoding
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding=encoding, newline="")
    if file.suffix == ".bz2":
        return bz2.open(file, "rt", encoding=encoding, newline="")
    return file.open("rt", encoding=encoding, newline="")


def check_columns(file: Path, header: Sequence[str], needed: Mapping[str, str]) -> None:
    """Raise SourceError, naming file and column, when a needed column is not in the header.

    Args:
        file: The file.
        header: Its column names.
        needed: Each column that is read, and where that is written.
    """
    for name, where in needed.items():
        if name not in header:
            raise SourceError(
                f"{file} has no column {name!r}, which {where} reads"
                f"{did_you_mean(name, header)}; it has {', '.join(header)}"
            )


def read_text(
    spark: SparkSession, file: Path, header: Sequence[str], mapping: EntityMapping
) -> DataFrame:
    """Read one CSV file as text.

    Args:
        spark: The session.
        file: The file.
        header: Its column names.
        mapping: Delimiter and encoding.

    Returns:
        The file's columns as strings, and the lineage columns ``SPLIT``, ``ROW`` and ``CORRUPT``.
    """
    fields = [T.StructField(name, T.StringType()) for name in [*header, L.CORRUPT]]
    rows = (
        spark.read.schema(T.StructType(fields))
        .options(header=True, sep=mapping.delimiter, encoding=mapping.encoding, escape='"')
        .option("columnNameOfCorruptRecord", L.CORRUPT)
        .csv(str(file.resolve()))
    )
    row = F.monotonically_increasing_id().bitwiseAND(F.lit((1 << _ROW_BITS) - 1))
    return rows.select("*", F.col("_metadata.file_block_start").alias(L.SPLIT), row.alias(L.ROW))


def unreadable_file(failure: str) -> SourceError | None:
    """Turn what Spark says of a file it can't read into a SourceError; None for other failures."""
    found = _UNREADABLE.search(failure)
    if found is None:
        return None
    how = "cut off" if "Unexpected end" in failure or "EOFException" in failure else "damaged"
    file = found.group(1).removeprefix("file://")
    return SourceError(
        f"{file} can't be read to its end: it is {how}; nothing of the batch was written, replace "
        "the file"
    )
