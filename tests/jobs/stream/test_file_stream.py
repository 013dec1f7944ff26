"""A stream reads each file once and completely, whatever its name and age."""

import itertools
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.source import Source
from goldrun.errors import SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.streaming.readers import Enough
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.file_stream import FileStream
from goldrun.jobs.stream.limits import Limits
from tests.jobs.stream.brief import NOW

pytestmark = pytest.mark.of_spark

SHOP = """
currency = "EUR"

[transactions]
path = "{path}"
{option}

[transactions.columns]
transaction_id = "id"
customer_id = "who"
product_id = "'p'"
quantity = "1"
price = "amount"
amount = "amount"
transaction_date = "day"
transaction_status = "'completed'"
"""
LONG_AGO = 1_000_000_000


def write(file: Path, *ids: str, old: bool = True) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("id,who,amount,day\n" + "".join(f"{n},c1,2.00,2025-03-01\n" for n in ids))
    if old:
        os.utime(file, (LONG_AGO, LONG_AGO))


def shop(folder: Path, path: str, option: str = "") -> Source:
    settings = folder / "shop.toml"
    settings.write_text(SHOP.format(path=path, option=option))
    return load_source(str(settings))


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    place = tmp_path / "landing"
    place.mkdir()
    return place


def context(lake: Lake, tracker: Tracker, source: Source) -> Context:
    return Context(lake, tracker, source, NOW)


def known(ctx: Context) -> set[str]:
    rows = ctx.lake.read("bronze/transactions").select(f"{lineage.RECORD}.id").collect()
    assert len(rows) == len(set(rows))
    return {row["id"] for row in rows}


def bell(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([("transactions",)], f"{lineage.ENTITY} string")


MOMENTS = (NOW + timedelta(seconds=n) for n in itertools.count())


def ingest_new(files: FileStream, ctx: Context) -> dict[str, int]:
    found = files.find_new(ctx, bell(ctx.lake.session), lambda: False)
    return dict(files.ingest(replace(ctx, now=next(MOMENTS)), found, lambda: False).rows)


@pytest.mark.e2e
def test_a_stream_reads_the_same_files_as_a_batch(
    lake: Lake, tracker: Tracker, landing: Path, tmp_path: Path
) -> None:
    write(landing / "new.csv", "a", old=False)
    write(landing / "old time.csv", "b")
    write(landing / "a#1.csv", "c")
    write(landing / "a%20b.csv", "d")
    write(landing / "2025" / "03" / "deep.csv", "e")
    write(landing / ".hidden.csv", "x")
    write(landing / "notes.md", "y")
    path = f"{landing}/2025/../**/*.csv"
    ctx = context(lake, tracker, shop(tmp_path, path))
    with tracker.run("stream", "files"):
        stream.run(ctx, Limits(available_now=True))
        assert known(ctx) == set("abcde")
        write(landing / "older than all.csv", "f")
        write(landing / "new.csv", "a", "z")
        strict = replace(ctx, source=shop(tmp_path, path, 'on_changed = "refuse"'))
        with pytest.raises(SourceError, match=r"new\.csv has changed since it was read"):
            stream.run(strict, Limits(available_now=True))
        stream.run(ctx, Limits(available_now=True))
        assert known(ctx) == set("abcdefz")
        # Without a new file, of which Spark would report a name.
        write(landing / "new.csv", "a", "z", "y")
        stream.run(ctx, Limits(available_now=True))
    assert known(ctx) == set("abcdefyz")


def test_each_file_is_read_once(lake: Lake, tracker: Tracker, landing: Path) -> None:
    ctx, files = context(lake, tracker, shop(landing.parent, str(landing))), FileStream()
    write(landing / "a.csv", "a", "b")
    assert ingest_new(files, ctx) == {"transactions": 2}
    write(landing / "b.csv", "c")
    assert ingest_new(files, ctx) == {"transactions": 1}
    assert ingest_new(files, ctx) == {}
    assert ingest_new(FileStream(), ctx) == {}


def test_rows_that_are_appended_to_a_file_are_read_without_a_signal_of_spark(
    lake: Lake, tracker: Tracker, landing: Path
) -> None:
    ctx, files = context(lake, tracker, shop(landing.parent, str(landing))), FileStream()
    write(landing / "a.csv", "a")
    ingest_new(files, ctx)
    assert files.find_overwritten(ctx) == {}
    write(landing / "a.csv", "a", "b", old=False)
    assert files.find_overwritten(ctx) == {}
    os.utime(landing / "a.csv", (LONG_AGO, LONG_AGO))
    for stream_of_files in (files, FileStream()):
        if stream_of_files is not files:
            write(landing / "a.csv", "a", "b", "c")
            stream_of_files.begin(ctx)
        found = stream_of_files.find_overwritten(ctx)
        later = replace(ctx, now=next(MOMENTS))
        assert stream_of_files.ingest(later, found, lambda: False).rows == {"transactions": 1}
        assert stream_of_files.find_overwritten(ctx) == {}
    assert known(ctx) == set("abc")


def test_an_ending_stream_leaves_an_unfinished_file_for_the_next_start(
    lake: Lake, tracker: Tracker, landing: Path
) -> None:
    ctx = context(lake, tracker, shop(landing.parent, str(landing)))
    write(landing / "a.csv", "a")
    ahead = time.time() + 3600
    os.utime(landing / "a.csv", (ahead, ahead))
    with pytest.raises(Enough):
        FileStream().find_new(ctx, bell(lake.session), lambda: True)


def test_a_missing_folder_gives_the_same_error_as_in_a_batch(
    lake: Lake, tracker: Tracker, tmp_path: Path
) -> None:
    ctx = context(lake, tracker, shop(tmp_path, f"{tmp_path}/absent/*.csv"))
    with (
        tracker.run("stream", "files"),
        pytest.raises(SourceError, match=r"absent does not exist; check path in the TOML"),
    ):
        stream.run(ctx, Limits(available_now=True))
