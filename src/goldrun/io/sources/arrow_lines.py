"""Files read as lines with Arrow, and their records written to a Parquet file."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from goldrun.contracts import lineage
from goldrun.io.sources.files import open_bytes
from goldrun.io.sources.records import BOM

Parsed = tuple[pa.Array, pa.Array]
"""The records of some lines (``RECORDS``), and the text of each malformed line, else null."""

RECORDS = pa.map_(pa.large_string(), pa.large_string())
_BYTES_AT_ONCE = 32 << 20
_AT_ONCE = 2
"""Pieces parsed concurrently; more need more memory and gain little, because one thread writes."""
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


def read_records(
    target: Path,
    files: Mapping[Path, str],
    encoding: str,
    blank: str,
    parse: Callable[[Path, pa.Array], Parsed],
    *,
    header: bool = False,
) -> None:
    """Parse files and write their records to a Parquet file, each file as one split.

    Args:
        target: The Parquet file: ``RECORD``, ``MALFORMED`` and ``PLACE``.
        files: Fingerprint by file.
        encoding: ``UTF-8`` or ``ISO-8859-1``; an invalid byte becomes U+FFFD.
        blank: Characters of a blank line; blank lines are skipped.
        parse: Parses lines of a file.
        header: Whether the first line of each file is skipped.
    """
    with pq.ParquetWriter(target, _SCHEMA, compression="lz4") as writer:
        pieces = _pieces(files, encoding, blank, header=header)
        for batch in _mapped_in_order(pieces, lambda piece: _batch(parse, piece)):
            writer.write_batch(batch)


@dataclass(frozen=True)
class _Piece:
    """Lines of a file; ``first`` is the row number of the first of them."""

    file: Path
    digest: str
    lines: pa.Array
    first: int


def _pieces(
    files: Mapping[Path, str], encoding: str, blank: str, *, header: bool
) -> Iterator[_Piece]:
    for file, digest in files.items():
        row, skipped = 0, int(header)
        for lines in lines_of(file, encoding, blank):
            kept, skipped = lines[skipped:], 0
            yield _Piece(file, digest, kept, row)
            row += len(kept)


def _mapped_in_order(
    pieces: Iterator[_Piece], work: Callable[[_Piece], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Apply a function to a few pieces concurrently; the results keep the order of the pieces."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pending: deque[Future[pa.RecordBatch]] = deque()
        for piece in pieces:
            pending.append(pool.submit(work, piece))
            if len(pending) > _AT_ONCE:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _batch(parse: Callable[[Path, pa.Array], Parsed], piece: _Piece) -> pa.RecordBatch:
    parsed = parse(piece.file, piece.lines)
    file, digest, first = str(piece.file), piece.digest, piece.first
    many = len(parsed[0])
    place = [pa.repeat(file, many), pa.repeat(digest, many), pa.repeat(pa.scalar(0, "int64"), many)]
    rows = pa.array(np.arange(first, first + many))
    return pa.RecordBatch.from_arrays([*parsed, *place, rows], schema=_SCHEMA)


def lines_of(file: Path, encoding: str, blank: str) -> Iterator[pa.Array]:
    """Yield the lines of a file that are not blank, in arrays of some megabytes."""
    for data in _whole_lines(file):
        lines = _split(_decoded(data, encoding))
        yield lines.filter(pc.not_equal(pc.utf8_trim(lines, characters=blank), ""))


def _whole_lines(file: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in chunks that end with a line feed; one chunk if it has none."""
    rest = b""
    with open_bytes(file) as stream:
        data = stream.read(_BYTES_AT_ONCE).removeprefix(BOM.encode())
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
    """Recode bytes as UTF-8. A line end is never part of an invalid sequence."""
    if encoding != "UTF-8":
        return data.decode(encoding).encode()
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _split(data: bytes) -> pa.Array:
    """Split bytes at line feeds, carriage returns or both; the lines are views into the bytes."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.endswith(b"\n"):
        data += b"\n"
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    offsets = np.concatenate(([0], ends + 1)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    ended = pa.Array.from_buffers(pa.large_string(), len(ends), buffers)
    return pc.utf8_rtrim(ended, characters="\n")
