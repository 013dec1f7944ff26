"""Rows that Sail computes into Parquet files, which become files of a Delta table."""

import contextlib
import shutil
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from goldrun.contracts.table import Table
from goldrun.errors import ContractError, StorageError
from goldrun.io.delta.commits import note_of
from goldrun.io.delta.errors import line_at
from goldrun.io.delta.properties import columns_with_statistics
from goldrun.io.engines.sail.scratch import Scratch
from goldrun.io.engines.sail.statistics import null_counts, statistics
from goldrun.io.engines.tables import NEW, OLD, Merge

FILE_BYTES = 32 << 20
"""Size of compacted files, as in ``spark.session``: a MERGE rewrites whole files."""
_ROWS_A_FILE = 1 << 18
"""Largest number of rows; in the widest tables as many have about FILE_BYTES."""
_FILE = "_file"
_WRITTEN = {
    "compression": "zstd(1)",
    "skip_arrow_metadata": "true",
    "statistics_enabled": "chunk",
}
"""Parquet options of a table's files, where they differ from those of scratch files."""


@contextlib.contextmanager
def stage_files(
    session: SparkSession, scratch: Scratch, path: str, table: Table, rows: Sequence[DataFrame]
) -> Iterator["SailStagedWrite"]:
    """Compute rows into files in a scratch folder, in order of the first clustering column.

    Args:
        session: A session of Sail.
        scratch: The folder that it shares with this process.
        path: Path of the table.
        table: Its contract.
        rows: Frames with the contract's columns or more; parts in order, computed separately.
    """
    schema = to_arrow_schema(rows[0].schema, timezone="UTC")
    with scratch.temporary_folder() as folder:
        parts = [_computed(part, table, folder / str(n)) for n, part in enumerate(rows)]
        yield SailStagedWrite(session, path, table, schema, parts)


def _computed(rows: DataFrame, table: Table, folder: Path) -> list[Path]:
    """Compute rows into files, in order of the first column that the table is clustered by."""
    writer = rows.write
    if order := table.clustered_by or table.z_ordered_by:
        # Sail would spread a single write over several files, each with all days. By the first
        # column alone: sorting the rows of one date by customer took a third of their write.
        before = f"row_number() OVER (ORDER BY `{order[0]}`) - 1"
        file = F.expr(f"CAST(({before}) DIV {_ROWS_A_FILE} AS INT)")
        writer = rows.withColumn(_FILE, file).write.partitionBy(_FILE)
    writer.options(**_WRITTEN).parquet(str(folder))
    return sorted(folder.rglob("*.parquet"), key=_number)


def _number(file: Path) -> tuple[int, str]:
    """Number of a file's range, from the name of its folder, and the file's name."""
    _, _, number = file.parent.name.partition("=")
    return int(number or 0), file.name


