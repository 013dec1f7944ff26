"""Thousands of hostile lines are parsed or rejected exactly as by Python's own parsers."""

import csv
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import read_header
from goldrun.io.sources.parts import Part
from tests.hostile_lines import Record, as_csv, as_json, hostile, unpaired

VALID = {"Id": "1", "a": "x", "b": "1.50", "c": "2024-05-01T10:00:00Z", "d": "\u00e9", "e": "-0"}
LINES = 4000
NESTED = object()
Found = dict[str, object] | None


def hostile_texts(line: Callable[[Record], bytes]) -> list[str]:
    """Return valid and hostile lines, as a text editor shows them."""
    dice = random.Random(11)
    written = [unpaired(hostile(dice, line, VALID)) if n % 8 else line(VALID) for n in range(LINES)]
    parts = [part for one in written for part in re.split(rb"[\r\n]", one)]
    return [part.decode(errors="replace") for part in parts if part.strip(b" \t")]


def same_as(
    engine: Engine, expected: Callable[[str], Found], texts: list[str], rows: DataFrame
) -> int:
    """Compare each line with another parser's result; return how many are malformed."""
    with engine.one_file_per_task():
        found = rows.orderBy(lineage.ROW).collect()
    assert len(found) == len(texts)
    malformed = 0
    for row, text in zip(found, texts, strict=True):
        record = expected(text)
        malformed += record is None
        assert row[lineage.MALFORMED] == (text if record is None else None), text
        if record is not None:
            kept = {k: v for k, v in row[lineage.RECORD].items() if record.get(k) is not NESTED}
            assert set(row[lineage.RECORD]) == set(record), text
            assert kept == {k: v for k, v in record.items() if v is not NESTED}, text
    return malformed


def parse_csv_line(text: str) -> Found:
    # Python's parser accepts a quote within an unquoted field.
    field = '(?:"(?:[^"]|"")*"|[^",]*)'
    if not re.fullmatch(f"{field}(?:,{field})*", text, re.DOTALL):
        return None
    values = next(csv.reader([text], strict=True))
    if len(values) != len(VALID) or values == list(VALID):
        return None
    return {name: value or None for name, value in zip(VALID, values, strict=True)}


def parse_json_line(text: str) -> Found:
    try:
        value = json.loads(
            text,
            object_pairs_hook=Pairs,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
        # A lone surrogate cannot be encoded.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return None
    if not isinstance(value, Pairs) or len(dict(value)) < len(value):
        return None
    return {key: _as_text(each) for key, each in value}


class Pairs(list[tuple[str, object]]):
    """The keys and values of an object, in order, with repeats."""


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return NESTED if isinstance(value, list) else value


def test_csv_is_read_as_by_pythons_parser(engine: Engine, tmp_path: Path) -> None:
    texts = hostile_texts(as_csv)
    file = tmp_path / "x.csv"
    file.write_bytes("\n".join([",".join(VALID), *texts]).encode())
    mapping = EntityMapping(path="x")
    rows = engine.read_csv({file: ""}, {file: read_header(Part(file), mapping)})
    malformed = same_as(engine, parse_csv_line, texts, rows)
    assert len(texts) / 4 < malformed < len(texts) * 0.9


def test_json_is_read_as_by_pythons_parser(engine: Engine, tmp_path: Path) -> None:
    bare = re.compile(rb'"(-?[0-9.eE+]+|NaN|-?Infinity)"(?!:)')
    texts = hostile_texts(lambda record: bare.sub(rb"\1", as_json(record)))
    file = tmp_path / "x.json"
    file.write_bytes("\n".join(texts).encode())
    malformed = same_as(engine, parse_json_line, texts, engine.read_json({file: ""}))
    assert len(texts) / 4 < malformed < len(texts) * 0.9
