"""The lake makes one commit per change, none without a change, and none against a contract."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from deltalake import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.table import Column, Table
from goldrun.errors import ContractError, MissingTableError, StorageError
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.io.delta.errors import storage_explained
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine

BOXES = Table(
    name="gold/boxes",
    grain="one box",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Identity.", required=True),
        Column("part", T.IntegerType(), "Part.", required=True),
        Column("left", T.StringType(), "What is on the left.", null_means="nothing"),
        Column("right", T.StringType(), "What is on the right.", null_means="nothing"),
    ),
)
WEIGHED = Table(
    name="gold/weighed",
    grain="one box",
    key=("id",),
    columns=(
        Column("id", T.StringType(), "Identity.", required=True),
        Column("weight", T.DoubleType(), "Weight.", null_means="not weighed", minimum=0),
        Column("kind", T.StringType(), "Kind.", null_means="none", allowed=("big", "small")),
    ),
)
NUMBERS = Table(
    name="gold/numbers",
    grain="one number",
    key=("number",),
    clustered_by=("number",),
    columns=(Column("number", T.LongType(), "It.", required=True),),
)
LOOSE = T.StructType([T.StructField(f.name, f.dataType) for f in BOXES.schema.fields])
Row = tuple[str | None, int | None, str | None, str | None]


def boxes(spark: SparkSession, *rows: Row) -> DataFrame:
    return spark.createDataFrame(list(rows), LOOSE)


def stored(lake: Lake) -> set[Any]:
    rows = lake.read(BOXES.name).collect()
    assert len(rows) == len({row["id"] for row in rows})
    return {tuple(row) for row in rows}


A, B, C = ("a", 1, "x", None), ("b", 1, None, None), ("c", 2, "y", "z")


def test_a_table_keeps_its_identity_until_it_is_recreated(
    lake: Lake, spark: SparkSession, engine: Engine
) -> None:
    assert lake.origin(BOXES.name) is None
    lake.create(BOXES)
    first = Lake(engine, lake.root).origin(BOXES.name)
    assert first is not None
    assert first.created_at is not None
    assert abs(datetime.now(UTC) - first.created_at) < timedelta(minutes=5)
    lake.replace(BOXES, boxes(spark, A, B))
    lake.replace(BOXES, boxes(spark, C))
    lake.upsert(BOXES, boxes(spark, A))
    lake.compact(BOXES)
    assert Lake(engine, lake.root).origin(BOXES.name) == first
    shutil.rmtree(lake.path(BOXES.name))
    anew = Lake(engine, lake.root)
    anew.create(BOXES)
    again = anew.origin(BOXES.name)
    assert again is not None
    assert again.id != first.id


@pytest.fixture
def filled(lake: Lake, spark: SparkSession) -> Lake:
    assert lake.replace(BOXES, boxes(spark, A, B, C))
    return lake


def test_opening_a_lake_writes_nothing(lake: Lake) -> None:
    assert not Path(lake.root).exists()
    assert not lake.exists(BOXES.name)
    assert lake.versions([BOXES.name]) == {}


def test_a_missing_table_is_named_with_the_step_that_writes_it(lake: Lake) -> None:
    for ask in (lake.read, lake.version):
        with pytest.raises(MissingTableError) as exc_info:
            ask(BOXES.name)
        assert f"{lake.root}/gold/boxes is not there" in str(exc_info.value)
        assert "run the step that writes it first" in str(exc_info.value)


def test_a_table_reads_as_empty_before_its_first_write(lake: Lake) -> None:
    assert lake.read_or_empty(BOXES).schema.simpleString() == BOXES.schema.simpleString()
    assert lake.read_or_empty(BOXES).count() == 0
    assert not lake.exists(BOXES.name)


def test_replacing_rows_by_equal_ones_in_another_order_writes_nothing(
    filled: Lake, spark: SparkSession
) -> None:
    version = filled.version(BOXES.name)
    same = boxes(spark, C, A, B).repartition(3)
    assert filled.replace(BOXES, same) is False
    assert filled.replace(BOXES, same.select("right", "part", "id", "left")) is False
    assert filled.version(BOXES.name) == version


@pytest.mark.parametrize(
    "changed",
    [
        [("a", 1, None, "x"), B, C],
        [A, B, ("c", 2, "z", "y")],
        [A, ("b", 1, "", None), C],
        [A, B, ("c", 3, "y", "z")],
        [],
    ],
    ids=["moved", "swapped", "empty text", "number", "none"],
)
def test_replacing_rows_by_different_rows_is_one_commit(
    filled: Lake, spark: SparkSession, changed: list[Row]
) -> None:
    version = filled.version(BOXES.name)
    assert filled.replace(BOXES, boxes(spark, *changed)) is True
    assert filled.version(BOXES.name) == version + 1
    assert stored(filled) == set(changed)
    assert {tuple(row) for row in filled.read(BOXES.name, version).collect()} == {A, B, C}


def test_replacing_a_part_keeps_the_other_rows(filled: Lake, spark: SparkSession) -> None:
    new: Row = ("n", 2, None, "new")
    assert filled.replace(BOXES, boxes(spark, new), where="part = 2") is True
    assert stored(filled) == {A, B, new}
    version = filled.version(BOXES.name)
    assert filled.replace(BOXES, boxes(spark, new), where="part = 2") is False
    assert filled.version(BOXES.name) == version


def numbers(spark: SparkSession, *ends: int) -> DataFrame:
    return spark.range(*ends).toDF("number")


def test_ordered_parts_are_written_in_one_commit(lake: Lake, spark: SparkSession) -> None:
    lake.create(NUMBERS)
    before = lake.version(NUMBERS.name)
    parts = [numbers(spark, *ends) for ends in ((0, 30), (30, 30), (30, 100))]
    assert lake.replace(NUMBERS, parts) is True
    assert lake.version(NUMBERS.name) == before + 1
    assert sorted(row[0] for row in lake.read(NUMBERS.name).collect()) == list(range(100))
    assert lake.replace(NUMBERS, numbers(spark, 100)) is False


def test_a_key_in_two_parts_is_refused(lake: Lake, spark: SparkSession) -> None:
    for second in ((29, 40), (0, 10), (5, 6)):
        with pytest.raises(ContractError, match="has 2 rows"):
            lake.replace(NUMBERS, [numbers(spark, 30), numbers(spark, *second)])
    assert not lake.exists(NUMBERS.name)
    # Parts with overlapping ranges have no common key for that reason alone.
    even, odd = numbers(spark, 0, 100, 2), numbers(spark, 1, 100, 2)
    assert lake.replace(NUMBERS, [even, odd]) is True
    assert sorted(row[0] for row in lake.read(NUMBERS.name).collect()) == list(range(100))


def test_a_note_is_stored_with_its_commit(lake: Lake, spark: SparkSession) -> None:
    lake.replace(BOXES, boxes(spark, A), note={"observed_until": "2011-12-09", "rows": 1})
    (newest,) = DeltaTable(lake.path(BOXES.name)).history(1)
    note = json.loads(newest["userMetadata"])
    assert note == {"observed_until": "2011-12-09", "rows": 1, "writer": "goldrun"}


def test_no_method_writes_rows_that_break_the_contract(filled: Lake, spark: SparkSession) -> None:
    version = filled.version(BOXES.name)
    null_part = boxes(spark, ("d", None, None, None))
    twice = boxes(spark, ("d", 1, None, None), ("d", 2, None, None))
    for write in (filled.replace, filled.upsert):
        with pytest.raises(ContractError, match="part is null in 1 rows"):
            write(BOXES, null_part)
        with pytest.raises(ContractError, match="id=d has 2 rows"):
            write(BOXES, twice)
    for append in (filled.append, filled.append_unless_empty):
        with pytest.raises(ContractError, match=r"gold/boxes was not written.*part"):
            append(BOXES, null_part)
        with pytest.raises(ContractError, match="no column left"):
            append(BOXES, boxes(spark, A).drop("left"))
    assert filled.version(BOXES.name) == version
    assert stored(filled) == {A, B, C}


def test_upsert_inserts_new_keys_and_updates_known_ones(filled: Lake, spark: SparkSession) -> None:
    version = filled.version(BOXES.name)
    changed: Row = ("a", 9, None, "changed")
    new: Row = ("d", 1, None, None)
    filled.upsert(BOXES, boxes(spark, changed, new))
    assert stored(filled) == {changed, B, C, new}
    assert filled.version(BOXES.name) == version + 1


def test_a_write_without_rows_makes_no_commit(filled: Lake, spark: SparkSession) -> None:
    version = filled.version(BOXES.name)
    filled.upsert(BOXES, boxes(spark))
    filled.append_unless_empty(BOXES, boxes(spark))
    assert filled.version(BOXES.name) == version


def test_the_first_version_of_a_table_is_zero(lake: Lake, spark: SparkSession) -> None:
    lake.append_unless_empty(BOXES, boxes(spark))
    assert lake.versions([BOXES.name, "gold/others"]) == {BOXES.name: 0}


def test_the_path_of_a_relative_lake_becomes_absolute(engine: Engine) -> None:
    assert Path(Lake(engine, "some-lake").root).is_absolute()
    assert Lake(engine, "s3a://bucket/lake").path("gold/x") == "s3a://bucket/lake/gold/x"


def test_rows_are_deleted_by_columns_and_no_match_makes_no_commit(
    filled: Lake, spark: SparkSession
) -> None:
    version = filled.version(BOXES.name)
    nobody = spark.createDataFrame([("z",)], "id string")
    assert filled.delete_rows(BOXES.name, nobody) is False
    assert filled.version(BOXES.name) == version
    twice = spark.createDataFrame([("a", 1), ("a", 1), ("c", 1)], "id string, part int")
    assert filled.delete_rows(BOXES.name, twice) is True
    assert stored(filled) == {B, C}


def test_the_log_has_no_statistics_of_personal_values_or_raw_text(
    lake: Lake, spark: SparkSession
) -> None:
    table = Table(
        name="silver/people",
        grain="one person",
        key=("customer_id",),
        clustered_by=("customer_id",),
        columns=(
            Column("name", T.StringType(), "Name.", null_means="unknown", personal=True),
            Column("malformed", T.StringType(), "Raw line.", null_means="none"),
            Column("left", T.ArrayType(T.StringType()), "Nested.", null_means="none"),
            Column("customer_id", T.StringType(), "Who.", required=True),
            Column("since", T.TimestampType(), "Since when.", null_means="unknown"),
        ),
    )
    row = ("Ada Lovelace", "a line", ["nested"], "c1", None)
    lake.append_unless_empty(table, spark.createDataFrame([row], table.schema))
    lake.compact(table)
    log = "".join(
        f.read_text() for f in sorted(Path(lake.path(table.name)).glob("_delta_log/*.json"))
    )
    ranges = [json.loads(line)["add"]["stats"] for line in log.splitlines() if '"add"' in line[:7]]
    assert ranges
    for statistics in map(json.loads, ranges):
        assert statistics["minValues"] == {"customer_id": "c1"}
        assert set(statistics["nullCount"]) == {"customer_id", "since"}
    assert "Ada" not in log


@pytest.mark.of_spark
def test_a_table_is_clustered_as_its_contract_declares(lake: Lake, spark: SparkSession) -> None:
    lake.create(CUSTOMER_DAILY)
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{lake.path(CUSTOMER_DAILY.name)}`").collect()[0]
    assert tuple(detail["clusteringColumns"]) == CUSTOMER_DAILY.clustered_by


def test_a_replaced_part_holds_exactly_the_new_rows_and_the_rest_stays(
    filled: Lake, spark: SparkSession
) -> None:
    moved, made = ("a", 1, "moved", None), ("d", 1, None, "new")
    before = filled.version(BOXES.name)
    part = filled.read(BOXES.name).where("part = 1")
    assert filled.replace_rows(BOXES, boxes(spark, moved, made), part)
    assert stored(filled) == {moved, made, C}
    assert filled.version(BOXES.name) == before + 1
    part = filled.read(BOXES.name).where("part = 1")
    assert not filled.replace_rows(BOXES, boxes(spark, made, moved), part)
    assert filled.version(BOXES.name) == before + 1


def test_a_null_is_a_change_and_an_empty_part_is_a_deletion(
    filled: Lake, spark: SparkSession
) -> None:
    emptied = ("a", 1, None, None)
    part = filled.read(BOXES.name).where("part = 1")
    assert filled.replace_rows(BOXES, boxes(spark, emptied), part)
    assert stored(filled) == {emptied, C}
    assert filled.replace_rows(BOXES, boxes(spark).limit(0), filled.read(BOXES.name))
    assert stored(filled) == set()


def test_a_row_with_nulls_in_checked_columns_is_no_change_of_itself(
    lake: Lake, spark: SparkSession
) -> None:
    types = "id string, weight double, kind string"
    rows = spark.createDataFrame([("a", None, "big"), ("b", 1.0, None), ("c", None, None)], types)
    lake.replace(WEIGHED, rows)
    assert lake.replace_rows(WEIGHED, rows, lake.read(WEIGHED.name)) is None


def test_a_violation_beside_a_null_is_refused(lake: Lake, spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a", -1.0, None)], "id string, weight double, kind string")
    lake.create(WEIGHED)
    with pytest.raises(ContractError, match="weight is below 0 in 1 rows"):
        lake.replace_rows(WEIGHED, rows, lake.read(WEIGHED.name))
    with pytest.raises(ContractError, match="weight is below 0 in 1 rows"):
        lake.replace(WEIGHED, rows)


def ranges(lake: Lake, table: Table, column: str) -> list[tuple[int, int]]:
    """Return the log's smallest and largest value of a column in each file, sorted."""
    added = DeltaTable(lake.path(table.name)).get_add_actions(flatten=True)
    ends = added[f"min.{column}"].to_pylist(), added[f"max.{column}"].to_pylist()
    return sorted(zip(*ends, strict=True))


