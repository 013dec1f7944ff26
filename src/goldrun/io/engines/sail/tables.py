"""Delta tables whose files Sail writes and delta-rs commits, without Java."""

import contextlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from urllib.parse import unquote, urlparse

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from goldrun.contracts.table import Column, Table
from goldrun.errors import StorageError, listed
from goldrun.io.delta.errors import line_at
from goldrun.io.delta.properties import CHANGE_FEED, properties
from goldrun.io.engines.sail.scratch import Scratch
from goldrun.io.engines.sail.staged_write import (
    FILE_BYTES,
    SailStagedWrite,
    loose,
    noted,
    stage_files,
)
from goldrun.io.engines.tables import NEW, OLD, Commit, Origin

_WRITABLE = {"appendOnly", "changeDataFeed", "invariants", "timestampNtz"}
"""Writer features of Delta that hold when files are added unchanged."""
_ENFORCED = {"delta.invariants", "delta.generationExpression"}
"""Metadata of columns that a writer has to enforce."""
_READABLE = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Reader features of Delta with which the files of a version are still all of its rows."""


class SailTables:
    """See ``Tables``.

    Sail computes rows into Parquet files. Files to append are moved into the table, and delta-rs
    reads files to merge: several times as fast as through the connection.
    """

    def __init__(self, session: SparkSession, scratch: Scratch) -> None:
        """Read and write with a session of Sail and the folder that it shares with this process."""
        self._session, self._scratch = session, scratch

    def exists(self, path: str) -> bool:
        """See ``Tables``."""
        # delta-rs would look inside a file beside the tables.
        return Path(path).is_dir() and DeltaTable.is_deltatable(path)

    def version(self, path: str) -> int:
        """See ``Tables``."""
        return DeltaTable(path).version()

    def commits(self, path: str, most: int) -> list[Commit]:
        """See ``Tables``."""
        return [
            Commit(one["version"], one.get("operation", ""), one.get("userMetadata") or "")
            for one in DeltaTable(path).history(most)
        ]

    def origin(self, path: str) -> Origin:
        """See ``Tables``."""
        metadata = DeltaTable(path).metadata()
        created = metadata.created_time
        created_at = None if created is None else datetime.fromtimestamp(created / 1000, UTC)
        return Origin(str(metadata.id), created_at)

    def read(self, path: str, version: int | None) -> DataFrame:
        """See ``Tables``."""
        table = DeltaTable(path, version=version)
        _must_be_plain(table)
        written = loose(pa.schema(table.schema().to_arrow()))
        files = _files(table)
        if not files:
            return self._session.createDataFrame([], from_arrow_schema(written))
        # The log is read here, and nulls are allowed: Sail's own reader fails on what a MERGE of
        # delta-rs has written, where a column of texts may not be null.
        reader = self._session.read.schema(from_arrow_schema(written))
        has_nested = any(pa.types.is_nested(kind) for kind in written.types)
        parts = _alike(files) if has_nested else [files]
        return reduce(DataFrame.unionByName, [reader.parquet(*part) for part in parts])

    def create(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        # Without clustering, which delta-rs does not have: each write sorts its rows instead.
        schema = Schema.from_arrow(_schema(table))
        DeltaTable.create(path, schema, mode="ignore", configuration=properties(table))

    def add_columns(self, path: str, columns: Sequence[Column]) -> None:
        """See ``Tables``."""
        added = T.StructType([T.StructField(c.name, c.type) for c in columns])
        fields = Schema.from_arrow(to_arrow_schema(added, timezone="UTC")).fields
        DeltaTable(path).alter.add_columns(fields, commit_properties=noted())

    def stage(
        self, path: str, table: Table, rows: Sequence[DataFrame], *, reused: bool = False
    ) -> AbstractContextManager[SailStagedWrite]:
        """See ``Tables``."""
        return stage_files(self._session, self._scratch, path, table, rows)

    def delete_rows(self, path: str, keys: DataFrame) -> None:
        """See ``Tables``."""
        same = " AND ".join(f'{OLD}."{name}" = {NEW}."{name}"' for name in keys.columns)
        wanted = keys.toArrow()
        merge = DeltaTable(path).merge(
            wanted, same, source_alias=NEW, target_alias=OLD, commit_properties=noted()
        )
        merge.when_matched_delete().execute()

    def compact(self, path: str, table: Table) -> None:
        """See ``Tables``."""
        optimizer = DeltaTable(path).optimize
        if table.z_ordered_by:
            optimizer.z_order(list(table.z_ordered_by), target_size=FILE_BYTES)
        else:
            optimizer.compact(target_size=FILE_BYTES)

    def read_changes(self, path: str, since: int) -> DataFrame:
        """See ``Tables``."""
        feed = DeltaTable(path).load_cdf(starting_version=since + 1)
        target = self._scratch.lasting_folder() / "changes.parquet"
        schema = _signed(pa.schema(feed.schema))
        with pq.ParquetWriter(target, schema) as writer:
            for batch in pa.RecordBatchReader.from_stream(feed):
                writer.write_batch(batch.cast(schema))
        return self._session.read.parquet(str(target))

    def has_change_feed(self, path: str) -> bool:
        """See ``Tables``."""
        return DeltaTable(path).metadata().configuration.get(CHANGE_FEED) == "true"

    def enable_change_feed(self, path: str) -> None:
        """See ``Tables``."""
        DeltaTable(path).alter.set_table_properties({CHANGE_FEED: "true"})

    def data_files(self, path: str) -> list[Path]:
        """See ``Tables``."""
        return [Path(file) for file in _files(DeltaTable(path))]

    def rewrite_deleted(self, path: str) -> bool:
        """See ``Tables``. Files that delta-rs writes have no deleted rows."""
        return False

    def vacuum(self, path: str) -> None:
        """See ``Tables``."""
        # Safe because the caller has locked the table: no writer has files to commit.
        DeltaTable(path).vacuum(
            retention_hours=0,
            enforce_retention_duration=False,
            dry_run=False,
            full=True,
            commit_properties=noted(),
        )

    @contextlib.contextmanager
    def checkpointed(self, path: str) -> Iterator[None]:
        """See ``Tables``."""
        table = DeltaTable(path)
        # A commit without rows becomes the oldest one of the log.
        table.alter.set_table_properties(table.metadata().configuration, commit_properties=noted())
        table.create_checkpoint()
        yield


def only_spark_writes(path: str) -> bool:
    """Whether a table has a feature or a constraint that a write with delta-rs would break."""
    try:
        table = DeltaTable(path)
        features = set(table.protocol().writer_features or ())
        names = _metadata_names(table)
        constrained = bool(names & _ENFORCED) or any(
            name.startswith("delta.constraints.") for name in names
        )
    except DeltaError as error:
        reason = line_at(str(error), 0)
        raise StorageError(
            f"{path}: its log can't be read ({reason}): restore it from a copy, or the lake to an "
            "older state, then run the same command again"
        ) from error
    return constrained or not features <= _WRITABLE


def _metadata_names(table: DeltaTable) -> set[str]:
    """Names in the metadata of a table and of its columns, where older protocols have features."""
    columns = [set(field.metadata) for field in table.schema().fields]
    return set(table.metadata().configuration).union(*columns)


def _schema(table: Table) -> pa.Schema:
    return to_arrow_schema(table.schema, timezone="UTC")


def _signed(schema: pa.Schema) -> pa.Schema:
    """Replace unsigned 64-bit integers, which PySpark has not, as in the number of a commit."""
    signed = {pa.uint64(): pa.int64()}
    return pa.schema([f.with_type(signed.get(f.type, f.type)) for f in schema])


def _files(table: DeltaTable) -> list[str]:
    """List a version's data files; a StorageError for a missing file, which Sail would ignore."""
    files = [unquote(urlparse(uri).path) for uri in table.file_uris()]
    if missing := [file for file in files if not Path(file).is_file()]:
        raise StorageError(
            f"{listed(missing)} is missing or damaged: restore the file from a copy, or the lake "
            "to an older state, then run the same command again"
        )
    return files


def _alike(files: Sequence[str]) -> list[list[str]]:
    """Group files by schema: Sail reads one encoding of nested columns at once."""
    by_schema: defaultdict[str, list[str]] = defaultdict(list)
    for file in files:
        by_schema[str(_schema_of(file))].append(file)
    return list(by_schema.values())


def _schema_of(file: str) -> pa.Schema:
    """Read the schema in a data file's footer; a StorageError for a damaged file."""
    try:
        return pq.read_schema(file)
    except pa.ArrowException as error:
        raise StorageError(
            f"{file} is missing or damaged ({line_at(str(error), 0)}): restore the file from a "
            "copy, or the lake to an older state, then run the same command again"
        ) from error


def _must_be_plain(table: DeltaTable) -> None:
    """Raise a StorageError if a table's files alone are not the rows of its version."""
    features = set(table.protocol().reader_features or ())
    if beyond := sorted(features - _READABLE):
        raise StorageError(
            f"{table.table_uri} has {', '.join(beyond)}, which this engine can't read: use engine "
            "spark"
        )
