"""Bins of a numeric feature, and how many rows fall into each: the input of every drift number.

Everything is a Spark aggregate. What comes back to the driver is a handful of numbers per feature,
never a row.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from pydantic import ConfigDict
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.errors import SettingsError, did_you_mean

STORED = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""How what is stored as JSON is read back: nothing missing, nothing more, nothing converted."""


@dataclass(frozen=True)
class Bins:
    """How the values of one feature are put into bins.

    ``n`` edges make ``n + 2`` bins, always in this order: ``(-inf, e1]``, ``(e1, e2]``, ...,
    ``(en, inf)``, and last the bin of rows without a number (null or NaN). A value that equals an
    edge is in the bin below the edge.

    Attributes:
        feature: Column that is binned.
        edges: Inner edges in the feature's unit, finite and strictly increasing; empty for a
            feature without any value.

    Raises:
        ValueError: When the edges are not finite or not strictly increasing.
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
        """Number of bins, the one without a number included."""
        return len(self.edges) + 2


@dataclass(frozen=True)
class Description:
    """The numbers of one feature in short.

    Attributes:
        bins: Bins that hold about equally many of them, see ``quantile_edges``.
        mean: Arithmetic mean, in the feature's unit; None when there is no number or an infinite
            one.
        std: Sample standard deviation, same unit; None too for a single number.
    """

    bins: Bins
    mean: float | None
    std: float | None


def quantile_edges(df: DataFrame, features: Sequence[str], bins: int = 10) -> dict[str, Bins]:
    """Cut each feature into bins that hold about the same number of rows, in one aggregate.

    The edges are the exact quantiles 1/bins, 2/bins, ... of the numbers (linear interpolation, as
    numpy's default), each distinct value once: a feature with many ties gets fewer bins. When the
    smallest value fills the first bin alone, a further edge lies just under it, so that values
    below everything seen before get a bin of their own, as values above always do.

    Args:
        df: Rows to take the quantiles of. ``percentile`` keeps the distinct values of a feature
            in memory, which suits training rows.
        features: Numeric columns of ``df``; decimals are cast to double.
        bins: Number of bins asked for, 2 or more.

    Returns:
        Bins by feature, in the order given.

    Raises:
        SettingsError: When a feature is not a numeric column of ``df``.
        ValueError: When fewer than two bins are asked for.
    """
    return {name: one.bins for name, one in describe(df, features, bins).items()}


def bin_counts(df: DataFrame, bins: Mapping[str, Bins]) -> dict[str, tuple[int, ...]]:
    """Count the rows of every bin of every feature, in one aggregate.

    Args:
        df: Rows to count.
        bins: Bins by feature, each a numeric column of ``df``.

    Returns:
        Counts by feature in the order of ``Bins``; they add up to the number of rows.

    Raises:
        SettingsError: When a feature is not a numeric column of ``df``.
    """
    _check_numeric(df, list(bins))
    # Rows up to each edge; neighbours are subtracted below, so an edge costs one comparison.
    up_to = [
        F.count_if(_number(feature) <= F.lit(edge))
        for feature, one in bins.items()
        for edge in one.edges
    ]
    numbers = [F.count(_number(feature)) for feature in bins]
    values = iter(_collect(df, [F.count(F.lit(1)), *numbers, *up_to]))
    rows = next(values)
    present = {feature: next(values) for feature in bins}
    counts: dict[str, tuple[int, ...]] = {}
    for feature, one in bins.items():
        reached = [0, *(next(values) for _ in one.edges), present[feature], rows]
        counts[feature] = tuple(high - low for low, high in pairwise(reached))
    return counts


def describe(df: DataFrame, features: Sequence[str], bins: int = 10) -> dict[str, Description]:
    """Bins, mean and standard deviation of each feature, in one aggregate.

    ``mean`` and ``std`` are sums of doubles, so their last digits may depend on how the rows are
    spread. The edges are exact. Arguments and errors are those of ``quantile_edges``.
    """
    if bins < 2:
        raise ValueError(f"{bins} bins can't show a shift; ask for 2 or more")
    _check_numeric(df, features)
    shares = [k / bins for k in range(bins)]
    found = _collect(
        df,
        [
            statistic
            for number in map(_number, features)
            for statistic in (F.percentile(number, shares), F.avg(number), F.stddev_samp(number))
        ],
    )
    return {
        name: Description(Bins(name, _edges(quantiles or [])), _finite(mean), _finite(std))
        for name, quantiles, mean, std in zip(
            features, found[0::3], found[1::3], found[2::3], strict=True
        )
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
    """The feature as a double; null where it is null or NaN."""
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
