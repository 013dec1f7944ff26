"""Records get values of earlier lines and of joined rows, as a loop over the lines gives them."""

import csv
import io
import random
from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts.entity_mapping import Join
from goldrun.contracts.row_context import FillDown
from goldrun.medallion.row_context import (
    fill_down,
    join_records,
    repeated_keys,
    without_partner,
)

SCHEMA = (
    "record map<string, string>, malformed string, file string, fingerprint string, "
    "_split bigint, _row bigint"
)
SETTINGS = FillDown(by="Name", columns=("Status", "Paid at"))
EXPORT = """\
Name,Status,Item,Paid at
#1,paid,cap,2024-01-01
#1,,shoe,
#2,refunded,hat,
#1,,sock,
#2, ,belt,2024-01-03
,,gift,
#1,pending,coat,
#2,,tie,
"""
Record = dict[str, str | None]


def rows_of(file: str, records: Sequence[Record | None]) -> list[tuple[object, ...]]:
    """Rows of a reader that has read a file in two pieces; a None is a malformed line."""
    middle = len(records) // 2
    return [
        (record or {}, None if record is not None else "?", file, "f" * 64, split, row)
        for place, record in enumerate(records)
        for split, row in [(0, place) if place < middle else (1000, place - middle)]
    ]


def frame(spark: SparkSession, rows: Sequence[tuple[object, ...]]) -> DataFrame:
    shuffled = random.Random(1).sample(list(rows), len(rows))
    return spark.createDataFrame(shuffled, SCHEMA)


def records_in(rows: DataFrame) -> dict[str, list[Record]]:
    """The records of each file, in the order of their lines."""
    found: dict[str, list[Record]] = {}
    for row in rows.orderBy("file", "_split", "_row").collect():
        found.setdefault(row["file"], []).append(dict(row["record"]))
    return found


def lines_of(text: str) -> list[Record]:
    return [
        {name: value or None for name, value in line.items()}
        for line in csv.DictReader(io.StringIO(text))
    ]


def filled(
    records: Sequence[Record | None], settings: FillDown, no_value: Sequence[str] = ("", "nan")
) -> list[Record]:
    """The records as a loop over them fills them."""
    nothing = {"", *(text.lower() for text in no_value)}
    latest: dict[str, dict[str, str]] = {}
    numbers: dict[str, int] = {}
    result: list[Record] = []
    for record in records:
        mine = dict(record or {})
        group = (mine.get(settings.by) or "").strip()
        if group.lower() not in nothing:
            seen = latest.setdefault(group, {})
            for name in settings.columns:
                value = mine[name]
                if value is not None and value.strip().lower() not in nothing:
                    seen[name] = value
                mine[name] = seen.get(name, value)
            numbers[group] = numbers.get(group, 0) + 1
            mine["_line"] = str(numbers[group])
        result.append(mine)
    return result


def test_empty_cells_get_the_value_of_the_nearest_earlier_line_of_their_group(
    spark: SparkSession,
) -> None:
    lines = lines_of(EXPORT)
    given = frame(spark, rows_of("a.csv", lines))
    found = records_in(fill_down(given, SETTINGS))["a.csv"]
    status, paid = ([line[name] for line in found] for name in ("Status", "Paid at"))
    assert status == ["paid", "paid", "refunded", "paid", "refunded", None, "pending", "refunded"]
    assert paid[4:] == ["2024-01-03", None, "2024-01-01", "2024-01-03"]
    assert [line["Item"] for line in found] == [line["Item"] for line in lines]
    assert [line.get("_line") for line in found] == ["1", "2", "1", "3", "2", None, "4", "3"]
    before = [list(line) for line in records_in(given)["a.csv"]]
    assert [[name for name in line if name != "_line"] for line in found] == before


def test_a_file_is_not_filled_from_another_and_malformed_lines_stay(spark: SparkSession) -> None:
    first = [*lines_of(EXPORT), None]
    second: list[Record | None] = [
        {"Name": "#1", "Status": None, "Item": "x", "Paid at": None},
        None,
    ]
    rows = [*rows_of("a.csv", first), *rows_of("b.csv", second)]
    result = fill_down(frame(spark, rows), SETTINGS)
    found = records_in(result)
    assert found["b.csv"] == [{**(second[0] or {}), "_line": "1"}, {}]
    assert found["a.csv"][-1] == {}
    assert result.where("malformed is not null").count() == 2


@pytest.mark.parametrize("seed", range(3))
def test_random_files_are_filled_as_by_a_loop(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    texts = ["x", "y", " z ", None, " ", "\t", None, " NaN"]
    files = {
        f"{n}.csv": [
            None
            if dice.random() < 0.1
            else {
                "Name": dice.choice(["#1", "#2", " #2", "\u00e9", None, " "]),
                "Status": dice.choice(texts),
                "Other": dice.choice(texts),
                "Paid at": dice.choice(texts),
            }
            for _ in range(40)
        ]
        for n in range(3)
    }
    rows = [row for name, lines in files.items() for row in rows_of(name, lines)]
    found = records_in(fill_down(frame(spark, rows), SETTINGS, ["nan"]))
    assert found == {name: filled(lines, SETTINGS) for name, lines in files.items()}


ITEMS: list[Record | None] = [
    {"item": "1", "order_id": "o1"},
    {"item": "2", "order_id": " o2 "},
    None,
    {"item": "3", "order_id": "o1"},
    {"item": "4", "order_id": "o9"},
    {"item": "5", "order_id": None},
    {"item": "6", "order_id": "-"},
]
ORDERS: list[Record | None] = [
    {"id": "o1", "created at": "2024", "item": "none"},
    {"id": "o2", "created at": None, "item": None},
    None,
    {"id": None, "created at": "2023", "item": None},
    {"id": "", "created at": "2022", "item": None},
    {"id": " - ", "created at": "2021", "item": None},
    {"id": "-", "created at": "2020", "item": None},
]


def test_each_record_has_the_columns_of_the_joined_row_with_its_key(spark: SparkSession) -> None:
    items, orders = (frame(spark, rows_of("x", rows)) for rows in (ITEMS, ORDERS))
    join = Join.model_validate({"path": "x", "on": {"order_id": "id"}})
    joined = join_records(items, orders, "orders", join, ["-"])
    found = records_in(joined)["x"]
    expected = []
    for item in ITEMS:
        key = ((item or {}).get("order_id") or "").strip()
        order = next((o for o in ORDERS if o and key.strip("-") and o["id"] == key), {})
        assert order is not None
        expected.append({**(item or {}), **{f"orders.{k}": v for k, v in order.items()}})
    assert found == expected
    unmatched = without_partner(joined, "orders", "id").collect()
    assert sorted(row["record"]["item"] for row in unmatched) == ["4", "5", "6"]


def test_a_key_of_several_joined_rows_is_found_with_their_numbers(spark: SparkSession) -> None:
    assert repeated_keys(frame(spark, rows_of("x", ORDERS)), "id", ["-"]).collect() == []
    again = [*ORDERS, {"id": "o1 ", "created at": None, "item": None}]
    rows = [(*row[:4], 0, n) for n, row in enumerate(rows_of("x", again))]
    (found,) = repeated_keys(frame(spark, rows), "id", ["-"]).collect()
    assert (found["times"], tuple(found["first"]), tuple(found["last"])) == (2, ("x", 1), ("x", 8))
    assert "o1" not in str(found)