class SailStagedWrite:
    """See ``StagedWrite``.

    Appended files are moved into the table: nothing is written twice.
    """

    def __init__(
        self,
        session: SparkSession,
        path: str,
        table: Table,
        schema: pa.Schema,
        parts: list[list[Path]],
    ) -> None:
        """Stage files of rows; files without rows are ignored.

        Args:
            session: A session of Sail.
            path: Path of the table.
            table: Its contract.
            schema: Columns of the rows.
            parts: The files by the frame that they were computed from.
        """
        footers = {file: pq.read_metadata(file) for part in parts for file in part}
        self._footers = {file: footer for file, footer in footers.items() if footer.num_rows}
        self._parts = [[file for file in part if file in self._footers] for part in parts]
        self._session, self._path, self._table, self._schema = session, path, table, schema

    @property
    def rows(self) -> DataFrame:
        """See ``StagedWrite``."""
        return self._read(list(self._footers))

    @property
    def parts(self) -> Sequence[DataFrame]:
        """See ``StagedWrite``."""
        return [self._read(files) for files in self._parts]

    def _read(self, files: Sequence[Path]) -> DataFrame:
        schema = from_arrow_schema(loose(self._schema))
        if not files:
            return self._session.createDataFrame([], schema)
        reader = self._session.read.schema(schema)
        parts = [reader.parquet(*map(str, group)) for group in self._alike(files)]
        return reduce(DataFrame.unionByName, parts)

    def _alike(self, files: Sequence[Path]) -> list[list[Path]]:
        """Group files by schema: Sail reads one encoding of nested columns at once."""
        if not any(pa.types.is_nested(kind) for kind in self._schema.types):
            return [list(files)]
        by_schema: defaultdict[str, list[Path]] = defaultdict(list)
        for file in files:
            by_schema[str(self._footers[file].schema.to_arrow_schema())].append(file)
        return list(by_schema.values())

    def write(
        self, mode: str, where: str | None = None, note: str = "", *, retypes: bool = False
    ) -> None:
        """See ``StagedWrite``."""
        self._must_have_no_nulls(self._table.names)
        properties = noted(note)
        with self._explaining():
            if mode == "overwrite" and where:
                write_deltalake(
                    self._path,
                    self._reader(self._table.names),
                    mode="overwrite",
                    predicate=where,
                    target_file_size=FILE_BYTES,
                    commit_properties=properties,
                )
            elif self._footers or mode == "overwrite":
                self._add(mode, properties, retypes=retypes)

    def _add(self, mode: str, properties: CommitProperties, *, retypes: bool) -> None:
        """Move the files to their table, where readers ignore them until the commit names them."""
        names = {file: f"part-{uuid.uuid4()}.zstd.parquet" for file in self._footers}
        targets = {file: Path(self._path) / name for file, name in names.items()}
        try:
            for file, target in targets.items():
                shutil.move(file, target)
            added = [self._action(targets[file], footer) for file, footer in self._footers.items()]
            table = DeltaTable(self._path)
            declared = to_arrow_schema(self._table.schema, timezone="UTC")
            schema = Schema.from_arrow(declared) if retypes else table.schema()
            table.create_write_transaction(added, mode, schema, commit_properties=properties)
        except (DeltaError, OSError):
            named = {Path(uri).name for uri in DeltaTable(self._path).file_uris()}
            for target in targets.values():
                if target.name not in named:
                    target.unlink(missing_ok=True)
            raise

    def _action(self, file: Path, footer: pq.FileMetaData) -> AddAction | RemoveAction:
        found, columns = file.stat(), columns_with_statistics(self._table)
        moment = found.st_mtime_ns // 1_000_000
        return AddAction(file.name, found.st_size, {}, moment, True, statistics(footer, columns))

    def merge(self, how: Merge) -> None:
        """See ``StagedWrite``."""
        names = (
            [*self._table.names, how.delete_flag] if how.delete_flag else list(self._table.names)
        )
        # A row to delete has its key only.
        self._must_have_no_nulls(self._table.key if how.delete_flag else self._table.names)
        # Without the spans, which delta-rs computes from the rows.
        same = " AND ".join(f'{OLD}."{name}" = {NEW}."{name}"' for name in self._table.key)
        with self._explaining():
            merge = DeltaTable(self._path).merge(
                self._reader(names),
                f"{same} AND {how.where}" if how.where else same,
                source_alias=NEW,
                target_alias=OLD,
                # Without streaming delta-rs skips files by the spans of the rows, which it writes
                # into the log: not where keys are people.
                streamed_exec=self._table.key_is_personal,
                commit_properties=noted(),
            )
            if how.delete_flag:
                merge = merge.when_matched_delete(f'{NEW}."{how.delete_flag}"')
            values = {name: f'{NEW}."{name}"' for name in self._table.names}
            merge.when_matched_update(values).when_not_matched_insert(values).execute()

    def _reader(self, names: list[str] | tuple[str, ...]) -> pa.RecordBatchReader:
        schema = loose(pa.schema([self._schema.field(name) for name in names]))
        files = list(map(str, self._footers))
        return ds.dataset(files, schema=schema, format="parquet").scanner().to_reader()

    def _must_have_no_nulls(self, names: tuple[str, ...]) -> None:
        required = [f.name for f in self._table.schema if not f.nullable and f.name in names]
        flat = [null_counts(footer) for footer in self._footers.values()]
        for name in required:
            if any(name in counts for counts in flat):
                nulls = sum(counts[name] for counts in flat)
            else:
                files = ds.dataset(list(map(str, self._footers)), format="parquet")
                nulls = files.count_rows(filter=pc.field(name).is_null()) if self._footers else 0
            if nulls:
                raise ContractError(f"{self._table.name} was not written: {name} is null")

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except DeltaError as error:
            raise StorageError(
                f"{self._table.name} was not written ({line_at(str(error), 0)}): make room, or "
                "restore the files of the table from a copy, then run the same command again"
            ) from error


def noted(note: str = "") -> CommitProperties:
    """Properties of a commit with a note; goldrun's own when it is empty."""
    return CommitProperties(custom_metadata={"userMetadata": note or note_of()})


def loose(schema: pa.Schema) -> pa.Schema:
    """Make all columns of a schema nullable."""
    return pa.schema([field.with_nullable(True) for field in schema])
