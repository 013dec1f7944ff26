"""Read files of one form as records of text: plain ones by the engine, others by one reader."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts.file_settings import FileSettings
from goldrun.io.delta.staging import staging
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import CsvLayout
from goldrun.io.sources.files import check_columns
from goldrun.io.sources.forms import Layout, inspect_file
from goldrun.io.sources.packed import write_records

_RECORDS = "records.parquet"


def check_form(
    files: Iterable[Path], form: FileSettings, needed: Mapping[str, str]
) -> list[Layout]:
    """Check that files can be read to their end and have the columns that a source reads.

    Args:
        files: The files.
        form: Their form.
        needed: Place in the settings that reads a column, by column.

    Returns:
        How each is read: one for each file, member of an archive, or sheet.

    Raises:
        SourceError: A file can't be read, or a column is missing.
    """
    layouts = [layout for file in files for layout in inspect_file(file, form)]
    for each in layouts:
        # A file without a readable object has no keys: all its records are malformed.
        if form.has_header or each.columns:
            check_columns(each.part.name, each.columns, needed, by_header=form.has_header)
    return layouts


@contextlib.contextmanager
def reading_files(
    engine: Engine,
    files: Mapping[Path, str],
    layouts: Sequence[Layout],
    staged: tuple[str, str],
) -> Iterator[DataFrame]:
    """Read files that ``check_form`` has checked: ``RECORD``, ``MALFORMED`` and ``PLACE``.

    Args:
        engine: The engine; the frame is computed inside its ``one_file_per_task``, and within this
            block.
        files: Fingerprint by file.
        layouts: Result of ``check_form``.
        staged: Lake and name of a folder in it, in which the records of files that the engine can't
            read are stored within the block; see ``staging``.

    Raises:
        SourceError: A file can't be read.
    """
    plain = [layout for layout in layouts if layout.plain]
    packed = [layout for layout in layouts if not layout.plain]
    frames = [_read_plain(engine, files, plain)] if plain or not packed else []
    with contextlib.ExitStack() as stack:
        if packed:
            target = stack.enter_context(staging(*staged)) / _RECORDS
            write_records(target, packed, files)
            frames.append(engine.read_packed(target))
        yield reduce(DataFrame.unionByName, frames)


def _read_plain(engine: Engine, files: Mapping[Path, str], layouts: Sequence[Layout]) -> DataFrame:
    wanted = {layout.part.file: files[layout.part.file] for layout in layouts}
    headers = {each.part.file: each.header for each in layouts if isinstance(each, CsvLayout)}
    return engine.read_csv(wanted, headers) if headers else engine.read_json(wanted)
