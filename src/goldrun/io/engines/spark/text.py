"""Text files read by Spark."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from goldrun.io.engines.spark.csv_lines import parse_csv, without_header
from goldrun.io.engines.spark.json_lines import parse_json
from goldrun.io.engines.spark.lines import read_lines
from goldrun.io.sources.csv_files import Header
from goldrun.io.sources.records import BLANK

_SPLIT_BYTES = "spark.sql.files.maxPartitionBytes"
_OPEN_COST = "spark.sql.files.openCostInBytes"
_LARGER_THAN_FILES = 1 << 45
"""Bytes of a split that no file exceeds; Spark adds up one for each file, in 63 bits."""


def read_csv(
    session: SparkSession,
    files: Mapping[Path, str],
    headers: Mapping[Path, Header],
) -> DataFrame:
    """See ``Engine.read_csv``. Files with the same header are read together."""
    parts = []
    for header in dict.fromkeys(headers[file] for file in files):
        alike = {file: digest for file, digest in files.items() if headers[file] == header}
        lines = read_lines(session, alike, header.encoding, header.blank)
        parts.append(parse_csv(without_header(lines), header))
    return reduce(DataFrame.unionByName, parts)


def read_json(session: SparkSession, files: Mapping[Path, str]) -> DataFrame:
    """See ``Engine.read_json``."""
    return parse_json(read_lines(session, files, "UTF-8", BLANK))


@contextlib.contextmanager
def one_file_per_task(session: SparkSession, *, whole: bool = False) -> Iterator[None]:
    """See ``Engine.one_file_per_task``.

    Spark packs small files into one task until they and the cost of opening them fill a split: a
    file whose opening costs a whole split gets a task of its own. Without it, row numbers would
    depend on which files are read together, and the lines of headers would be unknown.
    """
    before = {name: str(session.conf.get(name)) for name in (_SPLIT_BYTES, _OPEN_COST)}
    split = str(_LARGER_THAN_FILES) if whole else before[_SPLIT_BYTES]
    try:
        for name in before:
            session.conf.set(name, split)
        yield
    finally:
        for name, value in before.items():
            session.conf.set(name, value)
