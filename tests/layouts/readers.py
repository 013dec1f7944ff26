"""Files of random layouts through readers and mappings, without a lake, beside plain Python."""

import contextlib
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.file_settings import FileSettings
from goldrun.contracts.source import Source
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.sources import json_documents, json_files, text_files
from goldrun.io.sources.forms import Layout as FileLayout
from goldrun.jobs.ingest.joined_files import check_joined
from goldrun.jobs.ingest.new_files import NewFiles, one_file_per_task, reading_raw
from goldrun.jobs.ingest.raw_files import check_form
from goldrun.medallion.bronze import Batch, to_bronze
from goldrun.medallion.source_columns import columns_required
from goldrun.medallion.validation import validate_records
from tests.layouts.files import File, write_files
from tests.layouts.oracle import Outcome, outcomes
from tests.layouts.rows import draw_rows
from tests.layouts.shop import CSV, FORMS, JSON, Shop, draw_layout, draw_shop, write_joined

ENTITY = "transactions"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TOGETHER = 25
"""Draws of files of one shop: their records are mapped at once, because plans take time."""


def differing(engine: Engine, seeds: range, folder: Path) -> dict[str, list[str]]:
    """Draw shops and files; return the differences from plain Python, by draw."""
    found: dict[str, list[str]] = {}
    for first in seeds[::TOGETHER]:
        numbers = range(first, min(first + TOGETHER, seeds.stop))
        with pytest.MonkeyPatch.context() as patched:
            found |= _differing_of_shop(engine, numbers, folder / str(first), patched)
        shutil.rmtree(folder / str(first))
    return found


def _differing_of_shop(
    engine: Engine, numbers: range, folder: Path, patched: pytest.MonkeyPatch
) -> dict[str, list[str]]:
    dice = random.Random(f"sizes-{numbers.start}")
    patched.setattr(text_files, "BYTES_AT_ONCE", dice.choice([7, 64, 1 << 20]))
    patched.setattr(json_documents, "_CHUNK", dice.choice([5, 64, 1 << 20]))
    patched.setattr(json_files, "_CHARACTERS_AT_ONCE", dice.choice([1, 64, 8 << 20]))
    inbox = folder / "in"
    inbox.mkdir(parents=True)
    shop, drawn = draw(numbers, inbox)
    toml = folder / "shop.toml"
    toml.write_text(shop.toml(inbox, write_joined(shop, folder)), encoding="utf-8")
    source = load_source(str(toml))
    records, validated = _read(engine, source, list(drawn.values()))
    return {
        str(number): differences
        for number, (its, files) in drawn.items()
        if (differences := _differences(its, files, records, validated))
    }


def draw(numbers: range, inbox: Path) -> tuple[Shop, dict[int, tuple[Shop, list[File]]]]:
    """Draw a shop; write its files of each draw, which have a form of their own."""
    shop = draw_shop(random.Random(numbers.start))
    return shop, {n: _files(random.Random(f"{numbers.start}-{n}"), shop, inbox, n) for n in numbers}


def _files(dice: random.Random, shop: Shop, inbox: Path, number: int) -> tuple[Shop, list[File]]:
    forms = (
        (JSON,) if shop.nested else tuple(f for f in (*FORMS, CSV) if f != JSON or not shop.fills)
    )
    its = replace(shop, layout=draw_layout(dice, dice.choice(forms)))
    rows = draw_rows(dice, its, f"t{number}", dice.randrange(1, 16))
    return its, write_files(dice, its, rows, inbox, f"{number}-")


Rows = dict[str, list[Any]]
"""Rows by name of their file, in order."""


def _read(
    engine: Engine, source: Source, drawn: Sequence[tuple[Shop, list[File]]]
) -> tuple[Rows, Rows]:
    """Read all files; return their records, and what becomes of each."""
    with contextlib.ExitStack() as stack:
        frames = [
            stack.enter_context(reading_raw(engine, new))
            for new in _by_reader(engine, source, drawn)
        ]
        raw = reduce(DataFrame.unionByName, frames)
        read = to_bronze(raw, entity=ENTITY, source=source.name, batch=Batch.at(NOW))
        texts = lineage.bronze_table(ENTITY).column(lineage.RECORD).type
        read = read.withColumn(lineage.RECORD, F.col(lineage.RECORD).cast(texts))
        with one_file_per_task(engine, source, ENTITY):
            bronze = read.localCheckpoint()
    validated = validate_records(bronze, source, ENTITY)
    names = (*TRANSACTIONS.names, lineage.REASONS, lineage.WARNINGS, lineage.RECORD_ID)
    times = ("transaction_date", "updated_at")
    shown = validated.select(
        *[F.unix_micros(n).alias(n) if n in times else F.col(n) for n in names]
    )
    by_id = {row[lineage.RECORD_ID]: row for row in shown.collect()}
    records: Rows = {}
    fates: Rows = {}
    for row in bronze.orderBy(lineage.FILE, lineage.OFFSET).collect():
        name = Path(row[lineage.FILE]).name
        records.setdefault(name, []).append(row)
        fates.setdefault(name, []).append(by_id[row[lineage.RECORD_ID]])
    return records, fates


def _by_reader(
    engine: Engine, source: Source, drawn: Sequence[tuple[Shop, list[File]]]
) -> Iterator[NewFiles]:
    """Check the files as a run does, each with its own settings; JSON has a reader of its own."""
    joined = check_joined(engine, source, ENTITY)
    for is_json in (False, True):
        of_reader = [
            (s, f) for s, files in drawn for f in files if (s.layout.form == JSON) == is_json
        ]
        if of_reader:
            mapping = source.with_files[ENTITY].model_copy(
                update={"format": JSON if is_json else CSV}
            )
            layouts: list[FileLayout] = []
            for shop, file in of_reader:
                settings = shop.layout.settings | ({"each": mapping.each} if shop.nested else {})
                form = FileSettings.model_validate(settings)
                layouts += check_form([file.path], form, columns_required(source, ENTITY))
            # By their names, because files of two draws may have the same bytes.
            files = {file.path: file.path.name for _, file in of_reader}
            yield NewFiles(ENTITY, mapping, files, layouts, joined)


def _differences(shop: Shop, files: Sequence[File], records: Rows, fates: Rows) -> list[str]:
    found = []
    for file in files:
        expected = outcomes(shop, file, NOW)
        read, became = (rows.get(file.path.name, []) for rows in (records, fates))
        if len(read) != len(expected):
            found.append(f"{file.path.name}: {len(read)} records instead of {len(expected)}")
            continue
        for number, (one, fate, other) in enumerate(zip(read, became, expected, strict=True), 1):
            lines = _of_record(one, fate, other)
            found += [f"{file.path.name}, row {number}: {line}" for line in lines]
    return found


def _of_record(read: Any, fate: Any, expected: Outcome) -> Iterator[str]:
    if read[lineage.RECORD] != expected.record:
        yield f"{read[lineage.RECORD]} instead of {expected.record}"
    reasons = {*fate[lineage.REASONS]}
    if reasons != expected.reasons:
        yield f"{sorted(reasons)} instead of {sorted(expected.reasons)}: {expected.record}"
    elif not reasons:
        if {*fate[lineage.WARNINGS]} != expected.warnings:
            yield f"{fate[lineage.WARNINGS]} instead of {sorted(expected.warnings)}"
        for name, value in expected.values.items():
            given = _micros(value) if isinstance(value, datetime) else value
            if fate[name] != given:
                yield f"{name} {fate[name]!r} instead of {given!r}: {expected.record}"


def _micros(time: datetime) -> int:
    return round((time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
