"""Landing files written: text to the byte as CSV or JSON, truth as typed Parquet."""

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
        path: The file; its folder is made.
        text: The columns; null is an empty field, and only what needs quotes has them (RFC 4180,
            lines ended by a line feed).
        damages: What happens to a line, by its position.
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
        path: The file; its folder is made.
        text: The columns; null is left out, unless it is of a required column.
        bare: Columns whose text is JSON already, as numbers are.
        required: Columns that every object has.
        damages: What happens to a line, by its position.
    """
    unquoted, always = set(bare), set(required)
    members = []
    for name, column in zip(text.columns, _arrow(text), strict=True):
        quote = "" if name in unquoted else '"'
        value = column if name in unquoted else _escaped(column)
        member = _joined(f",{json.dumps(name)}:{quote}", value, quote)
        nothing = f",{json.dumps(name)}:null" if name in always else ""
        members.append(pc.fill_null(member, nothing))
    # Every member begins with a comma, whichever is the first.
    lines = _joined("{", pc.utf8_slice_codeunits(_joined(*members), 1), "}")
    _write(path, b"", lines, damages)


def _arrow(text: pd.DataFrame) -> list[pa.Array]:
    """The columns, each in one piece, of a type that has no limit of 2 GB."""
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
        # Neither name nor time: the same text is the same file.
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
    """The lines one after another, which is how Arrow keeps them."""
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def write_parquet(path: Path, rows: pd.DataFrame, table: Table) -> None:
    """Write rows with a contract's columns and types.

    Args:
        path: The file; its folder is made.
        rows: The contract's columns: decimals as whole numbers in units of their last digit, times
            as UTC without a zone.
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
    """Put the decimal point into whole numbers: 128 bits each, the lower half first."""
    low = units.fillna(0).to_numpy(dtype=np.int64)
    words = np.column_stack([low, low >> 63])
    wanted = pa.decimal128(kind.precision, kind.scale)
    known = pa.array(units.notna().to_numpy(dtype=bool)).buffers()[1]
    return pa.Array.from_buffers(wanted, len(low), [known, pa.py_buffer(words.tobytes())])


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write a small text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def clear(folder: Path, made: Iterable[str]) -> None:
    """Remove the files that match the patterns ``made``, and their folders if that empties them.

    Args:
        folder: Where to look; nothing outside it is touched.
        made: Patterns of file names, relative to the folder.
    """
    found = sorted({file for pattern in made for file in folder.glob(pattern) if file.is_file()})
    for file in found:
        file.unlink()
    for place in sorted({file.parent for file in found} - {folder}, reverse=True):
        if not any(place.iterdir()):
            place.rmdir()
