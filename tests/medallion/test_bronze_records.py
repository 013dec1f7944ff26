"""Bronze keeps every line unchanged, with a unique and stable id."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.io.engines.base import Engine
from goldrun.io.sources.csv_files import read_header
from goldrun.io.sources.files import fingerprint
from goldrun.io.sources.parts import Part
from goldrun.medallion.bronze import Batch, to_bronze

MAPPING = EntityMapping(path="shop.csv")
BATCH = Batch("b1", datetime(2024, 6, 1, 12, tzinfo=UTC))
LINES = [
    "Id,Note,Gift card",
    "1,plain,yes",
    '2,"with, comma and ""quotes""",',
    "3, margins stay ,no",
    "3,plain,yes",
    "3,plain,yes",
    "4,too few",
    "5,too,many,fields",
]


def read(
    engine: Engine, file: Path, batch: Batch = BATCH, entity: str = "transactions"
) -> DataFrame:
    raw = engine.read_csv({file: fingerprint(file)}, {file: read_header(Part(file), MAPPING)})
    return to_bronze(raw, entity=entity, source="shop", batch=batch)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("in") / "shop.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


@pytest.fixture(scope="module")
def bronze(engine: Engine, file: Path) -> DataFrame:
    return read(engine, file).persist()


def test_the_columns_equal_the_contract(bronze: DataFrame) -> None:
    assert bronze.columns == list(lineage.bronze_table("transactions").names)


def test_every_line_is_read_once_with_a_unique_id(bronze: DataFrame) -> None:
    ids = [row[lineage.RECORD_ID] for row in bronze.collect()]
    assert len(ids) == len(set(ids)) == len(LINES) - 1
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


def test_reading_again_gives_the_same_ids_in_every_batch(
    engine: Engine, file: Path, bronze: DataFrame
) -> None:
    later = read(engine, file, Batch("b2", datetime(2025, 1, 1, tzinfo=UTC)))
    first = {row[lineage.RECORD_ID]: row[lineage.RECORD] for row in bronze.collect()}
    assert {row[lineage.RECORD_ID]: row[lineage.RECORD] for row in later.collect()} == first


def test_the_same_line_of_another_file_or_entity_has_another_id(
    engine: Engine, file: Path, bronze: DataFrame, tmp_path: Path
) -> None:
    copy = tmp_path / "other.csv"
    copy.write_bytes(file.read_bytes())
    ids = {row[lineage.RECORD_ID] for row in bronze.collect()}
    for other in (read(engine, copy), read(engine, file, entity="customers")):
        assert ids.isdisjoint({row[lineage.RECORD_ID] for row in other.collect()})


@pytest.mark.of_spark
def test_ids_stay_unique_when_tasks_read_a_file_in_pieces(engine: Engine, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_text("Id,Note,Gift card\n" + "7,same,line\n" * 5000)
    before = engine.session.conf.get("spark.sql.files.maxPartitionBytes")
    engine.session.conf.set("spark.sql.files.maxPartitionBytes", "10000")
    try:
        rows = read(engine, big).persist()
        assert rows.rdd.getNumPartitions() > 1
        assert rows.count() == rows.select(lineage.RECORD_ID).distinct().count() == 5000
        assert rows.where("malformed is not null").count() == 0
    finally:
        engine.session.conf.set("spark.sql.files.maxPartitionBytes", str(before))


def test_lineage_has_the_place_of_each_record(bronze: DataFrame, file: Path) -> None:
    rows = bronze.orderBy(lineage.OFFSET).collect()
    assert [row[lineage.OFFSET] for row in rows] == list(range(len(LINES) - 1))
    assert {row[lineage.SOURCE] for row in rows} == {"shop"}
    assert {row[lineage.FILE] for row in rows} == {str(file)}
    assert {row[lineage.FINGERPRINT] for row in rows} == {fingerprint(file)}
    assert {row[lineage.BATCH_ID] for row in rows} == {"b1"}
    seconds = bronze.selectExpr("unix_seconds(ingested_at)").distinct().collect()
    assert [row[0] for row in seconds] == [BATCH.ingested_at.timestamp()]


def test_text_is_unchanged_even_in_unmapped_columns(bronze: DataFrame) -> None:
    records = [row[lineage.RECORD] for row in bronze.orderBy(lineage.OFFSET).collect()]
    assert records[0] == {"Id": "1", "Note": "plain", "Gift card": "yes"}
    assert records[1] == {"Id": "2", "Note": 'with, comma and "quotes"', "Gift card": None}
    assert records[2]["Note"] == " margins stay "


def test_a_line_that_does_not_fit_the_header_keeps_its_raw_text(bronze: DataFrame) -> None:
    malformed = [row[lineage.MALFORMED] for row in bronze.orderBy(lineage.OFFSET).collect()]
    assert malformed == [None] * 5 + ["4,too few", "5,too,many,fields"]
