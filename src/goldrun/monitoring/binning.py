"""Compute bins of numeric features and the rows in each: the input of all drift measures.

All functions use Spark aggregates; only a few numbers a feature are collected.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import ClassVar

from pydantic import ConfigDict
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.errors import SettingsError, did_you_mean

STORED = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""Strict parsing of stored JSON: no missing, unknown or converted fields."""


@dataclass(frozen=True)
class Bins:
    """Bins of the values of one feature.

    ``n`` edges make ``n + 2`` bins, always in this order: ``(-inf, e1]``, ``(e1, e2]``, ...,
    ``(en, inf)``, and last the bin of rows with null or NaN. A value that equals an edge is in the
    bin below the edge.

    Attributes:
        feature: Column that is binned.
        edges: Inner edges in the feature's unit, finite and strictly increasing; empty for a
            feature without any value.

    Raises:
        ValueError: The edges are not finite or not strictly increasing.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    feature: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        finite = all(math.isfinite(edge) for edge in self.edges)
        if not finite or any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError(f"{self.feature}: the edges {self.edges} don't increase strictly")

    @property
    def size(self) -> int:
        """Number of bins, including the one of null and NaN."""
        return len(self.edges) + 2


@dataclass(frozen=True)
class Description:
    """Bins and moments of one feature.

    Attributes:
        bins: Bins with about equal numbers of rows.
        mean: Arithmetic mean in the feature's unit; None without numbers or with an infinite one.
        std: Sample standard deviation in the same unit; None as ``mean``, and for one number.
    """

    bins: Bins
    mean: float | None
    std: float | None


def bin_counts(df: DataFrame, bins: Mapping[str, Bins]) -> dict[str, tuple[int, ...]]:
    """Count the rows in each bin of each feature, in one aggregate.

    Args:
        df: Rows to count.
        bins: Bins by feature, each a numeric column of ``df``.

    Returns:
        Counts by feature in the order of ``Bins``; they add up to the number of rows.

    Raises:
        SettingsError: A feature is not a numeric column of ``df``.
    """
    _check_numeric(df, list(bins))
    aggregates = [F.count(F.lit(1))]
    for feature, one in bins.items():
        aggregates += _cumulative_counts(feature, one)
    rows, *values = _collect(df, aggregates)
    remaining = iter(values)
    counts: dict[str, tuple[int, ...]] = {}
    for feature, one in bins.items():
        cumulative = [0, *islice(remaining, len(one.edges) + 1), rows]
        counts[feature] = tuple(high - low for low, high in pairwise(cumulative))
    return counts


def _cumulative_counts(feature: str, bins: Bins) -> list[Column]:
    """Return the numbers of values up to each edge, and of all values.

    Differences of neighbours are the counts of bins, with one comparison an edge.
    """
    value = _number(feature)
    return [*(F.count_if(value <= F.lit(edge)) for edge in bins.edges), F.count(value)]


def describe(df: DataFrame, features: Sequence[str], bins: int = 10) -> dict[str, Description]:
    """Compute bins, mean and standard deviation of each feature, in one aggregate.

    The edges are the distinct exact quantiles 1/bins, 2/bins, ... of the numbers (linear
    interpolation, as numpy's default), so a feature with many ties has fewer bins. If the first
    bin holds the smallest value only, another edge is added just below that value, so that
    smaller values have a bin of their own, as larger values always do. ``mean`` and ``std`` are
    sums of doubles, so their last digits may depend on the partitioning.

    Args:
        df: Rows. ``percentile`` keeps the distinct values of a feature in memory, which is
            acceptable for training rows.
        features: Numeric columns of ``df``; decimals are cast to double.
        bins: Largest number of bins, 2 or more.

    Raises:
        SettingsError: A feature is not a numeric column of ``df``.
        ValueError: ``bins`` is less than 2.
    """
    if bins < 2:
        raise ValueError(f"{bins} bins can't show a shift; use 2 or more")
    _check_numeric(df, features)
    shares = [k / bins for k in range(bins)]
    aggregates: list[Column] = []
    for number in map(_number, features):
        aggregates += [F.percentile(number, shares), F.avg(number), F.stddev_samp(number)]
    found = _collect(df, aggregates)
    by_feature = zip(features, found[0::3], found[1::3], found[2::3], strict=True)
    return {
        name: Description(Bins(name, _edges(quantiles or [])), _finite(mean), _finite(std))
        for name, quantiles, mean, std in by_feature
    }


def _edges(quantiles: list[float]) -> tuple[float, ...]:
    edges = {value for value in quantiles[1:] if math.isfinite(value)}
    if edges and quantiles[0] == min(edges):
        edges.add(math.nextafter(quantiles[0], -math.inf))
    return tuple(sorted(edges))


def _collect(df: DataFrame, aggregates: list[Column]) -> Row:
    # Positional names: two aggregates of one feature must not collide.
    return df.agg(*(one.alias(f"c{i}") for i, one in enumerate(aggregates))).collect()[0]


def _number(feature: str) -> Column:
    """Return the feature as a double; null if it is null or NaN."""
    value = F.col(f"`{feature}`").cast(T.DoubleType())
    return F.when(~F.isnan(value), value)


def _check_numeric(df: DataFrame, features: Sequence[str]) -> None:
    numeric = [f.name for f in df.schema.fields if isinstance(f.dataType, T.NumericType)]
    for name in features:
        if name not in numeric:
            raise SettingsError(
                f"drift: {name!r} is not a numeric column of the rows to check"
                f"{did_you_mean(name, numeric)}; they have {', '.join(numeric) or 'none'}"
            )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
