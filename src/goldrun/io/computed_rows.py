"""What Sail has computed, on its way to whoever writes it: Parquet files in a scratch folder."""

import contextlib
import heapq
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake.exceptions import DeltaError
from pyspark.sql import DataFrame

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, StorageError
from goldrun.io.sail import scratch_folder

_BATCH = 8192
"""Rows that Sail writes at once."""


class ComputedRows:
    """Rows that Sail has computed into Parquet files, read batch by batch.

    Attributes:
        count: How many.
        null: The first column that has a null and may not, once it was met.
    """

    def __init__(self, folder: Path, schema: pa.Schema, sorted_by: Sequence[str]) -> None:
        self.null = ""
        self._schema, self._sorted_by = schema, sorted_by
        files = sorted(folder.glob("*.parquet"), key=_part)
        self._parts = [ds.dataset(f, schema=loose(schema), format="parquet") for f in files]
        self.count = sum(part.count_rows() for part in self._parts)

    def reader(self) -> pa.RecordBatchReader:
        """The rows, in the order of their table; a null where none may be ends the reading."""
        return pa.RecordBatchReader.from_batches(self._schema, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        parts = [part.to_batches(batch_size=_BATCH, use_threads=False) for part in self._parts]
        # Of rows in order each file has a batch in turn, so they are put back by their beginnings.
        for batch in heapq.merge(*parts, key=self._begin) if self._sorted_by else chain(*parts):
            for column, field in zip(batch.columns, self._schema, strict=True):
                if not field.nullable and column.null_count:
                    self.null = field.name
                    raise ValueError(f"{field.name} is null")
            yield pa.RecordBatch.from_arrays(batch.columns, schema=self._schema)

    def _begin(self, batch: pa.RecordBatch) -> list[tuple[bool, object]]:
        if not len(batch):
            return []
        first = [batch.column(name)[0].as_py() for name in self._sorted_by]
        return [(value is not None, value) for value in first]


def _part(file: Path) -> int:
    """Sail numbers the files of a write at the end of their names."""
    return int(file.name.split(".", maxsplit=1)[0].rsplit("_", maxsplit=1)[1])


@contextlib.contextmanager
def computed_rows(rows: DataFrame, table: Table, schema: pa.Schema) -> Iterator[ComputedRows]:
    """Let Sail compute rows, and say about which table a failure to write them is.

    Args:
        rows: What is to be written.
        table: The contract of the table that they go to.
        schema: Their columns, in Arrow's types.

    Raises:
        ContractError: A value is null that may not be.
        StorageError: delta-rs could not write them.
    """
    with scratch_folder() as folder:
        in_order = rows.orderBy(*table.clustered_by) if table.clustered_by else rows
        in_order.write.mode("append").parquet(str(folder))
        computed = ComputedRows(folder, schema, table.clustered_by)
        try:
            yield computed
        except DeltaError as error:
            if computed.null:
                raise ContractError(
                    f"{table.name} was not written: {computed.null} is null"
                ) from error
            raise StorageError(f"{table.name} was not written: {error}") from error


def loose(schema: pa.Schema) -> pa.Schema:
    """The same columns, any of which may be null."""
    return pa.schema([field.with_nullable(True) for field in schema])
