"""Decode files and search them for a person's data, which ``grep`` can't find if compressed."""

import gzip
import json
import logging
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldrun.contracts.erasure import Term

log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 16_384
_LINES_AT_ONCE = 10_000
_PROGRESS_EVERY = 200
_STRUCTURED = (".json", ".crc", "_last_checkpoint", "_last_vacuum_info")
"""Endings of Delta's log files, which have one JSON object a line."""
TEXT = ""
"""Name for text without a column or field: a line of plain text."""

Cells = Iterator[tuple[str, pa.Array]]


@dataclass(frozen=True, order=True)
class Trace:
    """The place where a term was found; it does not contain the term itself.

    Attributes:
        file: The file.
        column: Column or field; ``TEXT`` for a line of plain text.
        kind: Kind of the term, or the reason why the file could not be searched.
    """

    file: str
    column: str
    kind: str


def find_traces(folders: Sequence[Path], terms: Sequence[Term]) -> list[Trace]:
    """Decode every file below some folders and search for a person's terms.

    Parquet (data, change data, checkpoints) is read by column, in batches of rows; JSON, also
    JSON inside text, by field; any other file by line of text, decompressed if its name ends in
    ``.gz``. An identifying term is searched in all columns, another one in its own columns.

    Args:
        folders: Folders to search; one that does not exist is ignored.
        terms: Terms to search for.

    Returns:
        Each place once. A file that can't be decoded is one too, because it was not searched.
    """
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
    traces: set[Trace] = set()
    for number, file in enumerate(files, 1):
        traces |= _in_file(file, terms)
        if number % _PROGRESS_EVERY == 0:
            log.info("    %s of %s files decoded", f"{number:,}", f"{len(files):,}")
    log.info("    %s files decoded", f"{len(files):,}")
    return sorted(traces)


def _in_file(file: Path, terms: Sequence[Term]) -> set[Trace]:
    traces: set[Trace] = set()
    try:
        for name, values in _cells(file):
            traces |= {Trace(str(file), name, kind) for kind in _kinds(name, values, terms)}
    except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException) as error:
        traces.add(Trace(str(file), TEXT, f"could not be decoded: {type(error).__name__}"))
    return traces


def _kinds(name: str, values: pa.Array, terms: Sequence[Term]) -> set[str]:
    """Return the kinds of the terms that occur in values of a column."""
    sought = [term for term in terms if term.identifies or name in term.columns]
    if not sought or not _any(values, "|".join(term.pattern for term in sought)):
        return set()
    return {term.kind for term in sought if _any(values, term.pattern)}


def _any(values: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


def _cells(file: Path) -> Cells:
    """Yield the texts to search in a file, each array with its column, by the file's ending."""
    if file.name.endswith(".parquet"):
        return _parquet_cells(file)
    if file.name.endswith(_STRUCTURED) and not file.name.startswith("."):
        return _json_line_cells(file)
    return _text_cells(file)


def _parquet_cells(file: Path) -> Cells:
    """Yield the texts of a Parquet file, each array with the name of its column or field."""
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(_ROWS_AT_ONCE):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                yield from _of_array(name, column)


def _of_array(name: str, values: pa.Array) -> Cells:
    """Yield the texts in an array of any nesting, each with the name of its field."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        yield from _of_array(name, values.dictionary_decode())
    elif pa.types.is_struct(kind):
        for field, inner in zip(kind, values.flatten(), strict=True):
            yield from _of_array(field.name, inner)
    elif pa.types.is_map(kind):
        yield name, values.keys
        yield from _of_entries(values.keys, values.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _of_array(name, values.flatten())
    else:
        yield from _of_plain_array(name, values)


def _of_plain_array(name: str, values: pa.Array) -> Cells:
    """Yield the texts in an array of bytes or texts; none of another type."""
    if pa.types.is_binary(values.type):
        yield name, pa.array([v and v.decode(errors="replace") for v in values.to_pylist()])
    elif pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        yield name, values
        yield from _nested_json_cells(values)


def _of_entries(keys: pa.Array, items: pa.Array) -> Cells:
    for key in pc.unique(keys).to_pylist():
        yield from _of_array(key, items.filter(pc.equal(keys, key)))


def _nested_json_cells(values: pa.Array) -> Cells:
    """Yield the texts inside values that are JSON objects, such as quarantined records."""
    objects = values.filter(pc.fill_null(pc.starts_with(values, "{"), False))
    yield from _json_cells(objects.to_pylist())


def _json_line_cells(file: Path) -> Cells:
    with file.open(encoding="utf-8", errors="replace") as stream:
        for lines in _in_batches(stream):
            yield from _json_cells(lines)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def _json_cells(texts: Sequence[str]) -> Cells:
    """Yield the strings of JSON documents by the name of their field."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for text in texts:
        for name, value in _strings(TEXT, text):
            found[name].append(value)
    for name, values in found.items():
        yield name, pa.array(values, pa.string())


def _strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield TEXT, key
            yield from _strings(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(name, inner)
    elif isinstance(value, str):
        inner = _json_in(value)
        if inner is None:
            yield name, value
        else:
            yield from _strings(name, inner)


def _json_in(text: str) -> Any:
    """Parse a text as JSON; None for plain text, which may begin with a brace as well."""
    if not _is_json(text):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _text_cells(file: Path) -> Cells:
    unzip = gzip.open if file.suffix == ".gz" else open
    with unzip(file, "rt", encoding="utf-8", errors="replace") as stream:
        for lines in _in_batches(stream):
            yield TEXT, pa.array(lines, pa.string())


def _in_batches(lines: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _LINES_AT_ONCE:
            yield batch
            batch = []
    yield batch
