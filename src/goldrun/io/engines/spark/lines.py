"""Files read as lines by Spark, each line with its place."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.io.sources.records import LINE, PLACE

_PATH = "path"
_PLACED = T.StructType(
    [T.StructField(name, T.StringType()) for name in (_PATH, lineage.FILE, lineage.FINGERPRINT)]
)
_ROW_BITS = 33
"""monotonically_increasing_id keeps the row number of its task in the lower 33 bits."""


def read_lines(
    session: SparkSession, files: Mapping[Path, str], encoding: str, blank: str
) -> DataFrame:
    """Read files with one reader; the frame is computed inside ``one_file_per_task``.

    Args:
        session: The session.
        files: Fingerprint by file.
        encoding: ``UTF-8`` or ``ISO-8859-1``; an invalid byte becomes U+FFFD.
        blank: Characters of a blank line; blank lines are skipped.

    Returns:
        ``LINE``, and in ``PLACE`` the file, its fingerprint, the start byte of the split that one
        task reads, and the row number in that split.
    """
    rows = [(str(file.resolve())[1:], str(file), digest) for file, digest in files.items()]
    placed = session.createDataFrame(pd.DataFrame(rows, columns=_PLACED.names), _PLACED)
    row = F.monotonically_increasing_id().bitwiseAND(F.lit((1 << _ROW_BITS) - 1))
    return (
        session.read.text([str(file.resolve()) for file in files])
        .where(F.trim("value", F.lit(blank)) != "")
        .select(
            _decoded(F.col("value"), encoding).alias(LINE),
            _path().alias(_PATH),
            F.col("_metadata.file_block_start").alias(lineage.SPLIT),
            row.alias(lineage.ROW),
        )
        # A line without a match has no lineage, and writing it to bronze fails.
        .join(F.broadcast(placed), _PATH, "left")
        .select(LINE, *PLACE)
    )


def _decoded(value: SparkColumn, encoding: str) -> SparkColumn:
    if encoding == "UTF-8":
        return F.make_valid_utf8(value)
    return F.decode(value.cast(T.BinaryType()), encoding)


def _path() -> SparkColumn:
    """The file's path without its first slash, decoded from Spark's ``file:`` URI."""
    uri = F.ltrim(F.replace("_metadata.file_path", F.lit("file:"), F.lit("")), F.lit("/"))
    # url_decode takes a plus sign for a space.
    plain = F.url_decode(F.replace(uri, F.lit("+"), F.lit("%2B")))
    return F.when(uri.contains("%"), plain).otherwise(uri)


def no_record() -> SparkColumn:
    """The record of a malformed line: an empty map."""
    return F.create_map().cast(T.MapType(T.StringType(), T.StringType()))
