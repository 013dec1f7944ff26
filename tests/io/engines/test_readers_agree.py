"""Spark's readers and Arrow's make the same records of the same hostile bytes."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.io.engines.base import Engine
from goldrun.io.engines.sail.arrow_csv import parse_csv
from goldrun.io.engines.sail.arrow_json import parse_json
from goldrun.io.engines.sail.arrow_lines import Parsed, lines_of
from goldrun.io.sources.csv_files import read_header
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


def of_spark(engine: Engine, rows: DataFrame) -> Rows:
    with engine.one_file_per_task():
        found = rows.orderBy(lineage.ROW).collect()
    return [(row[lineage.RECORD], row[lineage.MALFORMED]) for row in found]


def of_arrow(file: Path, parse: Callable[[pa.Array], Parsed], skipped: int) -> Rows:
    def rows() -> Iterator[tuple[dict[str, str | None], str | None]]:
        for lines in lines_of(file, "UTF-8", " \t"):
            records, malformed = parse(lines)
            pairs = zip(records.to_pylist(), malformed.to_pylist(), strict=True)
            yield from ((dict(record), text) for record, text in pairs)

    return list(rows())[skipped:]


def check_csv(engine: Engine, folder: Path, seed: int, count: int) -> None:
    file = folder / f"{seed}.csv"
    header = ",".join(GOOD).encode()
    file.write_bytes(hostile_file(seed, as_csv, header, count))
    mapping = EntityMapping(path="x")
    first = read_header(file, mapping)
    by_arrow = of_arrow(
        file, lambda lines: parse_csv(lines, first.line, first.names, ","), skipped=1
    )
    assert of_spark(engine, engine.read_csv({file: ""}, {file: first}, mapping)) == by_arrow
    assert len(by_arrow) > count / 2


def check_json(engine: Engine, folder: Path, seed: int, count: int) -> None:
    file = folder / f"{seed}.json"
    file.write_bytes(hostile_file(seed, as_json, as_json(GOOD), count))
    by_arrow = of_arrow(file, parse_json, skipped=0)
    assert of_spark(engine, engine.read_json({file: ""})) == by_arrow
    assert by_arrow[0] == (GOOD, None)


@pytest.mark.parametrize("check", [check_csv, check_json])
def test_a_hostile_file_is_read_alike(
    engine: Engine, tmp_path: Path, check: Callable[..., None]
) -> None:
    check(engine, tmp_path, 3, 150)


@pytest.mark.slow
@pytest.mark.parametrize("check", [check_csv, check_json])
def test_thousands_of_hostile_lines_are_read_alike(
    engine: Engine, tmp_path: Path, check: Callable[..., None]
) -> None:
    for seed in range(5):
        check(engine, tmp_path, 100 + seed, 1000)
