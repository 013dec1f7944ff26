"""Spark to pandas: sorted, bounded, and identified by every cell."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from goldrun.io.frames import content_hash, slices, to_pandas

FRAME = pd.DataFrame(
    {"who": ["a", "b", "c"], "x": [1.0, 2.0, np.nan], "y": [0.0, -1.5, 3.0]},
)


def test_equal_frames_have_equal_hashes() -> None:
    assert content_hash(FRAME) == content_hash(FRAME.copy())
    assert content_hash(FRAME) == content_hash(FRAME.set_axis([7, 8, 9], axis=0))
    assert len(content_hash(FRAME)) == 64


@pytest.mark.parametrize(
    "changed",
    [
        FRAME.assign(x=[1.0, 2.0000001, np.nan]),
        FRAME.assign(x=[1.0, 2.0, 0.0]),
        FRAME.assign(who=["a", "b", "d"]),
        FRAME.iloc[::-1],
        FRAME.iloc[[0, 1]],
        pd.concat([FRAME, FRAME.iloc[[2]]]),
        FRAME.rename(columns={"x": "z"}),
        FRAME.rename(columns={"x": "y", "y": "x"}),
        FRAME[["who", "y", "x"]],
        FRAME.drop(columns="y"),
    ],
    ids=[
        "last digit",
        "value for none",
        "key",
        "order",
        "fewer",
        "more",
        "renamed",
        "names swapped",
        "columns swapped",
        "column dropped",
    ],
)
def test_every_change_changes_the_hash(changed: pd.DataFrame) -> None:
    assert content_hash(changed) != content_hash(FRAME)


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.data(),
)
def test_a_change_of_one_cell_changes_the_hash(values: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    other = data.draw(st.floats(allow_nan=False, allow_infinity=False))
    changed = [*values[:at], other, *values[at + 1 :]]
    first, second = (content_hash(pd.DataFrame({"x": v})) for v in (values, changed))
    assert (first == second) == (values == changed)


def test_equal_numbers_have_equal_hashes_including_negative_zero() -> None:
    zero, minus_zero = (pd.DataFrame({"who": ["a"], "x": [x]}) for x in (0.0, -0.0))
    assert content_hash(zero) == content_hash(minus_zero)


@pytest.fixture(scope="module")
def numbered(spark: SparkSession) -> DataFrame:
    return spark.range(1000).selectExpr(
        "cast(999 - id as string) as who",
        "cast(id as decimal(18,4)) / 4 as money",
        "if(id = 5, null, id) as n",
        "'x' as other",
    )


def test_columns_are_returned_sorted_by_key_as_numbers(numbered: DataFrame) -> None:
    frame = to_pandas(numbered, ["who"], ["money", "n"], seed=1)
    assert list(frame.columns) == ["who", "money", "n"]
    assert list(frame.who) == sorted(str(n) for n in range(1000))
    assert frame.dtypes[["money", "n"]].eq("float64").all()
    row = frame.set_index("who").loc["994"]
    assert row.money == 1.25
    assert np.isnan(row.n)


def test_a_frame_at_the_limit_is_returned_completely(
    numbered: DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(to_pandas(numbered, ["who"], ["n"], seed=1, limit=1000)) == 1000
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_a_frame_above_the_limit_is_sampled_with_a_warning(
    numbered: DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    frame = to_pandas(numbered, ["who"], ["n"], seed=1, limit=200)
    assert 120 < len(frame) < 280
    assert frame.who.is_unique
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning == "Sampling 200 of 1,000 rows (seed 1)"
    again = to_pandas(numbered, ["who"], ["n"], seed=1, limit=200)
    pd.testing.assert_frame_equal(frame, again)
    elsewhere = to_pandas(numbered.orderBy("n"), ["who"], [], texts=["n"], seed=1, limit=200)
    assert list(elsewhere.who) == list(frame.who)
    other = to_pandas(numbered, ["who"], ["n"], seed=2, limit=200)
    assert list(other.who) != list(frame.who)


def test_slices_divide_a_frame_without_sampling(numbered: DataFrame) -> None:
    parts = [numbered.where(part) for part in slices(1000, "who", limit=300)]
    found = [{row["who"] for row in part.collect()} for part in parts]
    assert sum(map(len, found)) == len(set().union(*found)) == 1000
    assert max(map(len, found)) <= 300


def test_a_frame_below_the_limit_is_one_slice(numbered: DataFrame) -> None:
    (part,) = slices(1000, "who", limit=1000)
    assert numbered.where(part).count() == 1000
