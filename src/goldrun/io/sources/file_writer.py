"""Write source files: text as CSV or JSON with exact bytes, and typed rows as Parquet."""

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import types as T

from goldrun.contracts.table import Table

Damage = Callable[[bytes], bytes]

_GZIP_LEVEL = 3
"""Twice as fast as the usual 6, for a few per cent more bytes."""
_NEEDS_QUOTES = '[,"\r\n]'
_SIMPLE_TYPES: dict[type[T.DataType], pa.DataType] = {
    T.StringType: pa.string(),
    T.BooleanType: pa.bool_(),
    T.IntegerType: pa.int32(),
    T.LongType: pa.int64(),
    T.DoubleType: pa.float64(),
    T.TimestampType: pa.timestamp("us", tz="UTC"),
}


def write_csv(path: Path, text: pd.DataFrame, damages: Mapping[int, Damage]) -> None:
    """Write text columns as CSV with a header line; a name that ends in .gz is compressed.

    Args:
        path: The file; its folder is created.
        text: The columns; null is an empty field, and only fields that need quotes have them (RFC
            4180, lines ended by a line feed).
        damages: Function that changes the bytes of a line, by the line's position.
    """
    columns = [_quoted(column) for column in _arrow(text)]
    lines = _joined(*columns, between=",")
    _write(path, ",".join(text.columns).encode() + b"\n", lines, damages)


def write_json(
    path: Path,
    text: pd.DataFrame,
    bare: Iterable[str],
    required: Iterable[str],
    damages: Mapping[int, Damage],
) -> None:
    """Write text columns as JSON, one object a line; a name that ends in .gz is compressed.

    Args:
        path: The file; its folder is created.
        text: The columns; a null is omitted, unless its column is required.
        bare: Columns whose text is JSON already, such as numbers.
        required: Columns that every object has.
        damages: Function that changes the bytes of a line, by the line's position.
    """
    unquoted, always = set(bare), set(required)
    members = []
    for name, column in zip(text.columns, _arrow(text), strict=True):
        quote = "" if name in unquoted else '"'
        value = column if name in unquoted else _escaped(column)
        member = _joined(f",{json.dumps(name)}:{quote}", value, quote)
        nothing = f",{json.dumps(name)}:null" if name in always else ""
        members.append(pc.fill_null(member, nothing))
    # Every member begins with a comma, because any member may be the first; the slice removes it.
    lines = _joined("{", pc.utf8_slice_codeunits(_joined(*members), 1), "}")
    _write(path, b"", lines, damages)


def _arrow(text: pd.DataFrame) -> list[pa.Array]:
    """Convert each column to one array of a type without a limit of 2 GB."""
    table = pa.Table.from_pandas(text, preserve_index=False).combine_chunks()
    empty = pa.array([], pa.large_string())
    return [
        column.chunk(0).cast(pa.large_string()) if column.num_chunks else empty
        for column in table.columns
    ]


def _joined(*parts: pa.Array | str, between: str = "") -> pa.Array:
    """Concatenate row by row; a row with a null is null."""
    texts = (*parts, between)
    typed = [pa.scalar(t, pa.large_string()) if isinstance(t, str) else t for t in texts]
    return pc.binary_join_element_wise(*typed)


def _quoted(column: pa.Array) -> pa.Array:
    filled = pc.fill_null(column, "")
    needs = pc.match_substring_regex(filled, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return filled
    doubled = pc.replace_substring(filled, '"', '""')
    return pc.if_else(needs, _joined('"', doubled, '"'), filled)


def _escaped(column: pa.Array) -> pa.Array:
    return pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')


def _write(path: Path, header: bytes, lines: pa.Array, damages: Mapping[int, Damage]) -> None:
    ended = _damaged(_joined(lines, "\n").cast(pa.large_binary()), damages)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        if path.suffix != ".gz":
            file.write(header)
            file.write(_bytes_of(ended))
            return
        # Without name and time, so that equal text gives equal bytes.
        with gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) as compressed:
            compressed.write(header)
            compressed.write(_bytes_of(ended))


def _damaged(lines: pa.Array, damages: Mapping[int, Damage]) -> pa.Array:
    if not damages:
        return lines
    positions = sorted(damages)
    mask = np.zeros(len(lines), dtype=bool)
    mask[positions] = True
    spoiled = [damages[i](lines[i].as_py().removesuffix(b"\n")) + b"\n" for i in positions]
    return pc.replace_with_mask(lines, pa.array(mask), pa.array(spoiled, pa.large_binary()))


def _bytes_of(lines: pa.Array) -> memoryview:
    """Return the concatenated lines, without a copy of Arrow's buffer."""
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def write_parquet(path: Path, rows: pd.DataFrame, table: Table) -> None:
    """Write rows with a contract's columns and types.

    Args:
        path: The file; its folder is created.
        rows: The contract's columns: decimals as integers in units of their last digit, times as
            UTC without a zone.
        table: The contract.
    """
    names = list(table.names)
    columns = [_typed(rows[c.name], c.type) for c in table.columns]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(columns, names=names), path)


def _typed(column: "pd.Series[int]", kind: T.DataType) -> pa.Array | pa.ChunkedArray:
    if isinstance(kind, T.DecimalType):
        return _decimals(column, kind)
    if isinstance(kind, T.ArrayType):
        return pa.array(list(column), pa.list_(_SIMPLE_TYPES[type(kind.elementType)]))
    wanted = _SIMPLE_TYPES[type(kind)]
    values = pa.array(column, from_pandas=True)
    if isinstance(kind, T.TimestampType):
        return values.cast(pa.timestamp("us")).cast(wanted)
    return values.cast(wanted)


def _decimals(units: "pd.Series[int]", kind: T.DecimalType) -> pa.Array:
    """Convert integers in units of the last digit to decimals of 128 bits, lower half first."""
    low = units.fillna(0).to_numpy(dtype=np.int64)
    words = np.column_stack([low, low >> 63])
    wanted = pa.decimal128(kind.precision, kind.scale)
    known = pa.array(units.notna().to_numpy(dtype=bool)).buffers()[1]
    return pa.Array.from_buffers(wanted, len(low), [known, pa.py_buffer(words.tobytes())])


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write lines of text to a file, in UTF-8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def clear(folder: Path, patterns: Iterable[str]) -> None:
    """Remove the files that match some patterns, and their folders if they are empty then.

    Args:
        folder: Folder to search; files outside it are not removed.
        patterns: Patterns of file names, relative to the folder.
    """
    files = {file for each in patterns for file in folder.glob(each) if file.is_file()}
    found = sorted(files)
    for file in found:
        file.unlink()
    for place in sorted({file.parent for file in found} - {folder}, reverse=True):
        if not any(place.iterdir()):
            place.rmdir()
