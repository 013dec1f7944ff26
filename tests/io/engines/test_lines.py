"""Lines keep their place for any number of files with any names."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from goldrun.contracts import lineage
from goldrun.io.engines.spark.lines import read_lines
from goldrun.io.engines.spark.text import one_file_per_task
from goldrun.io.sources.files import find_files
from goldrun.io.sources.records import LINE

pytestmark = pytest.mark.of_spark

NAMES = (
    "a b.csv",
    "a%20b.csv",
    "a+b.csv",
    "ü😀.csv",
    "u\u0308.csv",
    "a#b.csv",
    "a&b=c;d,e.csv",
    "a'b\"c.csv",
    "~a.csv",
    "a@b|c.csv",
    "a<b>.csv",
    "a^b`c.csv",
    "-a.csv",
    "a%.csv",
    "a$b!.csv",
)


def test_each_line_has_its_own_files_name_and_its_number_there(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = tmp_path / "ü %41+#"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_text("first\n \n" + "next\n" * number)
    files = {file: f"print of {file.name}" for file in find_files(str(folder), "csv")}
    with one_file_per_task(spark):
        rows = read_lines(spark, files, "UTF-8", " ").coalesce(2).collect()
    found = {
        (
            row[lineage.FILE],
            row[lineage.FINGERPRINT],
            row[lineage.SPLIT],
            row[lineage.ROW],
            row[LINE],
        )
        for row in rows
    }
    assert len(rows) == len(found)
    assert found == {
        (str(folder / name), f"print of {name}", 0, row, "next" if row else "first")
        for number, name in enumerate(NAMES)
        for row in range(number + 1)
    }


def test_the_spark_setting_is_restored_after_reading(spark: SparkSession) -> None:
    name = "spark.sql.files.openCostInBytes"
    before = spark.conf.get(name)
    with one_file_per_task(spark):
        assert spark.conf.get(name) == spark.conf.get("spark.sql.files.maxPartitionBytes")
    assert spark.conf.get(name) == before


def test_a_file_is_read_by_one_task_where_rows_are_numbered(
    spark: SparkSession, tmp_path: Path
) -> None:
    file, size = tmp_path / "long.csv", "spark.sql.files.maxPartitionBytes"
    file.write_text("".join(f"{number:015}\n" for number in range(512)))
    before = spark.conf.get(size)
    spark.conf.set(size, "1024")
    try:
        places = {}
        for whole in (True, False):
            with one_file_per_task(spark, whole=whole):
                rows = read_lines(spark, {file: ""}, "UTF-8", " ").collect()
            places[whole] = {(row[lineage.SPLIT], row[lineage.ROW], int(row[LINE])) for row in rows}
        assert spark.conf.get(size) == "1024"
    finally:
        spark.conf.set(size, str(before))
    assert places[True] == {(0, number, number) for number in range(512)}
    assert len({split for split, _, _ in places[False]}) == 8


def test_bytes_are_decoded_with_the_encoding(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe\xff\r\n\xa0\xc3\0\x85,\n")

    def texts(encoding: str) -> list[str]:
        return [row[LINE] for row in read_lines(spark, {file: ""}, encoding, " ").collect()]

    assert texts("UTF-8") == ["Größe\ufffd", "\ufffd\ufffd\0\ufffd,"]
    assert texts("ISO-8859-1") == ["GrÃ¶Ã\x9feÿ", "\xa0Ã\0\x85,"]
