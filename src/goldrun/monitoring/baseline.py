"""What a model was trained on: the artifact of a training run that drift is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pyspark.sql import DataFrame

from goldrun.errors import SourceError
from goldrun.monitoring.binning import STORED, Bins, bin_counts, describe


@dataclass(frozen=True)
class FeatureBaseline:
    """What one feature looked like in the rows that a model was trained on.

    Attributes:
        bins: Its bins.
        counts: Rows in each bin, in the order of ``Bins``; the last one has no number.
        mean: Arithmetic mean of the numbers, in the feature's unit; None when there is none.
        std: Their sample standard deviation, same unit; None for fewer than two numbers.

    Raises:
        ValueError: When there is not one count, 0 or more, for each bin.
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
        """Number of rows, those without a number included."""
        return sum(self.counts)


@dataclass(frozen=True)
class Baseline:
    """What a model was trained on, small enough to be stored beside the model as JSON.

    Attributes:
        features: One entry a feature, each feature once.

    Raises:
        ValueError: When a feature is there twice.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    features: tuple[FeatureBaseline, ...]

    def __post_init__(self) -> None:
        if len(self.bins) != len(self.features):
            raise ValueError("a feature is in the baseline twice")

    @property
    def bins(self) -> dict[str, Bins]:
        """Bins by feature, as ``bin_counts`` takes them."""
        return {one.bins.feature: one.bins for one in self.features}

    def feature(self, name: str) -> FeatureBaseline | None:
        """Return the entry of the feature called ``name``, or None when there is none."""
        return next((one for one in self.features if one.bins.feature == name), None)

    def to_json(self) -> str:
        """Write the baseline as JSON, every number in full precision."""
        return _JSON.dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> "Baseline":
        """Read what ``to_json`` wrote.

        Raises:
            SourceError: When the text is anything else: a field too many or too few, a number
                written as text, counts that don't fit the bins.
        """
        try:
            return _JSON.validate_json(text)
        except ValidationError as error:
            raise SourceError(
                f"drift baseline: {error}\nIt can't be used; train the model again to write one."
            ) from error


_JSON = TypeAdapter(Baseline)


def baseline_of(df: DataFrame, features: Sequence[str], bins: int = 10) -> Baseline:
    """Describe the rows that a model is trained on, in two aggregates: edges, then counts.

    Edges and counts are exact. ``mean`` and ``std`` inform a reader, and nothing is judged by
    them: they are sums of doubles, whose last digits may depend on how the rows are spread.

    Args:
        df: Training rows, all origins together.
        features: The model's features, numeric columns of ``df``.
        bins: Number of bins asked for, see ``quantile_edges``.

    Raises:
        SettingsError: When a feature is not a numeric column of ``df``.
        ValueError: When fewer than two bins are asked for.
    """
    described = describe(df, features, bins)
    counts = bin_counts(df, {name: one.bins for name, one in described.items()})
    return Baseline(
        tuple(
            FeatureBaseline(one.bins, counts[name], one.mean, one.std)
            for name, one in described.items()
        )
    )
