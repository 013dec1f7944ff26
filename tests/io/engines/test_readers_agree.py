"""Spark's readers and Arrow's produce the same records from the same hostile bytes."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import CsvLayout, read_header
from goldrun.io.sources.json_files import JsonLayout
from goldrun.io.sources.packed import records_of
from goldrun.io.sources.parts import Part
from tests.hostile_lines import Record, as_csv, as_json, hostile, unpaired

VALID = {
    "id": "1",
    "ID": "A",
    "Price": "1.50",
    "price": "x",
    "\u00e9": "2024-05-01",
    "e\u0301": "-0",
}
ENDS = (b"\n", b"\r\n", b"\r")
Rows = list[tuple[dict[str, str | None], str | None]]
Both = Callable[[Engine, Path, int, int], tuple[Rows, Rows]]

pytestmark = pytest.mark.of_spark


def hostile_file(seed: int, line: Callable[[Record], bytes], first: bytes, count: int) -> bytes:
    """A file with a byte order mark or none, and lines with every kind of end."""
    dice = random.Random(seed)
    parts = [dice.choice([b"", b"\xef\xbb\xbf"]), first]
    for _ in range(count):
        parts += [dice.choice(ENDS), hostile(dice, line, VALID)]
    return b"".join(parts)


def of_spark(engine: Engine, rows: DataFrame) -> Rows:
    with engine.one_file_per_task():
        found = rows.orderBy(lineage.ROW).collect()
    return [(row[lineage.RECORD], row[lineage.MALFORMED]) for row in found]


def both_csv(engine: Engine, folder: Path, seed: int, count: int) -> tuple[Rows, Rows]:
    """Records of a hostile CSV file by the engine and by Arrow."""
    file = folder / f"{seed}.csv"
    header = ",".join(VALID).encode()
    file.write_bytes(unpaired(hostile_file(seed, as_csv, header, count)))
    first = read_header(Part(file), EntityMapping(path="x"))
    by_arrow = list(records_of(CsvLayout(Part(file), first)))
    rows = engine.read_csv({file: ""}, {file: first})
    return of_spark(engine, rows), by_arrow


def both_json(engine: Engine, folder: Path, seed: int, count: int) -> tuple[Rows, Rows]:
    """Records of a hostile file of JSON lines by the engine and by Arrow."""
    file = folder / f"{seed}.json"
    file.write_bytes(hostile_file(seed, as_json, as_json(VALID), count))
    by_arrow = list(records_of(JsonLayout(Part(file))))
    return of_spark(engine, engine.read_json({file: ""})), by_arrow


@pytest.mark.parametrize("both", [both_csv, both_json])
def test_both_readers_read_a_hostile_file_alike(engine: Engine, tmp_path: Path, both: Both) -> None:
    by_spark, by_arrow = both(engine, tmp_path, 3, 150)
    assert by_spark == by_arrow
    assert len(by_arrow) > 150 / 2


def test_the_valid_first_line_of_a_hostile_file_is_read(engine: Engine, tmp_path: Path) -> None:
    _, by_arrow = both_json(engine, tmp_path, 3, 150)
    assert by_arrow[0] == (VALID, None)


@pytest.mark.slow
@pytest.mark.parametrize("both", [both_csv, both_json])
def test_both_readers_read_thousands_of_hostile_lines_alike(
    engine: Engine, tmp_path: Path, both: Both
) -> None:
    for seed in range(100, 105):
        by_spark, by_arrow = both(engine, tmp_path, seed, 1000)
        assert by_spark == by_arrow
        assert len(by_arrow) > 1000 / 2
