"""A file that cannot be read completely is refused by name, and its batch writes nothing."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError, SourceError
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver

BRONZE = "bronze/transactions"
HEADER = "Id,Who,Quantity,Price,Amount,Time,Status,Updated"
Line = Callable[..., str]
Shop = Any
"""The small shop of this folder's fixtures."""


def refusal(shop: Shop) -> str:
    """Return the error of a refused batch, which leaves bronze unchanged."""
    lake = shop.ctx.lake
    before = lake.version(BRONZE)
    with pytest.raises(SourceError) as exc_info:
        shop.bronze()
    assert lake.version(BRONZE) == before
    return str(exc_info.value)


@pytest.fixture
def started(shop: Shop, line: Line) -> Shop:
    """The shop with one valid file in bronze."""
    shop.add_file("day1.csv", line("t1", "completed", 1))
    shop.bronze()
    return shop


def test_a_batch_with_one_truncated_file_writes_nothing(started: Shop, line: Line) -> None:
    started.add_file("day2.csv", line("t2", "completed", 1))
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


def test_a_gzip_file_truncated_in_its_header_is_refused(started: Shop) -> None:
    (started.folder / "day2.csv.gz").write_bytes(gzip.compress(HEADER.encode())[:15])
    assert "day2.csv.gz" in refusal(started)


def test_a_missing_required_column_is_named_with_file_and_suggestion(
    started: Shop, line: Line
) -> None:
    header = HEADER.replace("Quantity", "Quantiti")
    started.add_file("day2.csv", line("t2", "completed", 1), header=header)
    message = refusal(started)
    assert "day2.csv has no column 'Quantity'" in message
    assert "(did you mean 'Quantiti'?)" in message
    assert "shop.toml [transactions.columns]" in message


def test_a_file_without_a_header_is_refused(started: Shop) -> None:
    (started.folder / "day2.csv").write_text("")
    assert "day2.csv is empty" in refusal(started)


def test_a_repeated_column_name_is_refused(started: Shop, line: Line) -> None:
    header = HEADER.replace("Amount", "Price")
    started.add_file("day2.csv", line("t2", "completed", 1), header=header)
    assert "the column 'Price' twice" in refusal(started)


def test_a_file_that_changes_into_a_copy_of_another_is_read_as_newer(
    started: Shop, line: Line
) -> None:
    started.add_file("day2.csv", line("t2", "completed", 1))
    started.bronze()
    started.add_file("day1.csv", line("t2", "completed", 1))
    changed = started.later()
    changed.bronze()
    changed.silver()
    rows = changed.ctx.lake.read(BRONZE).collect()
    found = sorted((Path(row["file"]).name, row["record"]["Id"]) for row in rows)
    assert found == [("day1.csv", "t1"), ("day1.csv", "t2"), ("day2.csv", "t2")]
    assert changed.rows("silver/duplicates") == 1


def test_a_file_that_was_read_before_adds_nothing_under_any_name(started: Shop, line: Line) -> None:
    version = started.ctx.lake.version(BRONZE)
    started.add_file("copy.csv", line("t1", "completed", 1))
    started.bronze()
    assert started.rows(BRONZE) == 1
    assert started.ctx.lake.version(BRONZE) == version


def test_two_equal_files_in_one_batch_are_read_once(shop: Shop, line: Line) -> None:
    shop.add_file("a.csv", line("t1", "completed", 1))
    shop.add_file("b.csv", line("t1", "completed", 1))
    shop.bronze()
    assert shop.rows(BRONZE) == 1


def test_a_file_with_only_a_header_adds_no_version(started: Shop) -> None:
    started.add_file("empty.csv", header=HEADER)
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


def test_a_column_name_in_a_different_case_is_refused(shop: Shop, line: Line) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1), header=HEADER.replace("Who", "WHO"))
    with pytest.raises(SourceError, match=r"day1.csv has no column 'Who'.*did you mean 'WHO'"):
        shop.bronze()


def test_a_file_that_spark_would_skip_is_refused(shop: Shop, line: Line) -> None:
    shop.add_file("_day1.csv", line("t1", "completed", 1))
    with pytest.raises(SourceError, match="rename the file"):
        shop.bronze()


