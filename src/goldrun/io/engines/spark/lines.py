"""Files read as lines, each with the place that it came from."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.io.engines.sail.session import is_sail

LINE = "line"
PLACE = (lineage.FILE, lineage.FINGERPRINT, lineage.SPLIT, lineage.ROW)
"""Columns that say where a line came from."""

_PATH = "path"
_PLACED = T.StructType(
    [T.StructField(name, T.StringType()) for name in (_PATH, lineage.FILE, lineage.FINGERPRINT)]
)
_ROW_BITS = 33
"""monotonically_increasing_id keeps the row number of its task in the lower 33 bits."""
_PIECE = "spark.sql.files.maxPartitionBytes"
_PACKING = "spark.sql.files.openCostInBytes"


@contextlib.contextmanager
def one_piece_a_task(spark: SparkSession) -> Iterator[None]:
    """Let no task read two files, so that each line has its row number in its own piece.

    Spark packs small files into one task until they and the cost of opening them fill a piece: a
    file that costs a whole piece to open is alone. Lines stay unique without it, but their
    numbers would depend on which files are read together, and headers would not be known.
    """
    if is_sail(spark):
        yield
        return
    before = spark.conf.get(_PACKING)
    spark.conf.set(_PACKING, str(spark.conf.get(_PIECE)))
    try:
        yield
    finally:
        spark.conf.set(_PACKING, str(before))


def read_lines(
    spark: SparkSession, files: Mapping[Path, str], encoding: str, blank: str
) -> DataFrame:
    """Read files with one reader; write what comes of it inside ``one_piece_a_task``.

    Args:
        spark: The session.
        files: Fingerprint by file.
        encoding: ``UTF-8`` or ``ISO-8859-1``; a byte that is not of it becomes U+FFFD.
        blank: Characters of which a blank line is made; such lines are left out.

    Returns:
        ``LINE``, and in ``PLACE`` the file, its fingerprint, the start byte of the piece that one
        task read, and the row number in that piece.
    """
    rows = [(str(file.resolve())[1:], str(file), digest) for file, digest in files.items()]
    placed = spark.createDataFrame(pd.DataFrame(rows, columns=_PLACED.names), _PLACED)
    row = F.monotonically_increasing_id().bitwiseAND(F.lit((1 << _ROW_BITS) - 1))
    return (
        spark.read.text([str(file.resolve()) for file in files])
        .where(F.trim("value", F.lit(blank)) != "")
        .select(
            _decoded(F.col("value"), encoding).alias(LINE),
            _path().alias(_PATH),
            F.col("_metadata.file_block_start").alias(lineage.SPLIT),
            row.alias(lineage.ROW),
        )
        # A line whose file is not found again has no lineage, and bronze refuses to be written.
        .join(F.broadcast(placed), _PATH, "left")
        .select(LINE, *PLACE)
    )


def _decoded(value: SparkColumn, encoding: str) -> SparkColumn:
    if encoding == "UTF-8":
        return F.make_valid_utf8(value)
    return F.decode(value.cast(T.BinaryType()), encoding)


def _path() -> SparkColumn:
    """The file's path without its first slash, as Python has it; Spark gives ``file:`` URIs."""
    uri = F.ltrim(F.replace("_metadata.file_path", F.lit("file:"), F.lit("")), F.lit("/"))
    # A plus sign in a path is just that, but in what url_decode reads it is a space.
    plain = F.url_decode(F.replace(uri, F.lit("+"), F.lit("%2B")))
    return F.when(uri.contains("%"), plain).otherwise(uri)


def no_record() -> SparkColumn:
    """The record of a malformed line: nothing."""
    return F.create_map().cast(T.MapType(T.StringType(), T.StringType()))
