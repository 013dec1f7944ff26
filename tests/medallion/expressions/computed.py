"""Results of expressions over hostile texts, and a file with the expected results."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.medallion.expressions.binding import read
from goldrun.medallion.expressions.kinds import Record
from goldrun.medallion.expressions.values import as_text
from tests.medallion.expressions.hostile import pairs

Pairs = Sequence[tuple[str | None, str | None]]
_AT_A_TIME = 40


def compute(
    spark: SparkSession, expressions: Sequence[str], rows: Pairs | None = None
) -> dict[str, list[str | None]]:
    """Return the values of each expression as text, one for each row of ``a`` and ``b``."""
    given = pairs() if rows is None else rows
    schema = T.StructType(
        [T.StructField("i", T.IntegerType()), *[T.StructField(n, T.StringType()) for n in "ab"]]
    )
    frame = spark.createDataFrame([(i, a, b) for i, (a, b) in enumerate(given)], schema)
    found: dict[str, list[str | None]] = {}
    for start in range(0, len(expressions), _AT_A_TIME):
        some = expressions[start : start + _AT_A_TIME]
        asked = frame.select("i", *[_text(sql).alias(f"e{n}") for n, sql in enumerate(some)])
        values = sorted(asked.collect(), key=lambda row: row["i"])
        for n, sql in enumerate(some):
            found[sql] = [row[f"e{n}"] for row in values]
    return found


def _text(sql: str) -> Column:
    return as_text(read(sql)).build(Record({"a": F.col("a"), "b": F.col("b")}))


def short_hashes(values: Sequence[str | None]) -> str:
    """Return four hexadecimal digits for each value."""
    return "".join(
        hashlib.sha256(b"null" if v is None else b"=" + v.encode()).hexdigest()[:4] for v in values
    )


def read_expected(file: Path) -> dict[str, str]:
    """Read the expected hashes of each expression's values."""
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs_of = (line.rsplit("\t", 1) for line in lines)
    return {json.loads(sql): hashes for sql, hashes in pairs_of}


def write_expected(file: Path, found: dict[str, list[str | None]]) -> None:
    """Write the hashes of computed values, to compare other engines with."""
    lines = [f"{json.dumps(sql)}\t{short_hashes(values)}" for sql, values in found.items()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
