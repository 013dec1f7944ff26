"""Files that only one reader can read: their records, written to a Parquet file for any engine."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from goldrun.contracts import lineage
from goldrun.io.sources.forms import Layout
from goldrun.io.sources.records import RECORDS, Parsed

_AT_ONCE = 2
"""Pieces parsed concurrently; more need more memory and gain little, because one thread writes."""
_CONVERTED = 1_000
"""Records that become Python's objects at once, because a caller may want few of a piece."""
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
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def write_records(
    target: Path, layouts: Sequence[Layout], fingerprints: Mapping[Path, str]
) -> None:
    """Parse parts of files and write their records to a Parquet file.

    Args:
        target: The Parquet file: ``RECORD``, ``MALFORMED`` and ``PLACE``.
        layouts: The parts, those of a file behind each other.
        fingerprints: SHA-256 by file.

    Raises:
        SourceError: A file can't be read.
    """
    rows: Counter[Path] = Counter()
    with pq.ParquetWriter(target, _SCHEMA, compression="lz4") as writer:
        for layout in layouts:
            file = layout.part.file
            for parsed in in_order(layout.pieces(), lambda piece: piece()):
                writer.write_batch(_batch(parsed, str(file), fingerprints[file], rows[file]))
                rows[file] += len(parsed[0])


def in_order(pieces: Iterator[_Given], work: Callable[[_Given], _Made]) -> Iterator[_Made]:
    """Apply a function to a few pieces concurrently; the results keep the order of the pieces."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pending: deque[Future[_Made]] = deque()
        for piece in pieces:
            pending.append(pool.submit(work, piece))
            if len(pending) > _AT_ONCE:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _batch(parsed: Parsed, file: str, digest: str, first: int) -> pa.RecordBatch:
    many = len(parsed[0])
    place = [pa.repeat(file, many), pa.repeat(digest, many), pa.repeat(pa.scalar(0, "int64"), many)]
    rows = pa.array(np.arange(first, first + many))
    return pa.RecordBatch.from_arrays([*parsed, *place, rows], schema=_SCHEMA)


def records_of(layout: Layout) -> Iterator[tuple[dict[str, str | None], str | None]]:
    """Yield the records of a part in this process: text by column, and a malformed record's text.

    Raises:
        SourceError: The file can't be read.
    """
    for piece in layout.pieces():
        parsed = piece()
        for at in range(0, len(parsed[0]), _CONVERTED):
            some = (each.slice(at, _CONVERTED).to_pylist() for each in parsed)
            for record, malformed in zip(*some, strict=True):
                yield dict(record), malformed
