"""The drift baseline: bins and counts of training rows, an artifact of the training run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pyspark.sql import DataFrame

from goldrun.errors import SourceError
from goldrun.monitoring.binning import STORED, Bins, bin_counts, describe


@dataclass(frozen=True)
class FeatureBaseline:
    """Distribution of one feature in the training rows.

    Attributes:
        bins: Bins of the feature.
        counts: Rows in each bin, in the order of ``Bins``; the last bin has null and NaN.
        mean: Arithmetic mean in the feature's unit; None without numbers.
        std: Sample standard deviation in the same unit; None for fewer than two numbers.

    Raises:
        ValueError: The number of counts differs from that of bins, or a count is negative.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    bins: Bins
    counts: tuple[int, ...]
    mean: float | None
    std: float | None

    def __post_init__(self) -> None:
        if len(self.counts) != self.bins.size or min(self.counts) < 0:
            raise ValueError(f"{self.bins.feature}: {self.counts} aren't {self.bins.size} counts")

    @property
    def rows(self) -> int:
        """Number of rows, including those with null or NaN."""
        return sum(self.counts)


@dataclass(frozen=True)
class Baseline:
    """Distributions of a model's features in its training rows; stored as a JSON artifact.

    Attributes:
        features: One entry a feature.

    Raises:
        ValueError: A feature has two entries.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    features: tuple[FeatureBaseline, ...]

    def __post_init__(self) -> None:
        if len(self.bins) != len(self.features):
            raise ValueError("a feature is in the baseline twice")

    @property
    def bins(self) -> dict[str, Bins]:
        """Bins by feature, the argument of ``bin_counts``."""
        return {one.bins.feature: one.bins for one in self.features}

    def feature(self, name: str) -> FeatureBaseline | None:
        """Return the entry of a feature by its name; None if it has none."""
        return next((one for one in self.features if one.bins.feature == name), None)

    def to_json(self) -> str:
        """Return the baseline as JSON, with numbers in full precision."""
        return _JSON.dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "Baseline":
        """Parse the result of ``to_json``.

        Raises:
            SourceError: The text is not such JSON: a field is missing, unknown or of another
                type, or the counts don't fit the bins.
        """
        try:
            return _JSON.validate_json(text)
        except ValidationError as error:
            raise SourceError(
                f"drift baseline: {error}\nThe artifact can't be used: train the model again"
            ) from error


_JSON = TypeAdapter(Baseline)


def baseline_of(df: DataFrame, features: Sequence[str], bins: int = 10) -> Baseline:
    """Compute the baseline of training rows, in two aggregates: edges, then counts.

    Edges and counts are exact. ``mean`` and ``std`` are informative only: they are sums of doubles,
    whose last digits may depend on the partitioning.

    Args:
        df: Training rows of all origins.
        features: Features of the model, numeric columns of ``df``.
        bins: Largest number of bins, see ``binning.describe``.

    Raises:
        SettingsError: A feature is not a numeric column of ``df``.
        ValueError: ``bins`` is less than 2.
    """
    described = describe(df, features, bins)
    counts = bin_counts(df, {name: one.bins for name, one in described.items()})
    return Baseline(
        tuple(
            FeatureBaseline(one.bins, counts[name], one.mean, one.std)
            for name, one in described.items()
        )
    )
