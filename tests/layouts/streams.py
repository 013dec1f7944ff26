"""Files of random layouts as batches and as a file stream, with Spark: the same tables."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from tests.layouts.commands import Drawn
from tests.layouts.fates import expected_tables, tables_of
from tests.layouts.files import File
from tests.layouts.readers import NOW

_RECORDS = lineage.bronze_table("transactions")


def differences(engine: Engine, tracker: Tracker, folder: Path, seed: int) -> list[str]:
    """Draw a shop, read its files by both ways, and compare their tables, also with plain Python.

    Args:
        engine: Spark.
        tracker: The store of runs.
        folder: A folder that does not exist yet.
        seed: The draw.
    """
    drawn = Drawn(random.Random(seed), folder)
    source = load_source(str(folder / "shop.toml"))
    batch, streamed = (
        Context(Lake(engine, str(folder / name)), tracker, source, NOW)
        for name in ("batch", "stream")
    )
    ticks = (NOW + timedelta(minutes=n) for n in count(1))
    runs: list[list[File]] = []
    while drawn.runs:
        runs.append(drawn.write_next())
        with tracker.run("batch", "layouts"):
            at_once = replace(batch, now=next(ticks))
            bronze.run(at_once)
            silver.run(at_once)
        with tracker.run("stream", "layouts"):
            following = replace(streamed, now=next(ticks))
            stream.run(following, Limits(available_now=True), lambda: next(ticks))
    expected = expected_tables(drawn.shop, runs, NOW)
    by_batch, by_stream = (tables_of(folder / name) for name in ("batch", "stream"))
    return [
        *(f"batch: {line}" for line in by_batch.differences(expected)),
        *(f"stream: {line}" for line in by_stream.differences(expected)),
        *_of_bronze(batch.lake.read(_RECORDS.name), streamed.lake.read(_RECORDS.name)),
    ]


def _of_bronze(batch: DataFrame, streamed: DataFrame) -> Iterator[str]:
    names = (lineage.FILE, lineage.OFFSET, lineage.RECORD_ID, lineage.RECORD, lineage.MALFORMED)
    columns = [F.to_json(F.struct(*names)).alias("row")]
    one, other = ({r["row"] for r in rows.select(*columns).collect()} for rows in (batch, streamed))
    yield from (f"bronze: {row} only as a batch" for row in sorted(one - other))
    yield from (f"bronze: {row} only as a stream" for row in sorted(other - one))