def test_a_lake_with_another_shops_records_is_refused(started: Shop) -> None:
    other = started.ctx.source.model_copy(update={"name": "other"})
    ctx = replace(started.ctx, source=other)
    for step in (bronze.run, silver.run):
        with pytest.raises(SettingsError, match="give each source a lake of its own"):
            step(ctx)


def test_bytes_outside_the_declared_encoding_are_not_replaced_silently(
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


@pytest.fixture
def with_customers(shop: Shop) -> Shop:
    """The shop with customers in JSON files."""
    source: Source = shop.ctx.source
    customers = EntityMapping(
        path=f"{shop.folder}/*.json*",
        format="json",
        columns={"customer_id": "id", "name": "full_name", "location": "town"},
    )
    entities = {"customers": customers, **source.entities}
    shop.ctx = replace(shop.ctx, source=source.model_copy(update={"entities": entities}))
    return shop


def add_json(shop: Shop, name: str, *records: dict[str, Any]) -> Path:
    file: Path = shop.folder / name
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def test_a_first_batch_with_a_truncated_file_creates_no_table(shop: Shop, line: Line) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1))
    whole = gzip.compress("\n".join([HEADER, line("t2", "completed", 1)]).encode())
    (shop.folder / "day2.csv.gz").write_bytes(whole[:-4])
    with pytest.raises(SourceError, match=r"day2.csv.gz can't be read to its end: it is cut off"):
        shop.bronze()
    assert not shop.ctx.lake.exists(BRONZE)


def test_an_unreadable_file_of_one_entity_stops_all_entities(
    with_customers: Shop, line: Line
) -> None:
    add_json(with_customers, "people.json", {"id": "c1"})
    with_customers.add_file("day1.csv", line("t1", "completed", 1), header="Id,Other")
    with pytest.raises(SourceError, match=r"day1.csv has no column"):
        with_customers.bronze()
    assert not with_customers.ctx.lake.exists("bronze/customers")


def test_json_requires_the_keys_of_required_columns_only(with_customers: Shop, line: Line) -> None:
    with_customers.add_file("day1.csv", line("t1", "completed", 1, who="c2"))
    wrong = add_json(with_customers, "people.json", {"Id": "c1", "full_name": "Ada"})
    with pytest.raises(SourceError) as exc_info:
        with_customers.bronze()
    assert "people.json has no column 'id', which shop.toml [customers.columns] reads" in str(
        exc_info.value
    )
    assert "(did you mean 'Id'?); read one that it has: Id, full_name" in str(exc_info.value)
    wrong.unlink()
    add_json(with_customers, "people.jsonl", {"no": 1}, {"id": "c1", "town": "York"}, {"id": "c2"})
    packed = with_customers.folder / "more.json.gz"
    packed.write_bytes(gzip.compress(b'{"id":"c3","full_name":"Ada"}\n{"id":"c4"'))
    # No line is valid, so no key is known to be missing.
    (with_customers.folder / "cut.json").write_text('{"id":"c5"\n')
    with_customers.bronze()
    with_customers.silver()
    people = with_customers.ctx.lake.read("silver/customers").collect()
    assert {(row["customer_id"], row["name"], row["location"]) for row in people} == {
        ("c1", None, "York"),
        ("c2", None, None),
        ("c3", "Ada", None),
    }
    refused = with_customers.ctx.lake.read("silver/quarantine").collect()
    assert sorted(row["reasons"] for row in refused) == [
        ["customer_id_missing"],
        ["record_malformed"],
        ["record_malformed"],
    ]
    assert with_customers.rows("silver/transactions") == 1


def test_new_files_of_a_folder_are_added_in_one_commit(shop: Shop, line: Line) -> None:
    shop.add_file("day0.csv", line("t0", "completed", 1))
    shop.bronze()
    before = shop.ctx.lake.version(BRONZE)
    for day in range(1, 9):
        shop.add_file(f"day{day}.csv", *[line(f"t{day}-{n}", "completed", 1) for n in range(day)])
    shop.bronze()
    assert shop.ctx.lake.version(BRONZE) == before + 1
    rows = shop.ctx.lake.read(BRONZE).where("file not like '%day0.csv'").collect()
    found = {(Path(row["file"]).stem, row["offset"], row["record"]["Id"]) for row in rows}
    assert found == {(f"day{day}", n, f"t{day}-{n}") for day in range(1, 9) for n in range(day)}
    assert len({row["record_id"] for row in rows}) == len(rows) == 36
