"""Batch and stream write equal rows into the same tables."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold, lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Table
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.simulation.options import read_settings
from tests.jobs.stream.brief import NOW
from tests.project_copy import ROOT

pytestmark = pytest.mark.of_spark

MARKET = read_settings(customers="60", days="120", seed="11", dirt="all")
PARTS = 3
"""Number of parts in which the stream receives the files."""


def clock() -> Iterator[datetime]:
    return (NOW + timedelta(minutes=n) for n in count(1))


def shop(engine: Engine, tracker: Tracker, folder: Path, data: Path) -> Context:
    shipped = (ROOT / "pipelines/sources/marketplace.toml").read_text()
    settings = folder / "marketplace.toml"
    settings.write_text(shipped.replace("data/marketplace", str(data)))
    return Context(Lake(engine, str(folder / "lake")), tracker, load_source(str(settings)), NOW)


@pytest.fixture(scope="module")
def both(
    engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Context, Context]:
    """The same files, read in one batch, and streamed in parts, some children before parents."""
    folder = tmp_path_factory.mktemp("parity")
    data, landing = folder / "data", folder / "landing"
    write_marketplace(MARKET, data, chunk=20, processes=1)
    in_batch = shop(engine, tracker, _made(folder / "batch"), data)
    streamed = shop(engine, tracker, _made(folder / "stream"), landing)
    with tracker.run("batch", "goldrun-pipeline"):
        bronze.run(in_batch)
        silver.run(in_batch)
        silver.run(in_batch, replay=True)
        gold_tables.run(in_batch)
    ticks = clock()
    for part in _parts_of(data):
        for file in part:
            target = landing / file.relative_to(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
        for entity in ENTITIES:
            (landing / entity).mkdir(parents=True, exist_ok=True)
        shutil.copy(data / "rates.csv", landing)
        with tracker.run("stream", "goldrun-pipeline"):
            ctx = replace(streamed, now=next(ticks))
            stream.run(ctx, Limits(available_now=True), lambda: next(ticks))
    with tracker.run("replay", "goldrun-pipeline"):
        silver.run(replace(streamed, now=next(ticks)), replay=True)
        # Another start finds nothing new; the comparison uses its tables.
        ctx = replace(streamed, now=next(ticks))
        stream.run(ctx, Limits(available_now=True), lambda: next(ticks))
    return in_batch, streamed


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _parts_of(data: Path) -> list[list[Path]]:
    files = [file for entity in ENTITIES for file in sorted((data / entity).iterdir())]
    random.Random(3).shuffle(files)
    return [files[n::PARTS] for n in range(PARTS)]


def rows(frame: DataFrame, without: tuple[str, ...] = ()) -> list[str]:
    """Return rows as sorted JSON, without the columns that differ between batch and stream."""
    names = [name for name in frame.columns if name not in without]
    return sorted(frame.select(F.to_json(F.struct(*names)).alias("row")).toPandas()["row"])


LINEAGE = (
    lineage.RECORD_ID,
    lineage.BATCH_ID,
    lineage.INGESTED_AT,
    lineage.FILE,
    lineage.RELEASED_AT,
)


@pytest.mark.slow
@pytest.mark.parametrize("entity", ENTITIES)
def test_silver_and_its_history_are_the_same(both: tuple[Context, Context], entity: str) -> None:
    for table in (ENTITIES[entity], lineage.history_table(ENTITIES[entity])):
        batch, streamed = (rows(ctx.lake.read(table.name), LINEAGE) for ctx in both)
        assert streamed == batch


@pytest.mark.slow
def test_quarantine_holds_the_same_records_for_the_same_reasons(
    both: tuple[Context, Context],
) -> None:
    batch, streamed = (
        rows(ctx.lake.read(lineage.QUARANTINE.name).where(F.col(lineage.STATE) == "open"), LINEAGE)
        for ctx in both
    )
    assert streamed == batch
    assert batch


@pytest.mark.slow
def test_both_have_as_many_duplicates_and_complete_accounting(
    both: tuple[Context, Context],
) -> None:
    batch, streamed = (silver.accounts(ctx) for ctx in both)
    assert streamed == batch
    assert all(account.closed for account in batch.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "table",
    [*feature_tables.ACTIVITY, USER_FEATURES, CUSTOMER_FEATURES],
)
def test_gold_is_the_same(both: tuple[Context, Context], table: Table) -> None:
    batch, streamed = (ctx.lake.read(table.name) for ctx in both)
    if gold.AS_OF in table.names:
        newest = batch.agg(F.max(gold.AS_OF)).collect()[0][0]
        batch, streamed = (frame.where(F.col(gold.AS_OF) == newest) for frame in (batch, streamed))
    assert rows(streamed) == rows(batch)
