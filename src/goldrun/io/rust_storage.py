"""Delta tables written by delta-rs, which needs no Java."""

import contextlib
import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, StorageError
from goldrun.io.delta import CHANGE_FEED, properties
from goldrun.io.sail import lasting_folder, scratch_folder
from goldrun.io.storage import NEW, OLD, Spans

_FILE_BYTES = 32 << 20
"""As large as Spark's compaction makes them here: a MERGE rewrites whole files."""

_BATCH = 8192
"""Rows that Sail writes at once."""
_WRITABLE = {"appendOnly", "changeDataFeed", "checkConstraints", "invariants", "timestampNtz"}
"""Writer features of Delta that delta-rs has."""
_READABLE = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Reader features of Delta that change nothing in what the files of a version are."""


class RustStorage:
    """See ``Storage``.

    What Sail computes reaches delta-rs through Parquet files in a scratch folder: any number of
    rows is on its way without being in memory, and written several times as fast as through the
    connection.
    """

    def __init__(self, spark: SparkSession) -> None:
        """Write what a session of Sail computes."""
        self._spark = spark

    def exists(self, path: str) -> bool:
        """See ``Storage``."""
        # Of a file beside the tables it would ask what is inside.
        return Path(path).is_dir() and DeltaTable.is_deltatable(path)

    def version(self, path: str) -> int:
        """See ``Storage``."""
        return DeltaTable(path).version()

    def read(self, path: str, version: int | None) -> DataFrame:
        """See ``Storage``."""
        table = DeltaTable(path, version=version)
        _must_be_plain(table)
        written = _loose(pa.schema(table.schema().to_arrow()))
        files = table.file_uris()
        if not files:
            return self._spark.createDataFrame([], from_arrow_schema(written))
        # The log is read here, and nulls are allowed: Sail's own reader fails on what a MERGE of
        # delta-rs has written, where a column of texts may not be null.
        reader = self._spark.read.schema(from_arrow_schema(written))
        has_nested = any(pa.types.is_nested(kind) for kind in written.types)
        parts = _alike(files) if has_nested else [files]
        return reduce(DataFrame.unionByName, [reader.parquet(*part) for part in parts])

    def create(self, path: str, table: Table) -> None:
        """See ``Storage``."""
        # Without clustering, which delta-rs does not know: each write sorts its rows instead.
        schema = Schema.from_arrow(_schema(table))
        DeltaTable.create(path, schema, mode="ignore", configuration=properties(table))

    def write(
        self, path: str, table: Table, rows: DataFrame, mode: str, where: str | None, note: str
    ) -> None:
        """See ``Storage``."""
        kept = CommitProperties(custom_metadata={"userMetadata": note}) if note else None
        with _computed(rows, table, _schema(table)) as computed:
            if mode == "overwrite":
                write_deltalake(
                    path,
                    computed.reader(),
                    mode="overwrite",
                    predicate=where,
                    target_file_size=_FILE_BYTES,
                    commit_properties=kept,
                )
            elif computed.count:
                write_deltalake(
                    path,
                    computed.reader(),
                    mode="append",
                    target_file_size=_FILE_BYTES,
                    commit_properties=kept,
                )

    def merge(
        self,
        path: str,
        table: Table,
        rows: DataFrame,
        *,
        spans: Spans | None = None,
        where: str | None = None,
        gone: str | None = None,
    ) -> None:
        """See ``Storage``."""
        # The spans are not asked for: delta-rs finds them in the rows by itself.
        same = " AND ".join(f'{OLD}."{name}" = {NEW}."{name}"' for name in table.key)
        condition = f"{same} AND {where}" if where else same
        values = {name: f'{NEW}."{name}"' for name in table.names}
        schema = _schema(table)
        if gone:
            schema = schema.append(pa.field(gone, pa.bool_()))
        # The key of a row to delete comes without the other columns.
        with _computed(rows, table, _loose(schema)) as computed:
            merge = DeltaTable(path).merge(
                computed.reader(),
                condition,
                source_alias=NEW,
                target_alias=OLD,
                streamed_exec=False,
            )
            if gone:
                merge = merge.when_matched_delete(f'{NEW}."{gone}"')
            merge.when_matched_update(values).when_not_matched_insert(values).execute()

    def remove(self, path: str, keys: DataFrame) -> None:
        """See ``Storage``."""
        same = " AND ".join(f'{OLD}."{name}" = {NEW}."{name}"' for name in keys.columns)
        wanted = keys.toArrow()
        merge = DeltaTable(path).merge(wanted, same, source_alias=NEW, target_alias=OLD)
        merge.when_matched_delete().execute()

    def compact(self, path: str, table: Table) -> None:
        """See ``Storage``."""
        optimizer = DeltaTable(path).optimize
        if table.z_ordered_by:
            optimizer.z_order(list(table.z_ordered_by), target_size=_FILE_BYTES)
        else:
            optimizer.compact(target_size=_FILE_BYTES)

    def changes(self, path: str, since: int) -> DataFrame:
        """See ``Storage``."""
        feed = DeltaTable(path).load_cdf(starting_version=since + 1)
        target = lasting_folder() / "changes.parquet"
        with pq.ParquetWriter(target, pa.schema(feed.schema)) as writer:
            for batch in pa.RecordBatchReader.from_stream(feed):
                writer.write_batch(batch)
        return self._spark.read.parquet(str(target))

    def keeps_changes(self, path: str) -> bool:
        """See ``Storage``."""
        return DeltaTable(path).metadata().configuration.get(CHANGE_FEED) == "true"

    def keep_changes(self, path: str) -> None:
        """See ``Storage``."""
        DeltaTable(path).alter.set_table_properties({CHANGE_FEED: "true"})

    def laid_out(self, rows: DataFrame, table: Table, count: int) -> DataFrame:
        """See ``Storage``."""
        # Whatever is written is sorted.
        return rows

    @contextlib.contextmanager
    def kept(self, rows: DataFrame) -> Iterator[DataFrame]:
        """See ``Storage``."""
        # To Sail, persist means nothing.
        yield rows.localCheckpoint()


def only_spark_writes(path: str) -> bool:
    """Whether a table has what delta-rs can't keep up when it writes, as clustering is."""
    try:
        features = DeltaTable(path).protocol().writer_features or ()
    except DeltaError as error:
        raise StorageError(
            f"{path}: its log can't be read ({error}): restore it from a copy, or the lake to an "
            "older state, then run the same command again"
        ) from error
    return not set(features) <= _WRITABLE


