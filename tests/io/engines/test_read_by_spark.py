"""Spark reads tables that Sail writes, and finds every row by the file statistics of the log."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine

LONG = "ü" * 60
KINDS = Table(
    name="gold/kinds",
    grain="one row",
    key=("id",),
    clustered_by=("id",),
    change_feed=True,
    columns=(
        Column("id", T.LongType(), "Identity.", required=True),
        Column("text", T.StringType(), "A text."),
        Column("at", T.TimestampType(), "A time."),
        Column("day", T.DateType(), "A day."),
        Column("amount", T.DecimalType(18, 2), "An amount."),
        Column("share", T.DoubleType(), "A share."),
        Column("none", T.StringType(), "Nothing."),
        Column("names", T.ArrayType(T.StringType()), "Some."),
    ),
)
ROWS = [
    (
        n,
        f"{LONG}{n:03}",
        datetime(2011, 12, 9, 12, 50, n % 60, 999_999 - n, UTC),
        date(2000 + n, 1, 31),
        Decimal("9007199254740993.01") + n,
        n / 7,
        None,
        [str(n), "x"],
    )
    for n in range(40)
]
pytestmark = pytest.mark.of_spark
SCRIPT = """
import sys
from goldrun.io.engines.sail import staged_write
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.delta.lake import Lake
from tests.io.engines.test_read_by_spark import KINDS, ROWS

staged_write._ROWS_A_FILE = 10
with open_engine(SailEngine) as sail:
    Lake(sail, sys.argv[1]).append(KINDS, sail.session.createDataFrame(ROWS, KINDS.schema))
"""


@pytest.fixture(scope="module")
def by_sail(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("sail") / "lake"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(list((folder / KINDS.name).glob("*.parquet"))) == 4
    return Lake(engine, str(folder))


@pytest.mark.parametrize("name", ["id", "text", "at", "day", "amount", "share"])
def test_each_row_is_found_by_each_value(by_sail: Lake, name: str) -> None:
    rows = by_sail.read(KINDS.name)
    position = KINDS.names.index(name)
    for row in (*ROWS[:2], *ROWS[9:11], *ROWS[-2:]):
        value = F.lit(row[position])
        found = rows.where(F.col(name) == value).collect()
        assert [each["id"] for each in found] == [row[0]]
        assert rows.where(F.col(name) >= value).count() == 40 - row[0]
        assert rows.where(F.col(name) <= value).count() == row[0] + 1


def test_nulls_and_lists_are_read(by_sail: Lake) -> None:
    rows = by_sail.read(KINDS.name)
    assert rows.where("none IS NULL").count() == 40
    assert rows.where("none IS NOT NULL").count() == 0
    assert {tuple(row["names"]) for row in rows.collect()} == {(str(n), "x") for n in range(40)}


def test_the_table_is_merged_into_compacted_and_streamed(
    by_sail: Lake, spark: SparkSession
) -> None:
    before = by_sail.version(KINDS.name)
    changed = by_sail.read(KINDS.name).where("id IN (3, 39)").withColumn("share", F.lit(9.0))
    by_sail.upsert(KINDS, changed)
    by_sail.compact(KINDS)
    assert by_sail.read(KINDS.name).where("share = 9").count() == 2
    assert by_sail.read(KINDS.name).count() == 40
    assert by_sail.read_changes(KINDS.name, before).count() == 4
