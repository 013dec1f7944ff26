"""Files of a staged write of Sail after a successful and a failed commit."""

from pathlib import Path

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pyspark.sql import SparkSession
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.errors import StorageError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.sail.engine import SailEngine

WORDS = Table(
    name="gold/words",
    grain="one word",
    key=("word",),
    clustered_by=("word",),
    columns=(Column("word", T.StringType(), "It.", required=True),),
)


@pytest.fixture
def words(lake: Lake, engine: Engine, spark: SparkSession) -> Lake:
    if not isinstance(engine, SailEngine):
        pytest.skip("Spark writes by itself")
    lake.append(WORDS, spark.createDataFrame([("one",)], WORDS.schema))
    return lake


def files(lake: Lake) -> set[Path]:
    return set(Path(lake.path(WORDS.name)).glob("*.parquet"))


def test_a_failed_commit_leaves_no_file(
    words: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(words)

    def refused(*_: object, **__: object) -> None:
        raise DeltaError("refused")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", refused)
    with pytest.raises(StorageError, match=r"gold/words was not written \(refused\): make room"):
        words.append(WORDS, spark.createDataFrame([("two",)], WORDS.schema))
    assert files(words) == before


def test_committed_files_stay_after_a_later_failure(
    words: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = DeltaTable.create_write_transaction

    def late(*arguments: object, **named: object) -> None:
        original(*arguments, **named)  # type: ignore[arg-type]
        raise DeltaError("no checkpoint")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", late)
    with pytest.raises(StorageError, match="no checkpoint"):
        words.append(WORDS, spark.createDataFrame([("two",)], WORDS.schema))
    assert {row["word"] for row in words.read(WORDS.name).collect()} == {"one", "two"}
