"""Training of the segmentation: k-means, the choice of the number of segments, its stability."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances, silhouette_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from goldrun.errors import AsOfError
from goldrun.learning.inputs import canonical_order, feature_frame
from goldrun.learning.model import Fitted
from goldrun.learning.segmentation.names import name_segments, rfm_of
from goldrun.learning.segmentation.settings import SegmentationSettings
from goldrun.learning.signed_log import can_be_negative, log_step, signed_exp

_KMEANS = "cluster"
_STARTS = 10
_SILHOUETTE_ROWS = 5_000
"""Rows that the silhouette is computed on; its time and memory grow with their square."""


@dataclass(frozen=True)
class SegmentationFit(Fitted):
    """A trained segmentation and the numbers by which its number of segments was chosen.

    ``model`` predicts 0 to k - 1; segment 0 has the highest spend.

    Attributes:
        k: Number of segments.
        qualified: Whether ``k`` meets ``min_stability`` and ``min_share``.
        stability: Bootstrap ARI by number of segments, -0.5 to 1, 0 as by chance.
        smallest_share: Share of the customers in the smallest segment, by number of segments.
        silhouette: Mean silhouette, -1 to 1, by number of segments. It is not used to choose,
            because on skewed data it is highest for a few outliers against all other customers.
        names: Name by segment.
        settings: The settings of the training.
    """

    k: int
    qualified: bool
    stability: Mapping[int, float]
    smallest_share: Mapping[int, float]
    silhouette: Mapping[int, float]
    names: Mapping[int, str]
    settings: SegmentationSettings


def build_segmenter(settings: SegmentationSettings, k: int) -> Pipeline:
    """Return the untrained pipeline: signed log(1 + x), standardisation, k-means.

    It has scikit-learn classes only, so that it loads without goldrun. Without the logarithm
    k-means spends its clusters on a few very large accounts.
    """
    return Pipeline(
        [
            ("log1p", log_step(settings.features)),
            ("scale", StandardScaler()),
            (_KMEANS, KMeans(n_clusters=k, n_init=_STARTS, random_state=settings.seed)),
        ]
    )


def bootstrap_ari(model: Pipeline, frame: pd.DataFrame, settings: SegmentationSettings) -> float:
    """Return the stability of a segmentation under resampling of the customers.

    It is the mean over ``settings.bootstraps`` resamples, drawn with replacement, of the adjusted
    Rand index (Hubert and Arabie 1985, Journal of Classification 2) between the model's segments of
    all rows and those of a refit on the resample with as many segments and random starts. It does
    not depend on how segments are numbered, nor on the order of the rows. The model's own features
    are used, so that two models with different features can be compared on the same rows.

    Args:
        model: A trained segmenter.
        frame: Rows of ``gold/customer_features``, one per customer.
        settings: Number of resamples and seed.

    Returns:
        -0.5 to 1: 1 when every refit agrees, about 0 when the agreement is that of chance.

    Raises:
        AsOfError: A feature is null, or there are too few distinct rows for the segments.
        ContractError: A feature is missing, not a number, infinite, or below its contract's
            minimum.
    """
    k = segment_count(model)
    rows = _rows(frame, tuple(model.feature_names_in_), k)
    segments = model.predict(rows)
    # The logarithm is the same in each resample; only the steps after it are fitted.
    logs, fitted = np.asarray(model[:-2].transform(rows)), model[-2:]
    agreement = []
    # One limit for all: setting it takes as long as a quarter of a refit.
    with _one_thread():
        for resample in range(settings.bootstraps):
            random = np.random.default_rng([settings.seed, resample])
            drawn = logs[random.integers(len(logs), size=len(logs))]
            refit = clone(fitted).set_params(
                **{f"{_KMEANS}__random_state": int(random.integers(2**31))}
            )
            agreement.append(adjusted_rand_score(segments, refit.fit(drawn).predict(logs)))
    return float(np.mean(agreement))


def segment_count(model: Pipeline) -> int:
    """Return the number of segments of a segmenter."""
    return int(model.named_steps[_KMEANS].n_clusters)


def fit_segments(settings: SegmentationSettings, frame: pd.DataFrame) -> SegmentationFit:
    """Train with each number of segments and choose one; the order of the rows does not matter.

    Args:
        settings: The settings.
        frame: Rows of ``gold/customer_features``, one per customer.

    Raises:
        AsOfError: A feature is null, or there are too few distinct rows for ``k_max`` segments.
        ContractError: A feature is missing, not a number, infinite, or below its contract's
            minimum.
    """
    rows = _rows(frame, settings.features, settings.k_max)
    models: dict[int, Pipeline] = {}
    labels, stability, smallest = {}, {}, {}
    for k in range(settings.k_min, settings.k_max + 1):
        with _one_thread():
            models[k] = _ordered(build_segmenter(settings, k).fit(rows))
        labels[k] = models[k].predict(rows)
        stability[k] = bootstrap_ari(models[k], rows, settings)
        smallest[k] = float(np.bincount(labels[k], minlength=k).min() / len(rows))
    silhouette = _silhouettes(models[settings.k_min], rows, labels, settings.seed)
    k, qualified = choose_k(stability, smallest, settings)
    names = name_segments(_centroids(models[k]))
    return SegmentationFit(
        models[k], k, qualified, stability, smallest, silhouette, names, settings
    )


def choose_k(
    stability: Mapping[int, float],
    smallest_share: Mapping[int, float],
    settings: SegmentationSettings,
) -> tuple[int, bool]:
    """Choose the number of segments.

    Returns:
        The largest number whose stability and smallest share are accepted, and True; when none is,
        the most stable number (the smaller one in a tie), and False.
    """
    usable = [
        k
        for k in stability
        if stability[k] >= settings.min_stability and smallest_share[k] >= settings.min_share
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
    _check_distinct(rows, k)
    return rows.iloc[canonical_order(rows)]


def _check_distinct(rows: pd.DataFrame, k: int) -> None:
    """Raise an AsOfError if there are too few distinct rows to resample.

    A bootstrap sample holds about 63 % of them, and k clusters need k distinct rows.
    """
    distinct, needed = len(rows.drop_duplicates()), 2 * k
    if distinct < needed:
        raise AsOfError(
            f"segmentation: {len(rows)} customers have {distinct} distinct rows of features, but "
            f"{k} segments need {needed}; give a later as_of or a smaller k_max"
        )


def _one_thread() -> threadpool_limits:
    """Limit fits to one thread, so that sums are equal on any number of cores."""
    return threadpool_limits(limits=1)


def _centroids(model: Pipeline) -> pd.DataFrame:
    """Return the centroids in days, orders and currency; one row per segment."""
    logs = model.named_steps["scale"].inverse_transform(model.named_steps[_KMEANS].cluster_centers_)
    names = list(model.feature_names_in_)
    # Rounding can put a centroid of zeros slightly below zero.
    lowest = pd.Series([-np.inf if can_be_negative(name) else 0.0 for name in names], index=names)
    return pd.DataFrame(signed_exp(logs), columns=names).clip(lower=lowest, axis="columns")


def _ordered(model: Pipeline) -> Pipeline:
    """Renumber the segments by descending spend, so that equal data give equal numbers."""
    centroids = _centroids(model)
    recency, frequency, money = rfm_of(model.feature_names_in_)
    order = np.lexsort([centroids[recency], -centroids[frequency], -centroids[money]])
    kmeans = model.named_steps[_KMEANS]
    kmeans.cluster_centers_ = np.ascontiguousarray(kmeans.cluster_centers_[order])
    kmeans.labels_ = np.argsort(order)[kmeans.labels_].astype(kmeans.labels_.dtype)
    return model


def _silhouettes(
    model: Pipeline, rows: pd.DataFrame, labels: Mapping[int, NDArray[np.int32]], seed: int
) -> dict[int, float]:
    """Compute the mean silhouette of each number of segments.

    All of them share the distances: the steps before k-means do not depend on the number.
    """
    shown = _sample(labels, seed)
    points = np.asarray(model[:-1].transform(rows))[shown]
    with _one_thread():
        distances = pairwise_distances(points)
        return {
            k: float(silhouette_score(distances, found[shown], metric="precomputed"))
            for k, found in labels.items()
        }


def _sample(labels: Mapping[int, NDArray[np.int32]], seed: int) -> NDArray[np.int64]:
    """Draw the places of ``_SILHOUETTE_ROWS`` rows, and one of each segment; of fewer rows all."""
    rows = len(next(iter(labels.values())))
    if rows <= _SILHOUETTE_ROWS:
        return np.arange(rows)
    drawn = np.random.default_rng(seed).choice(rows, _SILHOUETTE_ROWS, replace=False)
    # A segment of a few customers would not be drawn, and one label alone has no silhouette.
    firsts = [np.unique(found, return_index=True)[1] for found in labels.values()]
    return np.unique(np.concatenate([drawn, *firsts]))
