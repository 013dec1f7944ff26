"""A write that conflicts with another commit is retried a limited number of times."""

from collections.abc import Callable

import delta.exceptions.captured as raised
import pytest
from delta.tables import DeltaMergeBuilder
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from pyspark.sql.readwriter import DataFrameWriter

from goldrun.contracts.table import Column, Table
from goldrun.errors import LakeBusyError
from goldrun.io.delta.compaction import compact_if_free
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.spark.staged_write import CONFLICTS, is_conflict
from goldrun.io.engines.spark.tables import SparkTables

pytestmark = pytest.mark.of_spark

PRICES = Table(
    name="silver/prices",
    grain="one price",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Identity.", required=True),
        Column("price", T.IntegerType(), "Price.", null_means="unknown"),
    ),
)


@pytest.fixture
def priced(lake: Lake, spark: SparkSession) -> Lake:
    lake.append(PRICES, spark.createDataFrame([("a", 1)], PRICES.schema))
    return lake


def test_a_conflict_of_a_server_is_recognised_by_its_condition() -> None:
    conflict = SparkConnectGrpcException("it", errorClass="DELTA_CONCURRENT_APPEND")
    other = SparkConnectGrpcException("it", errorClass="DELTA_TABLE_NOT_FOUND")
    assert is_conflict(conflict)
    assert not is_conflict(other)


def failing(times: int, original: Callable[..., object]) -> Callable[..., object]:
    """Return a function that raises a conflict ``times`` times and then succeeds."""
    left = list(range(times))

    def write(*arguments: object) -> object:
        if left:
            left.pop()
            raise raised.ConcurrentAppendException("a concurrent OPTIMIZE", "", None)
        return original(*arguments)

    return write


@pytest.mark.parametrize(
    "conflict",
    [
        raised.ConcurrentAppendException,
        raised.ConcurrentDeleteReadException,
        raised.ConcurrentDeleteDeleteException,
        raised.ConcurrentWriteException,
    ],
)
def test_deltas_exceptions_count_as_conflicts(conflict: type[Exception]) -> None:
    assert issubclass(conflict, CONFLICTS)


def test_a_merge_that_conflicts_with_a_compaction_is_retried(
    priced: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeltaMergeBuilder, "execute", failing(2, DeltaMergeBuilder.execute))
    priced.upsert(PRICES, spark.createDataFrame([("a", 2)], PRICES.schema))
    assert [row["price"] for row in priced.read(PRICES.name).collect()] == [2]


def test_an_overwrite_that_conflicts_with_a_compaction_is_retried(
    priced: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DataFrameWriter, "save", failing(1, DataFrameWriter.save))
    priced.replace(PRICES, spark.createDataFrame([("b", 3)], PRICES.schema))
    assert [row["price"] for row in priced.read(PRICES.name).collect()] == [3]


def test_a_persistent_conflict_is_an_error(
    priced: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeltaMergeBuilder, "execute", failing(99, DeltaMergeBuilder.execute))
    with pytest.raises(LakeBusyError, match="in each of 5 attempts another commit rewrote"):
        priced.upsert(PRICES, spark.createDataFrame([("a", 2)], PRICES.schema))


def test_a_compaction_that_conflicts_with_a_merge_is_skipped(
    priced: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SparkTables, "_optimize", failing(1, SparkTables._optimize))
    assert not compact_if_free(priced, PRICES)
    assert compact_if_free(priced, PRICES)
