"""Plain text files, which Sail can't read itself because it has no names of files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from goldrun.io.engines.sail.scratch import Scratch
from goldrun.io.sources.csv_files import CsvLayout, Header
from goldrun.io.sources.forms import Layout
from goldrun.io.sources.json_files import JsonLayout
from goldrun.io.sources.packed import write_records
from goldrun.io.sources.parts import Part


def read_csv(
    session: SparkSession,
    scratch: Scratch,
    files: Mapping[Path, str],
    headers: Mapping[Path, Header],
) -> DataFrame:
    """See ``Engine.read_csv``.

    Raises:
        SettingsError: The delimiter is not ASCII, which Arrow does not take.
    """
    return _read(session, scratch, [CsvLayout(Part(file), headers[file]) for file in files], files)


def read_json(session: SparkSession, scratch: Scratch, files: Mapping[Path, str]) -> DataFrame:
    """See ``Engine.read_json``."""
    return _read(session, scratch, [JsonLayout(Part(file)) for file in files], files)


def _read(
    session: SparkSession, scratch: Scratch, layouts: Sequence[Layout], files: Mapping[Path, str]
) -> DataFrame:
    target = scratch.lasting_folder() / "records.parquet"
    write_records(target, layouts, files)
    return session.read.parquet(str(target))