def _schema(table: Table) -> pa.Schema:
    return to_arrow_schema(table.schema, timezone="UTC")


def _loose(schema: pa.Schema) -> pa.Schema:
    """The same columns, any of which may be null."""
    return pa.schema([field.with_nullable(True) for field in schema])


def _alike(files: Sequence[str]) -> list[list[str]]:
    """Part files by how their nested columns are written: Sail reads no two ways at once."""
    by_schema: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        by_schema[str(pq.read_schema(file))].append(file)
    return list(by_schema.values())


def _must_be_plain(table: DeltaTable) -> None:
    """Raise a StorageError where the files of a table are not all that there is to read."""
    features = set(table.protocol().reader_features or ())
    if beyond := sorted(features - _READABLE):
        raise StorageError(
            f"{table.table_uri} has {', '.join(beyond)}, which this engine can't read: use engine "
            "spark"
        )


class _Rows:
    """Rows that Sail has computed into Parquet files, read batch by batch.

    Attributes:
        count: How many.
        null: The first column that has a null and may not, once it was met.
    """

    def __init__(self, folder: Path, schema: pa.Schema, sorted_by: Sequence[str]) -> None:
        self.null = ""
        self._schema, self._sorted_by = schema, sorted_by
        files = sorted(folder.glob("*.parquet"), key=_part)
        self._parts = [ds.dataset(f, schema=_loose(schema), format="parquet") for f in files]
        self.count = sum(part.count_rows() for part in self._parts)

    def reader(self) -> pa.RecordBatchReader:
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
def _computed(rows: DataFrame, table: Table, schema: pa.Schema) -> Iterator[_Rows]:
    """Let Sail compute rows, and say about which table a failure to write them is."""
    with scratch_folder() as folder:
        in_order = rows.orderBy(*table.clustered_by) if table.clustered_by else rows
        in_order.write.mode("append").parquet(str(folder))
        computed = _Rows(folder, schema, table.clustered_by)
        try:
            yield computed
        except DeltaError as error:
            if computed.null:
                raise ContractError(
                    f"{table.name} was not written: {computed.null} is null"
                ) from error
            raise StorageError(f"{table.name} was not written: {error}") from error
