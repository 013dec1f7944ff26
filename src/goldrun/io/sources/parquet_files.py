"""Parquet files: every value becomes text (``arrow_text``), and every row is a record."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from goldrun.contracts.file_settings import FileSettings
from goldrun.errors import SourceError
from goldrun.io.sources.arrow_text import as_text
from goldrun.io.sources.csv_files import check_names
from goldrun.io.sources.parts import Part, not_whole, random_access
from goldrun.io.sources.records import RECORDS, Parsed, Piece

_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class ParquetLayout:
    """How a Parquet file is read.

    Attributes:
        part: The file.
        columns: Its columns.
    """

    part: Part
    columns: tuple[str, ...]
    plain: bool = False

    def pieces(self) -> Iterator[Piece]:
        """Yield the parsers of the file's rows.

        Raises:
            SourceError: The file is damaged.
        """
        with _opened(self.part) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield partial(_records, batch)


def inspect_parquet(part: Part, settings: FileSettings) -> ParquetLayout:
    """Check that a Parquet file can be read to its end.

    Raises:
        SourceError: The file is damaged, or names a column twice.
    """
    with _opened(part) as file:
        names = tuple(file.schema_arrow.names)
        check_names(part, names)
        for _ in file.iter_batches(_ROWS_AT_ONCE):
            pass
    if not names:
        raise SourceError(f"{part.name} is empty: it has no column; remove or replace it")
    return ParquetLayout(part, names)


@contextlib.contextmanager
def _opened(part: Part) -> Iterator[pq.ParquetFile]:
    try:
        with random_access(part) as stream, pq.ParquetFile(stream) as file:
            yield file
    except pa.ArrowException as error:
        raise not_whole(part.name, "damaged, or no Parquet file") from error


def _records(batch: pa.RecordBatch) -> Parsed:
    """Turn a batch into one map of text by column name per row, and no errors."""
    names, count = batch.schema.names, batch.num_rows
    texts = [as_text(column) for column in batch.columns]
    # Arrow has the values by column, a map array needs them by record.
    by_record = np.arange(count * len(names)).reshape(len(names), count).T.ravel()
    values = pa.concat_arrays(texts).take(pa.array(by_record))
    keys = pa.array(names, pa.large_string()).take(pa.array(np.tile(np.arange(len(names)), count)))
    offsets = pa.array(np.arange(0, (count + 1) * len(names), len(names)), pa.int32())
    records = pa.MapArray.from_arrays(offsets, keys, values, type=RECORDS)
    return records, pa.nulls(count, pa.large_string())
