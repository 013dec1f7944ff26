"""Edges and counts from Spark, compared with numpy on values that are difficult to bin."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import types as T

from goldrun.contracts.verdict import Verdict
from goldrun.errors import SettingsError
from goldrun.features.catalog import purchase_features
from goldrun.features.catalog.feature_tables import feature_named
from goldrun.monitoring.binning import describe
from goldrun.monitoring.drift import (
    Baseline,
    Bins,
    DriftConfig,
    baseline_of,
    bin_counts,
    compare,
)

SPREAD, TIES, CONSTANT, MONEY, EMPTY = "spread", "ties", "constant", "money", "empty"
FEATURES = (SPREAD, TIES, CONSTANT, MONEY, EMPTY)
SCHEMA = T.StructType(
    [
        T.StructField(SPREAD, T.DoubleType()),
        T.StructField(TIES, T.IntegerType()),
        T.StructField(CONSTANT, T.LongType()),
        T.StructField(MONEY, T.DecimalType(28, 4)),
        T.StructField(EMPTY, T.DoubleType()),
        T.StructField("who", T.StringType()),
    ]
)


def rows_of(seed: int, n: int = 1000) -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(seed)
    spread = [None if k % 50 == 0 else math.nan if k % 77 == 0 else k / 7 for k in range(n)]
    ties = np.minimum(rng.geometric(0.4, n), 9).tolist()
    money = [Decimal(int(v)) / 10_000 for v in rng.integers(0, 10**9, n)]
    return [(spread[k], ties[k], 4, money[k], None, "x") for k in range(n)]


@pytest.fixture(scope="module")
def rows() -> list[tuple[Any, ...]]:
    return rows_of(seed=1)


@pytest.fixture(scope="module")
def frame(spark: SparkSession, rows: list[tuple[Any, ...]]) -> DataFrame:
    return spark.createDataFrame(rows, SCHEMA).repartition(3).cache()


@pytest.fixture(scope="module")
def baseline(frame: DataFrame) -> Baseline:
    return baseline_of(frame, FEATURES)


def numbers(rows: Sequence[tuple[Any, ...]], feature: str) -> npt.NDArray[np.float64]:
    values = [row[SCHEMA.names.index(feature)] for row in rows]
    present = [float(v) for v in values if v is not None]
    return np.array([v for v in present if not math.isnan(v)])


def numpys_counts(rows: Sequence[tuple[Any, ...]], bins: Bins) -> tuple[int, ...]:
    """Counts of (low, high], where side="left" puts a value on an edge into the bin below."""
    values = numbers(rows, bins.feature)
    where = np.searchsorted(bins.edges, values, side="left")
    inside = np.bincount(where, minlength=len(bins.edges) + 1)
    return (*inside.tolist(), len(rows) - len(values))


@pytest.mark.parametrize("feature", FEATURES)
def test_counts_equal_numpy(baseline: Baseline, rows: list[tuple[Any, ...]], feature: str) -> None:
    found = baseline.feature(feature)
    assert found is not None
    assert found.counts == numpys_counts(rows, found.bins)
    assert found.rows == len(rows)


@pytest.mark.parametrize("feature", [SPREAD, MONEY])
def test_edges_of_values_without_ties_equal_numpys_deciles(
    baseline: Baseline, rows: list[tuple[Any, ...]], feature: str
) -> None:
    deciles = np.quantile(numbers(rows, feature), np.arange(1, 10) / 10)
    assert baseline.bins[feature].edges == pytest.approx(deciles.tolist(), rel=1e-12)


def test_ties_give_each_repeated_decile_one_edge_and_one_below_a_heavy_minimum(
    baseline: Baseline, rows: list[tuple[Any, ...]]
) -> None:
    deciles = np.quantile(numbers(rows, TIES), np.arange(1, 10) / 10)
    distinct = np.unique(deciles).tolist()
    assert len(distinct) < 9
    assert baseline.bins[TIES].edges == (math.nextafter(1, 0), *distinct)


def test_edges_and_counts_each_run_one_query_for_all_features(
    frame: DataFrame, baseline: Baseline, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[DataFrame] = []
    collect = type(frame).collect

    def counted(df: DataFrame) -> list[Row]:
        asked.append(df)
        return collect(df)

    monkeypatch.setattr(type(frame), "collect", counted)
    describe(frame, FEATURES)
    assert len(asked) == 1
    bin_counts(frame, baseline.bins)
    assert len(asked) == 2
    assert all(len(collect(df)) == 1 for df in asked)


def test_mean_and_std_equal_numpy(baseline: Baseline, rows: list[tuple[Any, ...]]) -> None:
    for feature in (SPREAD, TIES, CONSTANT, MONEY):
        found, values = baseline.feature(feature), numbers(rows, feature)
        assert found is not None
        assert found.mean == pytest.approx(values.mean(), rel=1e-12)
        assert found.std == pytest.approx(values.std(ddof=1), rel=1e-9, abs=1e-12)


def test_a_feature_without_values_has_no_edges_and_all_rows_in_the_null_bin(
    baseline: Baseline,
) -> None:
    found = baseline.feature(EMPTY)
    assert found is not None
    assert (found.bins.edges, found.counts) == ((), (0, 1000))
    assert found.mean is found.std is None


def test_a_baseline_from_spark_is_read_back_from_json(baseline: Baseline) -> None:
    assert Baseline.from_json(baseline.to_json()) == baseline


def test_a_value_on_an_edge_belongs_to_the_bin_below_and_infinities_to_the_ends(
    spark: SparkSession,
) -> None:
    values = [-math.inf, 0.0, 1.0, 1.0000000001, 2.0, 3.0, math.inf, math.nan, None]
    schema = T.StructType([T.StructField("f", T.DoubleType())])
    frame = spark.createDataFrame([(v,) for v in values], schema)
    assert bin_counts(frame, {"f": Bins("f", (1.0, 2.0))}) == {"f": (3, 2, 2, 2)}


@pytest.mark.parametrize("moved_to", [3, 5])
def test_a_constant_that_moves_down_or_up_leaves_its_bin(
    spark: SparkSession, moved_to: int
) -> None:
    column = feature_named(purchase_features.RECENCY_DAYS)
    schema = T.StructType([T.StructField(column.name, column.type)])
    before, after = (spark.createDataFrame([(value,)] * 200, schema) for value in (4, moved_to))
    baseline = baseline_of(before, [column.name])
    counts = bin_counts(after, baseline.bins)
    report = compare(baseline, counts, [column], DriftConfig())
    assert report.verdict is Verdict.FAIL
    assert baseline.features[0].bins.edges == (math.nextafter(4, 0), 4)


def test_values_below_a_frequent_zero_have_their_own_bin(spark: SparkSession) -> None:
    schema = T.StructType([T.StructField("f", T.DoubleType())])
    frame = spark.createDataFrame([(v,) for v in [0.0] * 9 + [1.0]], schema)
    bins = {"f": describe(frame, ["f"], bins=2)["f"].bins}
    negative = spark.createDataFrame([(-1e-300,), (0.0,), (-0.0,)], schema)
    assert bin_counts(negative, bins) == {"f": (1, 2, 0, 0)}


def test_infinite_values_leave_the_edges_finite(spark: SparkSession) -> None:
    schema = T.StructType([T.StructField("f", T.DoubleType())])
    ends = [-math.inf] * 30 + [math.inf] * 30
    frame = spark.createDataFrame([(v,) for v in [*ends, *map(float, range(60))]], schema)
    found = baseline_of(frame, ["f"]).features[0]
    assert found.bins.edges == pytest.approx([5.7, 17.6, 29.5, 41.4, 53.3], abs=0.5)
    assert found.mean is found.std is None


def test_no_rows_give_no_edges_and_only_zeros(frame: DataFrame) -> None:
    nobody = baseline_of(frame.limit(0), FEATURES)
    assert [one.counts for one in nobody.features] == [(0, 0)] * len(FEATURES)


def test_counts_do_not_depend_on_partitions(frame: DataFrame, baseline: Baseline) -> None:
    again = frame.repartition(1).orderBy(MONEY)
    assert bin_counts(again, baseline.bins) == {
        one.bins.feature: one.counts for one in baseline.features
    }
    assert {n: d.bins for n, d in describe(again, FEATURES).items()} == baseline.bins


@pytest.mark.parametrize(
    ("feature", "why"),
    [("who", "not a numeric column"), ("mony", r"did you mean 'money'\?")],
)
def test_a_feature_that_is_not_a_number_is_refused_by_name(
    frame: DataFrame, feature: str, why: str
) -> None:
    with pytest.raises(SettingsError, match=why):
        baseline_of(frame, [feature])
    with pytest.raises(SettingsError, match=why):
        bin_counts(frame, {feature: Bins(feature, (1.0,))})


def test_a_single_bin_is_refused(frame: DataFrame) -> None:
    with pytest.raises(ValueError, match="2 or more"):
        describe(frame, [SPREAD], bins=1)
