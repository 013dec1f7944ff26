"""Read checked files of one form as text."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import Header, read_header
from goldrun.io.sources.files import check_columns, check_whole
from goldrun.io.sources.json_files import read_keys


def check_form(
    files: Iterable[Path], form: EntityMapping, needed: Mapping[str, str]
) -> dict[Path, Header]:
    """Check that files can be read and have the columns that a source reads.

    Args:
        files: The files.
        form: Their format.
        needed: Place in the settings that reads a column, by column.

    Returns:
        Header by file; empty for JSON.

    Raises:
        SourceError: A file can't be read, or a column is missing.
    """
    headers: dict[Path, Header] = {}
    for file in files:
        check_whole(file)
        if form.format == "csv":
            headers[file] = read_header(file, form)
            check_columns(file, headers[file].names, needed)
        # A file without a readable object has no keys: all its lines are malformed.
        elif keys := read_keys(file):
            check_columns(file, keys, needed, by_header=False)
    return headers


def read_files(
    engine: Engine, files: Mapping[Path, str], headers: Mapping[Path, Header], form: EntityMapping
) -> DataFrame:
    """Read files that ``check_form`` has checked: ``RECORD``, ``MALFORMED`` and ``PLACE``.

    Args:
        engine: The engine; the frame is computed inside its ``one_file_per_task``.
        files: Fingerprint by file.
        headers: Result of ``check_form``.
        form: The files' format.
    """
    if form.format == "csv":
        return engine.read_csv(files, headers, form)
    return engine.read_json(files)
