"""The log's statistics of a file, compared with the file's rows."""

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldrun.errors import StorageError
from goldrun.io.engines.sail.statistics import null_counts, statistics


def logged_statistics(folder: Path, column: pa.Array, **how: Any) -> dict[str, Any]:
    file = folder / "part.parquet"
    pq.write_table(pa.table({"value": column, "other": pa.nulls(len(column))}), file, **how)
    found: dict[str, Any] = json.loads(statistics(pq.read_metadata(file), ["value"]))
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_statistics_have_counts_and_ranges_of_the_requested_columns(tmp_path: Path) -> None:
    found = logged_statistics(tmp_path, pa.array([3, None, 1, 2, None]), row_group_size=2)
    assert found == {
        "numRecords": 5,
        "minValues": {"value": 1},
        "maxValues": {"value": 3},
        "nullCount": {"value": 2},
    }


def test_a_column_of_nulls_has_no_range(tmp_path: Path) -> None:
    found = logged_statistics(tmp_path, pa.array([None, None], pa.int64()))
    assert (found["minValues"], found["nullCount"]) == ({}, {"value": 2})


def test_a_row_group_of_nulls_does_not_hide_the_range_of_the_others(tmp_path: Path) -> None:
    found = logged_statistics(tmp_path, pa.array([None, None, 7, 9]), row_group_size=2)
    assert (found["minValues"], found["maxValues"]) == ({"value": 7}, {"value": 9})


def test_a_column_without_statistics_is_left_out(tmp_path: Path) -> None:
    found = logged_statistics(tmp_path, pa.array([1, 2]), write_statistics=False)
    assert found == {"numRecords": 2, "minValues": {}, "maxValues": {}, "nullCount": {}}


@pytest.mark.parametrize("column", [pa.array([True, False]), pa.array([[1], [2]])])
def test_booleans_and_nested_values_have_no_range(tmp_path: Path, column: pa.Array) -> None:
    assert logged_statistics(tmp_path, column)["minValues"] == {}


def test_ranges_of_days_and_text_are_exact(tmp_path: Path) -> None:
    days = logged_statistics(tmp_path, pa.array([date(2011, 12, 9), date(2010, 1, 31)]))
    assert (days["minValues"], days["maxValues"]) == (
        {"value": "2010-01-31"},
        {"value": "2011-12-09"},
    )
    texts = logged_statistics(tmp_path, pa.array(["ä", "b"]))
    assert texts["maxValues"] == {"value": "ä"}


@settings(max_examples=60, deadline=None)
@given(times=st.lists(st.datetimes(timezones=st.just(UTC)), min_size=1))
def test_the_range_of_times_has_whole_milliseconds_and_contains_all(
    tmp_path_factory: pytest.TempPathFactory, times: list[datetime]
) -> None:
    column = pa.array(times, pa.timestamp("us", "UTC"))
    found = logged_statistics(tmp_path_factory.mktemp("times"), column)
    if max(times) > datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC):
        # No later millisecond exists.
        assert found["maxValues"] == {}
        return
    low, high = (moment(found[name]["value"]) for name in ("minValues", "maxValues"))
    assert low <= min(times) <= max(times) <= high
    assert (min(times) - low).microseconds < 1000 > (high - max(times)).microseconds
    assert {low.microsecond % 1000, high.microsecond % 1000} == {0}


@settings(max_examples=60, deadline=None)
@given(cents=st.lists(st.integers(-(10**18) + 1, 10**18 - 1), min_size=1))
def test_the_range_of_amounts_contains_all_although_json_has_doubles(
    tmp_path_factory: pytest.TempPathFactory, cents: list[int]
) -> None:
    amounts = [Decimal(each).scaleb(-2) for each in cents]
    found = logged_statistics(
        tmp_path_factory.mktemp("amounts"), pa.array(amounts, pa.decimal128(18, 2))
    )
    low, high = (Decimal(found[name]["value"]) for name in ("minValues", "maxValues"))
    assert low <= min(amounts) <= max(amounts) <= high


@pytest.mark.parametrize("days", [-719_529, 2_932_897])
def test_a_year_outside_pythons_range_has_no_range(tmp_path: Path, days: int) -> None:
    found = logged_statistics(tmp_path, pa.array([days, 0], pa.int32()).cast(pa.date32()))
    assert (found["minValues"], found["nullCount"]) == ({}, {"value": 0})


def test_values_that_are_not_finite_have_no_range(tmp_path: Path) -> None:
    assert logged_statistics(tmp_path, pa.array([1.5, math.inf]))["maxValues"] == {}


def test_nulls_are_counted_over_all_row_groups_or_reported_as_missing(
    tmp_path: Path,
) -> None:
    table = pa.table({"value": pa.array([1, None, None])})
    pq.write_table(table, tmp_path / "with", row_group_size=2)
    assert null_counts(pq.read_metadata(tmp_path / "with")) == {"value": 2}
    pq.write_table(table, tmp_path / "without", write_statistics=False)
    with pytest.raises(StorageError, match="has no null count of value"):
        null_counts(pq.read_metadata(tmp_path / "without"))
