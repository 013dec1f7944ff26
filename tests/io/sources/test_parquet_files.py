"""Every value of a Parquet file becomes its exact text."""

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from goldrun.errors import SourceError
from tests.io.sources.records import read

MOMENT = datetime.fromisoformat("2024-05-01T10:17:33.120000")
COLUMNS: dict[str, tuple[pa.DataType, list[Any], list[str | None]]] = {
    "text": (pa.string(), ["a\nb", "", None, "é"], ["a\nb", "", None, "é"]),
    "large": (pa.large_string(), ["x", None], ["x", None]),
    "whole": (pa.int64(), [-(2**63), 2**63 - 1, None], [str(-(2**63)), str(2**63 - 1), None]),
    "small": (pa.uint8(), [0, 255], ["0", "255"]),
    "decimal": (
        pa.decimal128(38, 4),
        [Decimal("1.1000"), Decimal("-0.0100"), None],
        ["1.1000", "-0.0100", None],
    ),
    "double": (
        pa.float64(),
        [0.1, 118.22999999999999, 17850.0, 1e22, float("nan"), float("inf"), -float("inf"), None],
        ["0.1", "118.22999999999999", "17850", "1e+22", "NaN", "Infinity", "-Infinity", None],
    ),
    "float": (pa.float32(), [0.1, 2.0], ["0.1", "2"]),
    "yes": (pa.bool_(), [True, False, None], ["true", "false", None]),
    "day": (
        pa.date32(),
        [date(2024, 5, 1), date(1, 1, 1), None],
        ["2024-05-01", "0001-01-01", None],
    ),
    "local": (
        pa.timestamp("us"),
        [MOMENT, datetime.fromisoformat("2024-05-01"), None],
        ["2024-05-01T10:17:33.120000", "2024-05-01T00:00:00", None],
    ),
    "instant": (
        pa.timestamp("ms", "Europe/Berlin"),
        [datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))), None],
        ["2024-05-01T10:00:00Z", None],
    ),
    "clock": (
        pa.time64("us"),
        [time(10, 17, 33), time(1, 2, 3, 4)],
        ["10:17:33", "01:02:03.000004"],
    ),
    "bytes": (pa.binary(), [b"abc", b"\xff\xc3\xa9", None], ["abc", "\ufffdé", None]),
    "words": (pa.dictionary(pa.int8(), pa.string()), ["a", "b", None], ["a", "b", None]),
    "nothing": (pa.null(), [None, None], [None, None]),
    "id": (
        pa.uuid(),
        [uuid.UUID("12345678-1234-5678-1234-567812345678").bytes, None],
        ["12345678-1234-5678-1234-567812345678", None],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_becomes_its_exact_text(tmp_path: Path, name: str) -> None:
    kind, values, texts = COLUMNS[name]
    file = tmp_path / "x.PARQUET"
    pq.write_table(pa.table({name: pa.array(values, kind)}), file)
    assert read(file, format="parquet") == [{name: text} for text in texts]


def test_nested_values_are_json(tmp_path: Path) -> None:
    lines = [
        {"sku": "a", "price": Decimal("1.10"), "at": MOMENT.replace(tzinfo=UTC), "n": [1, None]},
        None,
    ]
    price, at = pa.decimal128(9, 2), pa.timestamp("us", "UTC")
    fields = [("sku", pa.string()), ("price", price), ("at", at), ("n", pa.list_(pa.int32()))]
    kind = pa.list_(pa.struct(fields))
    labels = pa.map_(pa.string(), pa.float64())
    table = pa.table(
        {
            "lines": pa.array([lines, [], None], kind),
            "labels": pa.array([[("x", 0.5), ("y", None)], [], None], labels),
        }
    )
    file = tmp_path / "x.parquet"
    pq.write_table(table, file)
    found = read(file, format="parquet")
    assert found[1:] == [{"lines": "[]", "labels": "{}"}, {"lines": None, "labels": None}]
    first = found[0]
    assert isinstance(first, dict)
    assert first["labels"] == '{"x":0.5,"y":null}'
    at = "2024-05-01T10:17:33.120000Z"
    assert first["lines"] == f'[{{"sku":"a","price":1.10,"at":"{at}","n":[1,null]}},null]'
    assert json.loads(first["lines"])[0]["sku"] == "a"


def test_records_keep_their_order_over_row_groups(tmp_path: Path) -> None:
    file = tmp_path / "x.pq"
    table = pa.table({"id": list(range(5000)), "b": ["x"] * 5000})
    pq.write_table(table, file, row_group_size=700)
    assert read(file, format="parquet") == [{"id": str(n), "b": "x"} for n in range(5000)]


@pytest.mark.parametrize("cut", [0, 4, -1, -200])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": list(range(5000))}), file)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(SourceError, match=r"x\.parquet can't be read to its end: it is damaged"):
        read(file, format="parquet")


def test_a_column_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, file)
    with pytest.raises(SourceError, match="names the column 'a' twice"):
        read(file, format="parquet")
