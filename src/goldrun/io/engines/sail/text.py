"""Text files parsed in this process with Arrow, because Sail has no names of files."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.errors import SettingsError
from goldrun.io.engines.sail.scratch import Scratch
from goldrun.io.sources.arrow_csv import parse_csv
from goldrun.io.sources.arrow_json import parse_json
from goldrun.io.sources.arrow_lines import Parsed, read_records
from goldrun.io.sources.csv_files import Header, blank_characters
from goldrun.io.sources.records import BLANK


def read_csv(
    session: SparkSession,
    scratch: Scratch,
    files: Mapping[Path, str],
    headers: Mapping[Path, Header],
    mapping: EntityMapping,
) -> DataFrame:
    """See ``Engine.read_csv``.

    Raises:
        SettingsError: The delimiter is not ASCII, which Arrow does not take.
    """
    if not mapping.delimiter.isascii():
        raise SettingsError(
            f"delimiter {mapping.delimiter!r} is not an ASCII character, and engine sail splits "
            "lines at no other: use engine spark"
        )

    def parse(file: Path, lines: pa.Array) -> Parsed:
        return parse_csv(lines, headers[file].line, headers[file].names, mapping.delimiter)

    blank = blank_characters(mapping)
    target = scratch.lasting_folder() / "records.parquet"
    read_records(target, files, mapping.encoding, blank, parse, header=True)
    return session.read.parquet(str(target))


def read_json(session: SparkSession, scratch: Scratch, files: Mapping[Path, str]) -> DataFrame:
    """See ``Engine.read_json``."""
    target = scratch.lasting_folder() / "records.parquet"
    read_records(target, files, "UTF-8", BLANK, lambda _, lines: parse_json(lines))
    return session.read.parquet(str(target))
