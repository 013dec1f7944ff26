"""Batch and stream write the same tables from files with arbitrary content."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables as gold_step
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from tests.fuzz.hostile import day_of
from tests.fuzz.shop import TOML, Shop

LAKES = 5
FILES_PER_RUN = (4, 6)
"""Files drawn before each run, of a batch and of the stream: ten a lake, fifty in all."""
NOW = datetime(2026, 1, 2, tzinfo=UTC)
_RUN_COLUMNS = (lineage.BATCH_ID, lineage.INGESTED_AT, lineage.RELEASED_AT)
TABLES = (
    *(TRANSACTIONS, CUSTOMERS, lineage.history_table(TRANSACTIONS)),
    *(lineage.QUARANTINE, lineage.DUPLICATES, *feature_tables.ACTIVITY),
    *(USER_FEATURES, CUSTOMER_FEATURES),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("hostile"))
    made.inbox.mkdir()
    made.toml.write_text(TOML.replace('"in/', f'"{made.inbox}/'))
    return made


def rows(frame: DataFrame) -> list[str]:
    """Rows as sorted JSON, without the columns that differ from run to run."""
    kept = [name for name in frame.columns if name not in _RUN_COLUMNS]
    return sorted(frame.select(F.to_json(F.struct(*kept)).alias("row")).toPandas()["row"])


@pytest.mark.slow
@pytest.mark.of_spark
@pytest.mark.parametrize("seed", range(LAKES))
def test_a_stream_writes_the_same_tables_as_a_batch(
    engine: Engine, tracker: Tracker, shop: Shop, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    for file in shop.inbox.iterdir():
        file.unlink()
    source = load_source(str(shop.toml))
    batch, streamed = (
        Context(Lake(engine, str(tmp_path / name)), tracker, source, NOW)
        for name in ("batch", "stream")
    )
    ticks = (NOW + timedelta(minutes=n) for n in count(1))
    number = 0
    for files in FILES_PER_RUN:
        for _ in range(files):
            (shop.inbox / f"day{number:02}.csv").write_bytes(day_of(draw, number))
            number += 1
        with tracker.run("batch", "fuzz"):
            at_once = replace(batch, now=next(ticks))
            bronze.run(at_once)
            silver.run(at_once)
            gold_step.run(at_once)
        with tracker.run("stream", "fuzz"):
            following = replace(streamed, now=next(ticks))
            stream.run(following, Limits(available_now=True), lambda: next(ticks))
    for table in TABLES:
        expected, found = (rows(ctx.lake.read_or_empty(table)) for ctx in (batch, streamed))
        assert found == expected, table.name
    account = silver.accounts(streamed)["transactions"]
    assert account.closed
    assert account.records == silver.accounts(batch)["transactions"].records