@pytest.mark.parametrize("how", ["replace", "replace a part", "append"])
def test_written_files_have_separate_ranges(
    lake: Lake, spark: SparkSession, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "append" and lake.engine.capabilities.clustering:
        pytest.skip("OPTIMIZE clusters appended rows")
    for folder in ("spark", "sail"):
        monkeypatch.setattr(f"goldrun.io.engines.{folder}.staged_write._ROWS_A_FILE", 10)
    shuffled = spark.range(40).select((F.col("id") * 7 % 40).alias("number")).repartition(4)
    if how == "append":
        lake.append(NUMBERS, shuffled)
    else:
        lake.replace(NUMBERS, shuffled, where="number < 40" if "part" in how else None)
    found = ranges(lake, NUMBERS, "number")
    assert len(found) == 4
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert lake.read(NUMBERS.name).count() == 40


@pytest.mark.parametrize("where", ["number > 0", "nullif(number, 0) > -1"])
def test_a_part_with_rows_outside_its_condition_is_refused(
    lake: Lake, spark: SparkSession, where: str
) -> None:
    with pytest.raises((PySparkException, StorageError)):
        lake.replace(NUMBERS, spark.range(3).toDF("number"), where=where)
    assert not lake.exists(NUMBERS.name) or lake.read(NUMBERS.name).count() == 0


def test_a_lake_works_in_a_folder_of_any_name(
    spark: SparkSession, engine: Engine, tmp_path: Path
) -> None:
    lake = Lake(engine, str(tmp_path / "my läke`s 100%"))
    lake.append(BOXES, boxes(spark, A, B))
    lake.upsert(BOXES, boxes(spark, ("a", 1, "new", None), C))
    assert stored(lake) == {("a", 1, "new", None), B, C}
    assert Lake(engine, lake.root).version(BOXES.name) == lake.version(BOXES.name)


def test_a_missing_data_file_is_an_error_and_never_fewer_rows(
    filled: Lake, spark: SparkSession
) -> None:
    (uri, *_) = DeltaTable(filled.path(BOXES.name)).file_uris()
    Path(unquote(urlparse(uri).path)).unlink()
    with pytest.raises(StorageError, match="missing or damaged"), storage_explained(filled.root):
        filled.read(BOXES.name).collect()


LISTS = Table(
    name="silver/lists",
    grain="one list",
    key=("name",),
    columns=(
        Column("name", T.StringType(), "Its name.", required=True),
        Column("values", T.ArrayType(T.StringType()), "Nested.", null_means="none"),
    ),
)


def test_a_damaged_data_file_with_nested_columns_is_named(lake: Lake, spark: SparkSession) -> None:
    lake.append(LISTS, spark.createDataFrame([("a", ["x"])], LISTS.schema))
    (uri, *_) = DeltaTable(lake.path(LISTS.name)).file_uris()
    Path(unquote(urlparse(uri).path)).write_bytes(b"rubbish")
    with (
        pytest.raises(StorageError, match=r"missing or damaged.*restore the file"),
        storage_explained(lake.root),
    ):
        lake.read(LISTS.name).collect()


def test_the_log_of_a_merge_names_no_customer(lake: Lake, spark: SparkSession) -> None:
    people = Table(
        name="silver/people",
        grain="one person",
        key=("customer_id",),
        columns=(
            Column("customer_id", T.StringType(), "Who.", required=True, is_customer_id=True),
            Column("place", T.StringType(), "Where.", null_means="unknown"),
        ),
    )
    for place in ("here", "there"):
        rows = spark.createDataFrame([("ada", place), ("bob", place)], people.schema)
        lake.upsert(people, rows)
    log = sorted(Path(lake.path(people.name)).glob("_delta_log/*.json"))[-1].read_text()
    (commit,) = [line for line in log.splitlines() if '"commitInfo"' in line]
    assert "MERGE" in commit
    # The name of the field contains one.
    commit = commit.replace("userMetadata", "")
    assert "ada" not in commit
    assert "bob" not in commit


def test_a_table_of_another_schema_is_refused_by_name(lake: Lake, spark: SparkSession) -> None:
    other = Table(
        name=CUSTOMER_DAILY.name,
        grain="something else",
        key=("customer_id",),
        columns=(
            Column("customer_id", T.StringType(), "Who.", required=True),
            Column("day", T.StringType(), "Not a date.", required=True),
        ),
    )
    lake.append(other, spark.createDataFrame([("c1", "monday")], other.schema))
    contracts = {CUSTOMER_DAILY.name: CUSTOMER_DAILY}
    checked = Lake(lake.engine, lake.root, contracts)
    with pytest.raises(
        StorageError, match="is not the table that goldrun writes there"
    ) as exc_info:
        checked.read(CUSTOMER_DAILY.name)
    assert "day is string, not date" in str(exc_info.value)
    assert "move it away and run the step that writes it" in str(exc_info.value)
