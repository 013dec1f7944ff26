"""Spark's readers and those of this process make the same records of the same hostile bytes."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.source import EntityMapping
from goldrun.io.engines.sail.arrow_csv import take_csv_apart
from goldrun.io.engines.sail.arrow_json import take_json_apart
from goldrun.io.engines.sail.arrow_lines import Taken, lines_of
from goldrun.io.engines.spark.lines import one_piece_a_task
from goldrun.io.sources.csv_files import read_csv, read_header
from goldrun.io.sources.json_files import read_json
from tests.hostile_lines import Record, as_csv, as_json, hostile

GOOD = {
    "id": "1",
    "ID": "A",
    "Price": "1.50",
    "price": "x",
    "\u00e9": "2024-05-01",
    "e\u0301": "-0",
}
ENDS = (b"\n", b"\r\n", b"\r")
Rows = list[tuple[dict[str, str | None], str | None]]

pytestmark = pytest.mark.of_spark


def hostile_file(seed: int, line: Callable[[Record], bytes], first: bytes, count: int) -> bytes:
    """A file with a byte order mark or none, and lines with every kind of end."""
    dice = random.Random(seed)
    parts = [dice.choice([b"", b"\xef\xbb\xbf"]), first]
    for _ in range(count):
        parts += [dice.choice(ENDS), hostile(dice, line, GOOD)]
    return b"".join(parts)


def of_spark(rows: DataFrame) -> Rows:
    with one_piece_a_task(rows.sparkSession):
        found = rows.orderBy(lineage.ROW).collect()
    return [(row[lineage.RECORD], row[lineage.MALFORMED]) for row in found]


def of_this_process(file: Path, take_apart: Callable[[pa.Array], Taken], skipped: int) -> Rows:
    def rows() -> Iterator[tuple[dict[str, str | None], str | None]]:
        for lines in lines_of(file, "UTF-8", " \t"):
            records, malformed = take_apart(lines)
            pairs = zip(records.to_pylist(), malformed.to_pylist(), strict=True)
            yield from ((dict(record), text) for record, text in pairs)

    return list(rows())[skipped:]


def check_csv(spark: SparkSession, folder: Path, seed: int, count: int) -> None:
    file = folder / f"{seed}.csv"
    header = ",".join(GOOD).encode()
    file.write_bytes(hostile_file(seed, as_csv, header, count))
    mapping = EntityMapping(path="x")
    first = read_header(file, mapping)
    here = of_this_process(
        file, lambda lines: take_csv_apart(lines, first.line, first.names, ","), skipped=1
    )
    assert of_spark(read_csv(spark, {file: ""}, {file: first}, mapping)) == here
    assert len(here) > count / 2


def check_json(spark: SparkSession, folder: Path, seed: int, count: int) -> None:
    file = folder / f"{seed}.json"
    file.write_bytes(hostile_file(seed, as_json, as_json(GOOD), count))
    here = of_this_process(file, take_json_apart, skipped=0)
    assert of_spark(read_json(spark, {file: ""})) == here
    assert here[0] == (GOOD, None)


@pytest.mark.parametrize("check", [check_csv, check_json])
def test_a_hostile_file_is_read_alike(
    spark: SparkSession, tmp_path: Path, check: Callable[..., None]
) -> None:
    check(spark, tmp_path, 3, 150)


@pytest.mark.slow
@pytest.mark.parametrize("check", [check_csv, check_json])
def test_thousands_of_hostile_lines_are_read_alike(
    spark: SparkSession, tmp_path: Path, check: Callable[..., None]
) -> None:
    for seed in range(5):
        check(spark, tmp_path, 100 + seed, 1000)
