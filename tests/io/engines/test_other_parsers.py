"""Thousands of hostile lines are taken apart, or refused, exactly as Python's own parsers do."""

import csv
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.source import EntityMapping
from goldrun.io.engines.spark.lines import one_piece_a_task
from goldrun.io.sources.csv_files import read_csv, read_header
from goldrun.io.sources.json_files import read_json
from tests.hostile_lines import Record, as_csv, as_json, hostile

GOOD = {"Id": "1", "a": "x", "b": "1.50", "c": "2024-05-01T10:00:00Z", "d": "\u00e9", "e": "-0"}
LINES = 4000
NESTED = object()
Found = dict[str, object] | None


def landed(line: Callable[[Record], bytes]) -> list[str]:
    """Hostile lines and good ones, as a text editor would show them."""
    dice = random.Random(11)
    written = [hostile(dice, line, GOOD) if n % 8 else line(GOOD) for n in range(LINES)]
    parts = [part for one in written for part in re.split(rb"[\r\n]", one)]
    return [part.decode(errors="replace") for part in parts if part.strip(b" \t")]


def same_as(expected: Callable[[str], Found], texts: list[str], rows: DataFrame) -> int:
    """Compare each line with what another parser says; return how many are no record."""
    with one_piece_a_task(rows.sparkSession):
        found = rows.orderBy(lineage.ROW).collect()
    assert len(found) == len(texts)
    refused = 0
    for row, text in zip(found, texts, strict=True):
        record = expected(text)
        refused += record is None
        assert row[lineage.MALFORMED] == (text if record is None else None), text
        if record is not None:
            kept = {k: v for k, v in row[lineage.RECORD].items() if record.get(k) is not NESTED}
            assert set(row[lineage.RECORD]) == set(record), text
            assert kept == {k: v for k, v in record.items() if v is not NESTED}, text
    return refused


def csv_says(text: str) -> Found:
    # Python's parser lets a quote stand in a field that is not quoted.
    field = '(?:"(?:[^"]|"")*"|[^",]*)'
    if not re.fullmatch(f"{field}(?:,{field})*", text, re.DOTALL):
        return None
    values = next(csv.reader([text], strict=True))
    if len(values) != len(GOOD) or values == list(GOOD):
        return None
    return {name: value or None for name, value in zip(GOOD, values, strict=True)}


def json_says(text: str) -> Found:
    try:
        value = json.loads(
            text,
            object_pairs_hook=Pairs,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
        # Half a character can't be written.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return None
    if not isinstance(value, Pairs) or len(dict(value)) < len(value):
        return None
    return {key: _as_text(each) for key, each in value}


class Pairs(list[tuple[str, object]]):
    """The keys and values of an object, in order, repeats and all."""


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return NESTED if isinstance(value, list) else value


def test_csv_is_read_as_by_another_parser(spark: SparkSession, tmp_path: Path) -> None:
    texts = landed(as_csv)
    file = tmp_path / "x.csv"
    file.write_bytes("\n".join([",".join(GOOD), *texts]).encode())
    mapping = EntityMapping(path="x")
    rows = read_csv(spark, {file: ""}, {file: read_header(file, mapping)}, mapping)
    refused = same_as(csv_says, texts, rows)
    assert len(texts) / 4 < refused < len(texts) * 0.9


def test_json_is_read_as_by_another_parser(spark: SparkSession, tmp_path: Path) -> None:
    bare = re.compile(rb'"(-?[0-9.eE+]+|NaN|-?Infinity)"(?!:)')
    texts = landed(lambda record: bare.sub(rb"\1", as_json(record)))
    file = tmp_path / "x.json"
    file.write_bytes("\n".join(texts).encode())
    refused = same_as(json_says, texts, read_json(spark, {file: ""}))
    assert len(texts) / 4 < refused < len(texts) * 0.9
