"""Read the first rows of each file of a source as rows of bronze."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import Kind
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError
from goldrun.io.engines.base import Engine
from goldrun.io.sources.files import find_files, ignored_paths, without_copies
from goldrun.io.sources.first_rows import FirstRows
from goldrun.jobs.ingest.new_files import inspect, one_file_per_task, reading_raw
from goldrun.medallion.bronze import Batch, to_bronze


@dataclass(frozen=True)
class Sampled:
    """The first rows of the files of an entity.

    Attributes:
        bronze: Rows of ``bronze/<entity>``, materialised.
        files: The files.
        cut: The files of which further rows were not read.
        ignored: Entries of the folder that are not read because of their names.
    """

    bronze: DataFrame
    files: Sequence[Path]
    cut: Sequence[str]
    ignored: Sequence[Path]


def read_sample(engine: Engine, source: Source, rows: int, now: datetime) -> dict[str, Sampled]:
    """Read the first rows of each file; the files are checked as a run checks them.

    Args:
        engine: The engine.
        source: The shop.
        rows: Largest number of rows of a file.
        now: Time of the ingestion, UTC.

    Raises:
        SettingsError: The source has no files.
        SourceError: A file can't be read or lacks a column.
    """
    if source.kind is not Kind.FILES:
        raise SettingsError(
            f"{source.name}.toml has no files but a {source.kind}, of which no first rows can be "
            "read: run the stream with max_rows= and a lake of its own"
        )
    return {entity: _read(engine, source, entity, rows, now) for entity in source.with_files}


def _read(engine: Engine, source: Source, entity: str, rows: int, now: datetime) -> Sampled:
    mapping = source.with_files[entity]
    files = find_files(mapping.path or "", mapping.format, source.made_by)
    new = inspect(engine, source, entity, without_copies(files))
    # One more than is kept shows that a file has further rows.
    new = replace(new, layouts=[FirstRows(each, rows + 1) for each in new.layouts])
    with reading_raw(engine, new) as raw, one_file_per_task(engine, source, entity):
        first = raw.where(F.col(lineage.ROW) <= rows)
        read = to_bronze(first, entity=entity, source=source.name, batch=Batch.at(now))
        # Cast, because Sail can't checkpoint a map of which texts were filled down or joined.
        texts = lineage.bronze_table(entity).column(lineage.RECORD).type
        read = read.withColumn(lineage.RECORD, F.col(lineage.RECORD).cast(texts))
        read = read.localCheckpoint()
    beyond = read.where(F.col(lineage.OFFSET) >= rows).select(lineage.FILE).distinct().collect()
    kept = read.where(F.col(lineage.OFFSET) < rows)
    ignored = ignored_paths(mapping.path or "", mapping.format)
    return Sampled(kept, files, sorted(row[0] for row in beyond), ignored)
