"""Groups of customers who buy alike: settings, how many groups, training."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, model_validator
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from goldrun.contracts import purchase_features
from goldrun.errors import AsOfError
from goldrun.learning.inputs import MOST_DAYS, ModelConfig, canonical_order, feature_frame
from goldrun.learning.segment_names import MOST_SEGMENTS, RFM, name_segments, profile

__all__ = [
    "SegmentationConfig",
    "SegmentationFit",
    "bootstrap_ari",
    "build_segmenter",
    "choose_k",
    "fit_segments",
    "name_segments",
    "profile",
]

_KMEANS = "cluster"
_STARTS = 10
_SILHOUETTE_ROWS = 10_000  # its cost grows with the square of the rows


class SegmentationConfig(ModelConfig):
    """What ``models/segmentation.toml`` says.

    Attributes:
        features: As for every model; recency, frequency and total spend must be among them,
            because segments are ordered and named by these.
        k_min: Fewest segments to try.
        k_max: Most segments to try.
        bootstraps: Resamples for each number of segments.
        min_stability: Least bootstrap ARI of a usable segmentation, 0 to 1.
        min_share: Least share of the customers in the smallest segment, 0 to 1.
        drift_reference_days: Before there is a champion, drift is measured against the features of
            that many days earlier.
    """

    features: tuple[str, ...] = RFM
    k_min: int = Field(default=3, ge=2)
    k_max: int = Field(default=8, le=MOST_SEGMENTS)
    bootstraps: int = Field(default=20, ge=2)
    min_stability: float = Field(default=0.8, ge=0, le=1)
    min_share: float = Field(default=0.03, ge=0, le=1)
    drift_reference_days: int = Field(default=90, ge=1, le=MOST_DAYS)

    @model_validator(mode="after")
    def _can_be_named(self) -> "SegmentationConfig":
        lacking = [name for name in RFM if name not in self.features]
        if lacking:
            raise ValueError(
                f"features lack {', '.join(lacking)}, which segments are named by; add them"
            )
        if self.k_min > self.k_max:
            raise ValueError(f"k_min {self.k_min} is above k_max {self.k_max}; make it smaller")
        return self


@dataclass(frozen=True)
class SegmentationFit:
    """A trained segmentation and why it has as many segments as it has.

    Attributes:
        model: Predicts 0..k-1, 0 being the segment with the highest spend.
        k: Number of segments.
        qualified: Whether ``k`` is stable and its segments large enough.
        stability: Bootstrap ARI by number of segments tried, -0.5 to 1, 0 being chance.
        smallest_share: Share of the customers in the smallest segment, by number of segments.
        silhouette: Mean silhouette, -1 to 1, by number of segments; for information, because on
            skewed data it is highest for a few outliers against everyone else.
        names: Name by segment.
        config: The settings it was trained with.
    """

    model: Pipeline
    k: int
    qualified: bool
    stability: Mapping[int, float]
    smallest_share: Mapping[int, float]
    silhouette: Mapping[int, float]
    names: Mapping[int, str]
    config: SegmentationConfig


def build_segmenter(config: SegmentationConfig, k: int) -> Pipeline:
    """Make the untrained model: log(1 + x), standardise, k-means.

    Scikit-learn's own parts only, so that it loads without goldrun. Without the logarithm k-means
    spends its clusters on a handful of very large accounts.
    """
    return Pipeline(
        [
            ("log1p", FunctionTransformer(np.log1p, feature_names_out="one-to-one")),
            ("scale", StandardScaler()),
            (_KMEANS, KMeans(n_clusters=k, n_init=_STARTS, random_state=config.seed)),
        ]
    )


def bootstrap_ari(model: Pipeline, frame: pd.DataFrame, config: SegmentationConfig) -> float:
    """Say how well a segmentation comes back when the customers are drawn again.

    The mean over ``config.bootstraps`` resamples, drawn with replacement, of the adjusted Rand
    index (Hubert and Arabie 1985, Journal of Classification 2) between the model's segments of all
    rows and those of a refit on the resample with as many segments and random starts. It does not
    depend on how segments are numbered, nor on the order of the rows. Any trained segmenter will
    do, with features of its own, so that two models can be compared on the same rows.

    Args:
        model: A trained segmenter.
        frame: Rows of ``gold/customer_features``, one per customer.
        config: Number of resamples and seed.

    Returns:
        -0.5 to 1: 1 when every refit agrees, about 0 when they agree as by chance.

    Raises:
        AsOfError: A feature is null, or too few customers differ for as many segments.
        ContractError: A feature is missing, not a number, negative or infinite.
    """
    k = int(model.named_steps[_KMEANS].n_clusters)
    rows = _rows(frame, tuple(model.feature_names_in_), k)
    segments = model.predict(rows)
    agreement = []
    for resample in range(config.bootstraps):
        random = np.random.default_rng([config.seed, resample])
        drawn = rows.iloc[random.integers(len(rows), size=len(rows))]
        refit = clone(model).set_params(**{f"{_KMEANS}__random_state": int(random.integers(2**31))})
        with _one_thread():
            agreement.append(adjusted_rand_score(segments, refit.fit(drawn).predict(rows)))
    return float(np.mean(agreement))


def fit_segments(config: SegmentationConfig, frame: pd.DataFrame) -> SegmentationFit:
    """Try each number of segments, choose one, and train it; the order of rows does not matter.

    Args:
        config: The settings.
        frame: Rows of ``gold/customer_features``, one per customer.

    Raises:
        AsOfError: A feature is null, or too few customers differ for ``k_max`` segments.
        ContractError: A feature is missing, not a number, negative or infinite.
    """
    rows = _rows(frame, config.features, config.k_max)
    models: dict[int, Pipeline] = {}
    stability, smallest, silhouette = {}, {}, {}
    for k in range(config.k_min, config.k_max + 1):
        with _one_thread():
            models[k] = _ordered(build_segmenter(config, k).fit(rows))
        labels = models[k].predict(rows)
        stability[k] = bootstrap_ari(models[k], rows, config)
        smallest[k] = float(np.bincount(labels, minlength=k).min() / len(rows))
        silhouette[k] = _silhouette(models[k], rows, labels, config.seed)
    k, qualified = choose_k(stability, smallest, config)
    names = name_segments(_centroids(models[k]))
    return SegmentationFit(models[k], k, qualified, stability, smallest, silhouette, names, config)


def choose_k(
    stability: Mapping[int, float], smallest_share: Mapping[int, float], config: SegmentationConfig
) -> tuple[int, bool]:
    """Choose how many segments.

    Returns:
        The most segments that are stable and large enough, and True; when no number is both, the
        most stable number (the smaller one in a tie), and False.
    """
    usable = [
        k
        for k in stability
        if stability[k] >= config.min_stability and smallest_share[k] >= config.min_share
    ]
    if usable:
        return max(usable), True
    return min(stability, key=lambda k: (-stability[k], k)), False


def _rows(frame: pd.DataFrame, features: tuple[str, ...], k: int) -> pd.DataFrame:
    rows = feature_frame(frame, features)
    if rows.empty:
        raise AsOfError(
            "segmentation: no customer has a completed order before as_of; give a later as_of, or "
            "check the expression of transaction_status in the source's TOML"
        )
    unknown = [name for name in features if rows[name].isna().any()]
    if unknown:
        raise AsOfError(
            f"segmentation: {', '.join(unknown)} is null in some rows, because the history before "
            "as_of is shorter than the window; give a later as_of or drop the feature"
        )
    # a resample holds about 63 % of the rows, and k-means needs k that differ
    differing, needed = len(rows.drop_duplicates()), 2 * k
    if differing < needed:
        raise AsOfError(
            f"segmentation: {differing} of {len(rows)} customers differ in their features, but "
            f"{k} segments need {needed}; give a later as_of or a smaller k_max"
        )
    return rows.iloc[canonical_order(rows)]


def _one_thread() -> threadpool_limits:
    """Fit on one thread: equal sums on any number of cores, and faster on a busy machine."""
    return threadpool_limits(limits=1)


def _centroids(model: Pipeline) -> pd.DataFrame:
    """Centroids in days, orders and currency; one row per segment."""
    logs = model.named_steps["scale"].inverse_transform(model.named_steps[_KMEANS].cluster_centers_)
    # a centroid of zeros may come out a hair below zero
    return pd.DataFrame(np.expm1(logs), columns=model.feature_names_in_).clip(lower=0)


def _ordered(model: Pipeline) -> Pipeline:
    """Number the segments by value, highest spend first, so that equal data give equal numbers."""
    centroids = _centroids(model)
    keys = [
        centroids[purchase_features.RECENCY_DAYS],
        -centroids[purchase_features.PURCHASE_FREQUENCY],
        -centroids[purchase_features.TOTAL_SPEND],
    ]
    order = np.lexsort(keys)
    kmeans = model.named_steps[_KMEANS]
    kmeans.cluster_centers_ = np.ascontiguousarray(kmeans.cluster_centers_[order])
    kmeans.labels_ = np.argsort(order)[kmeans.labels_].astype(kmeans.labels_.dtype)
    return model


def _silhouette(model: Pipeline, rows: pd.DataFrame, labels: NDArray[np.int32], seed: int) -> float:
    size = _SILHOUETTE_ROWS if len(rows) > _SILHOUETTE_ROWS else None
    points = model[:-1].transform(rows)
    return float(silhouette_score(points, labels, sample_size=size, random_state=seed))
