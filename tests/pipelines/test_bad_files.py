"""A file that can't be read whole is refused by name, and nothing of its batch is written."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from goldrun.errors import SettingsError, SourceError
from pipelines import bronze, silver

BRONZE = "bronze/transactions"
HEADER = "Id,Who,Quantity,Price,Amount,Time,Status,Updated"
Line = Callable[..., str]
Shop = Any
"""The small shop of this folder's fixtures."""


def refusal(shop: Shop) -> str:
    """Refused, and without any trace in bronze."""
    lake = shop.ctx.lake
    before = lake.version(BRONZE)
    with pytest.raises(SourceError) as caught:
        shop.bronze()
    assert lake.version(BRONZE) == before
    return str(caught.value)


@pytest.fixture
def started(shop: Shop, line: Line) -> Shop:
    """The shop with one good file in bronze already."""
    shop.land("day1.csv", line("t1", "completed", 1))
    shop.bronze()
    return shop


def test_a_batch_with_one_cut_off_file_writes_nothing_of_any(started: Shop, line: Line) -> None:
    started.land("day2.csv", line("t2", "completed", 1))
    many = [line(f"k{n}", "completed", n % 60, who=str(n**5)) for n in range(20_000)]
    whole = gzip.compress("\n".join([HEADER, *many]).encode())
    cut = started.folder / "day3.csv.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    message = refusal(started)
    assert "day3.csv.gz" in message
    assert "cut off" in message
    cut.write_bytes(whole)
    started.bronze()
    assert started.rows(BRONZE) == 2 + len(many)


def test_a_gzip_that_is_cut_off_in_its_first_bytes_is_refused(started: Shop) -> None:
    (started.folder / "day2.csv.gz").write_bytes(gzip.compress(HEADER.encode())[:15])
    assert "day2.csv.gz" in refusal(started)


def test_a_missing_required_column_is_named_with_file_and_near_name(
    started: Shop, line: Line
) -> None:
    header = HEADER.replace("Quantity", "Quantiti")
    started.land("day2.csv", line("t2", "completed", 1), header=header)
    message = refusal(started)
    assert "day2.csv has no column 'Quantity'" in message
    assert "(did you mean 'Quantiti'?)" in message
    assert "shop.toml [transactions.columns]" in message


def test_a_file_without_a_header_is_refused(started: Shop) -> None:
    (started.folder / "day2.csv").write_text("")
    assert "day2.csv is empty" in refusal(started)


def test_a_column_that_is_named_twice_is_refused(started: Shop, line: Line) -> None:
    header = HEADER.replace("Amount", "price")
    started.land("day2.csv", line("t2", "completed", 1), header=header)
    assert "the column 'Price' twice" in refusal(started)


def test_a_file_that_was_changed_after_it_was_read_is_refused_by_name(
    started: Shop, line: Line
) -> None:
    started.land("day1.csv", line("t1", "completed", 1), line("t2", "completed", 1))
    message = refusal(started)
    assert "day1.csv has changed since it was read" in message


def test_a_file_that_was_read_adds_nothing_again_under_any_name(started: Shop, line: Line) -> None:
    version = started.ctx.lake.version(BRONZE)
    started.land("copy.csv", line("t1", "completed", 1))
    started.bronze()
    assert started.rows(BRONZE) == 1
    assert started.ctx.lake.version(BRONZE) == version


def test_two_equal_files_in_one_batch_are_read_once(shop: Shop, line: Line) -> None:
    shop.land("a.csv", line("t1", "completed", 1))
    shop.land("b.csv", line("t1", "completed", 1))
    shop.bronze()
    assert shop.rows(BRONZE) == 1


def test_a_file_of_only_a_header_adds_no_version_however_often_it_is_seen(started: Shop) -> None:
    started.land("empty.csv", header=HEADER)
    started.bronze()
    assert started.rows(BRONZE) == 1
    version = started.ctx.lake.version(BRONZE)
    started.bronze()
    assert started.ctx.lake.version(BRONZE) == version


def test_a_byte_order_mark_is_not_part_of_the_first_column(shop: Shop, line: Line) -> None:
    text = "\n".join([HEADER, line("t1", "completed", 1)])
    (shop.folder / "bom.csv").write_text(text, encoding="utf-8-sig")
    shop.bronze()
    record = shop.ctx.lake.read(BRONZE).collect()[0]["record"]
    assert record["Id"] == "t1"
    assert set(record) == set(HEADER.split(","))


def test_a_column_spelled_in_other_letters_is_refused(shop: Shop, line: Line) -> None:
    shop.land("day1.csv", line("t1", "completed", 1), header=HEADER.replace("Who", "WHO"))
    with pytest.raises(SourceError, match=r"day1.csv has no column 'Who'.*did you mean 'WHO'"):
        shop.bronze()


def test_a_file_that_spark_would_pass_over_is_refused(shop: Shop, line: Line) -> None:
    shop.land("_day1.csv", line("t1", "completed", 1))
    with pytest.raises(SourceError, match="rename the file"):
        shop.bronze()


def test_a_lake_with_another_shops_records_is_refused(started: Shop) -> None:
    other = started.ctx.source.model_copy(update={"name": "other"})
    ctx = replace(started.ctx, source=other)
    for step in (bronze.run, silver.run):
        with pytest.raises(SettingsError, match="give each source a lake of its own"):
            step(ctx)


def test_bytes_that_are_not_of_the_declared_encoding_are_not_replaced_silently(
    shop: Shop, line: Line
) -> None:
    lines = [line(f"t{n}", "completed", 1) for n in range(500)]
    text = "\n".join([HEADER, *lines, line("last", "completed", 1, who="Jos\u00e9")])
    (shop.folder / "latin.csv").write_bytes(text.encode("latin-1"))
    shop.bronze()
    shop.silver()
    (refused,) = shop.ctx.lake.read("silver/quarantine").collect()
    assert refused["reasons"] == ["record_undecodable"]
    assert shop.ctx.lake.read("silver/transactions").count() == 500
