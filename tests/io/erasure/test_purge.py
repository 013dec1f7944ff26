"""After a purge a table's folder holds its newest version and nothing else."""

import json
import sqlite3
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from goldrun.contracts.erasure import Term
from goldrun.errors import ErasureError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.erasure.purge import (
    ERASED_VALUE,
    forget_parameter,
    leftovers,
    local_folder,
    purge,
    tables_in,
)
from goldrun.io.erasure.traces import find_traces

pytestmark = [pytest.mark.slow, pytest.mark.of_spark]

TABLE = "gold/boxes"
GONE = Term("customer_id", "c-1", frozenset())
PROPERTIES = {
    "delta.enableChangeDataFeed": "true",
    "delta.enableDeletionVectors": "true",
    "delta.checkpointInterval": "2",
}


@pytest.fixture
def boxes(spark: SparkSession, engine: Engine, tmp_path: Path) -> Lake:
    """A table whose old versions contain c-1, and whose newest version does not."""
    lake = Lake(engine, str(tmp_path / "a lake"))
    at = f"delta.`{lake.path(TABLE)}`"
    given = ", ".join(f"'{key}' = '{value}'" for key, value in PROPERTIES.items())
    spark.sql(
        f"CREATE TABLE {at} (customer_id string, n int) USING delta "
        f"CLUSTER BY (customer_id) TBLPROPERTIES ({given})"
    )
    rows = spark.range(9).selectExpr("concat('c-', id) as customer_id", "int(id) as n").coalesce(1)
    rows.write.format("delta").mode("append").save(lake.path(TABLE))
    assert lake.delete_rows(TABLE, spark.createDataFrame([("c-1",)], "customer_id string"))
    return lake


def test_a_purge_keeps_the_newest_version_only(boxes: Lake, spark: SparkSession) -> None:
    folder = Path(boxes.path(TABLE))
    before = {Path(trace.file) for trace in find_traces([folder], [GONE])}
    assert {"_change_data", "boxes"} <= {file.parent.name for file in before}
    assert any("deletion_vector" in file.name for file in folder.rglob("*.bin"))
    assert leftovers(boxes, TABLE) != []
    version = boxes.version(TABLE)
    at = f"delta.`{boxes.path(TABLE)}`"
    purge(boxes, TABLE)
    assert find_traces([folder], [GONE]) == []
    assert leftovers(boxes, TABLE) == []
    # Once more, after all files are clustered.
    assert boxes.delete_rows(TABLE, spark.createDataFrame([("c-2",)], "customer_id string"))
    purge(boxes, TABLE)
    assert find_traces([folder], [Term("customer_id", "c-2", frozenset())]) == []
    assert leftovers(boxes, TABLE) == []
    assert {r["n"] for r in boxes.read(TABLE).collect()} == {0, 3, 4, 5, 6, 7, 8}
    assert boxes.version(TABLE) > version
    detail = spark.sql(f"DESCRIBE DETAIL {at}").collect()[0]
    assert PROPERTIES.items() <= detail["properties"].items()
    check = spark.conf.get("spark.databricks.delta.retentionDurationCheck.enabled", "true")
    assert check == "true"
    stray = folder / "part-of-a-job-that-was-killed.parquet"
    stray.write_bytes(b"PAR1")
    assert leftovers(boxes, TABLE) == [stray]


def test_a_checkpoint_that_is_not_the_newest_removes_nothing(
    boxes: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = Path(boxes.path(TABLE)) / "_delta_log" / "_last_checkpoint"
    log = sorted(pointer.parent.glob("*.json"))
    newest = Lake.version
    monkeypatch.setattr(Lake, "version", lambda self, table: newest(self, table) + 1)
    with pytest.raises(ErasureError, match="run erase again"):
        purge(boxes, TABLE)
    assert set(log) <= set(pointer.parent.glob("*.json"))
    assert json.loads(pointer.read_text())["version"] == newest(boxes, TABLE)


def test_a_table_without_old_versions_is_unchanged(lake: Lake, spark: SparkSession) -> None:
    rows = spark.range(3).coalesce(1).write.format("delta")
    for _ in range(2):
        rows.mode("overwrite").save(lake.path(TABLE))
    assert leftovers(lake, TABLE) != []
    purge(lake, TABLE)
    version = lake.version(TABLE)
    purge(lake, TABLE)
    assert lake.version(TABLE) == version
    assert leftovers(lake, TABLE) == []


def test_tables_are_found_by_their_logs(tmp_path: Path) -> None:
    for name in ("gold/a/_delta_log", "bronze/b/_delta_log", "gold/none", "x/y/z/_delta_log"):
        (tmp_path / name).mkdir(parents=True)
    assert tables_in(tmp_path) == ["bronze/b", "gold/a"]
    assert local_folder(f"file://{tmp_path}") == local_folder(str(tmp_path)) == tmp_path


def test_a_parameter_is_overwritten_in_every_run_that_has_it(tmp_path: Path) -> None:
    store = tmp_path / "mlflow.db"
    rows = [("r1", "customer_id", "c-1"), ("r2", "customer_id", "c-1"), ("r1", "lake", "c-1")]
    rows += [("r3", "customer_id", "c-12")]
    with sqlite3.connect(store) as database:
        database.execute("CREATE TABLE params (run_uuid TEXT, key TEXT, value TEXT)")
        database.executemany("INSERT INTO params VALUES (?, ?, ?)", rows)
    forget_parameter(f"sqlite:///{store}", {}, "customer_id", "c-1")
    with sqlite3.connect(store) as database:
        values = [row[0] for row in database.execute("SELECT value FROM params")]
    assert values == [ERASED_VALUE, ERASED_VALUE, "c-1", "c-12"]
    assert store.read_bytes().count(b"c-1") == 2


def test_a_store_that_keeps_the_parameter_is_refused_by_name() -> None:
    forget_parameter("http://mlflow.example", {"lake": "lake"}, "customer_id", "c-1")
    with pytest.raises(
        ErasureError, match=r"http://mlflow\.example.*nothing was changed"
    ) as exc_info:
        forget_parameter("http://mlflow.example", {"customer_id": "c-1"}, "customer_id", "c-1")
    assert "c-1" not in str(exc_info.value)
