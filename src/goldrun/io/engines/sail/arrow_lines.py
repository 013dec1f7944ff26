"""Files read as lines in this process: what ``lines`` does where Spark does not read."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage
from goldrun.io.engines.sail.session import lasting_folder
from goldrun.io.sources.files import open_bytes

Taken = tuple[pa.Array, pa.Array]
"""The records of some lines and, where a line is none, its text."""

RECORDS = pa.map_(pa.large_string(), pa.large_string())
_BYTES_AT_ONCE = 32 << 20
_AT_ONCE = 2
"""Pieces; more would be memory for little, as one thread writes what comes of them."""
_BOM = "\ufeff".encode()
_SCHEMA = pa.schema(
    [
        (lineage.RECORD, RECORDS),
        (lineage.MALFORMED, pa.large_string()),
        (lineage.FILE, pa.string()),
        (lineage.FINGERPRINT, pa.string()),
        (lineage.SPLIT, pa.int64()),
        (lineage.ROW, pa.int64()),
    ]
)


def read_here(
    spark: SparkSession,
    files: Mapping[Path, str],
    encoding: str,
    blank: str,
    take_apart: Callable[[Path, pa.Array], Taken],
    *,
    headed: bool = False,
) -> DataFrame:
    """Read files as the readers for Spark do, each file in one piece.

    Args:
        spark: A session of Sail.
        files: Fingerprint by file.
        encoding: ``UTF-8`` or ``ISO-8859-1``; a byte that is not of it becomes U+FFFD.
        blank: Characters of which a blank line is made; such lines are left out.
        take_apart: Makes records of a file's lines.
        headed: Whether the first line of each file is left out.

    Returns:
        ``RECORD``, ``MALFORMED`` and ``PLACE``.
    """
    target = lasting_folder() / "records.parquet"
    with pq.ParquetWriter(target, _SCHEMA, compression="lz4") as writer:
        pieces = _pieces(files, encoding, blank, headed=headed)
        for batch in _in_order(pieces, lambda piece: _batch(take_apart, piece)):
            writer.write_batch(batch)
    return spark.read.parquet(str(target))


@dataclass(frozen=True)
class _Piece:
    """Some lines of a file, and which of its rows the first is."""

    file: Path
    digest: str
    lines: pa.Array
    first: int


def _pieces(
    files: Mapping[Path, str], encoding: str, blank: str, *, headed: bool
) -> Iterator[_Piece]:
    for file, digest in files.items():
        row, skipped = 0, int(headed)
        for lines in lines_of(file, encoding, blank):
            kept, skipped = lines[skipped:], 0
            yield _Piece(file, digest, kept, row)
            row += len(kept)


def _in_order(
    pieces: Iterator[_Piece], work: Callable[[_Piece], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Work on a few pieces at once; what comes of them is in their order."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begun: deque[Future[pa.RecordBatch]] = deque()
        for piece in pieces:
            begun.append(pool.submit(work, piece))
            if len(begun) > _AT_ONCE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _batch(take_apart: Callable[[Path, pa.Array], Taken], piece: _Piece) -> pa.RecordBatch:
    taken = take_apart(piece.file, piece.lines)
    file, digest, first = str(piece.file), piece.digest, piece.first
    many = len(taken[0])
    place = [pa.repeat(file, many), pa.repeat(digest, many), pa.repeat(pa.scalar(0, "int64"), many)]
    rows = pa.array(np.arange(first, first + many))
    return pa.RecordBatch.from_arrays([*taken, *place, rows], schema=_SCHEMA)


def lines_of(file: Path, encoding: str, blank: str) -> Iterator[pa.Array]:
    """The lines of a file that are not blank, those of some megabytes at a time."""
    for data in _whole_lines(file):
        lines = _split(_decoded(data, encoding))
        yield lines.filter(pc.not_equal(pc.utf8_trim(lines, characters=blank), ""))


def _whole_lines(file: Path) -> Iterator[bytes]:
    """The bytes of a file, cut after line feeds: of one that has none, all at once."""
    rest = b""
    with open_bytes(file) as stream:
        data = stream.read(_BYTES_AT_ONCE).removeprefix(_BOM)
        while data:
            whole, feed, after = data.rpartition(b"\n")
            if feed:
                yield rest + whole + feed
                rest = after
            else:
                rest += data
            data = stream.read(_BYTES_AT_ONCE)
    if rest:
        yield rest


def _decoded(data: bytes, encoding: str) -> bytes:
    """The same text as UTF-8. No line end is ever a part of a broken character."""
    if encoding != "UTF-8":
        return data.decode(encoding).encode()
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _split(data: bytes) -> pa.Array:
    """Lines as views into the bytes; they end with a line feed, a carriage return, or both."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.endswith(b"\n"):
        data += b"\n"
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    offsets = np.concatenate(([0], ends + 1)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    ended = pa.Array.from_buffers(pa.large_string(), len(ends), buffers)
    return pc.utf8_rtrim(ended, characters="\n")
