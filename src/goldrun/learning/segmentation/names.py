"""Names of segments, and the profile of their customers."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from goldrun.contracts import gold
from goldrun.errors import ContractError
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.learning.inputs import feature_frame
from goldrun.learning.signed_log import signed_log

MONEY = (refund_features.NET_SPEND, purchase_features.TOTAL_SPEND)
"""Features for the money of a segmentation; the first of those present is used."""
RFM = (purchase_features.RECENCY_DAYS, purchase_features.PURCHASE_FREQUENCY, MONEY[0])
"""Recency, frequency, money: the usual features."""

CUSTOMERS = "customers"
SHARE = "share"
SPEND_SHARE = "spend_share"

# Position of each name: recency, frequency and spend, each from 0 (worst segment of the shop) to
# 1 (best). The names are those usual in RFM analysis.
_PLACES: dict[str, tuple[float, float, float]] = {
    "Champions": (1.0, 1.0, 1.0),
    "Loyal": (0.8, 0.6, 0.6),
    "Promising": (0.75, 0.25, 0.3),
    "New": (1.0, 0.0, 0.05),
    "Needs attention": (0.5, 0.45, 0.5),
    "About to sleep": (0.45, 0.05, 0.05),
    "Can't lose them": (0.05, 0.95, 0.95),
    "At risk": (0.25, 0.55, 0.55),
    "Hibernating": (0.15, 0.2, 0.25),
    "Lost": (0.0, 0.0, 0.0),
}
_INACTIVE = ("Hibernating", "Lost")
MOST_SEGMENTS = len(_PLACES)
"""Maximum number of segments with distinct names."""


def rfm_of(features: Collection[str]) -> tuple[str, str, str]:
    """Return the features that segments are ordered and named by: recency, frequency, money.

    Args:
        features: Names of features; if none is of ``MONEY``, its first is returned.
    """
    money = next((name for name in MONEY if name in features), MONEY[0])
    return RFM[0], RFM[1], money


def median_of(feature: str) -> str:
    """Return the name of the profile's column with the median of ``feature``."""
    return f"median_{feature}"


def mean_of(feature: str) -> str:
    """Return the name of the profile's column with the mean of ``feature``."""
    return f"mean_{feature}"


def name_segments(centroids: pd.DataFrame) -> dict[int, str]:
    """Assign a distinct name to each segment, of those usual in marketing.

    The signed logarithms of recency, frequency and spend are scaled to 0..1 across the segments,
    and names are assigned so that the sum of squared distances to the names' positions is smallest.
    So a segment that is better on all three never gets a name whose position is worse on all
    three; the best on all three is Champions and the worst on all three is Lost. The segment with
    both the longest recency and the lowest spend is Hibernating or Lost, whatever its frequency.
    Names are relative to the shop: its best segment is Champions.

    Args:
        centroids: One row per segment, its number as the index; the columns of ``rfm_of`` in days,
            orders and currency.

    Returns:
        Name by number, all different; the order of the rows does not matter.

    Raises:
        ContractError: A column is missing, null or infinite, or below its contract's minimum.
        ValueError: There are more segments than names, or a number occurs twice.
    """
    if len(centroids) > MOST_SEGMENTS:
        raise ValueError(f"{len(centroids)} segments, but there are {MOST_SEGMENTS} names")
    if not centroids.index.is_unique:
        raise ValueError("a segment's number occurs twice")
    values = feature_frame(centroids.sort_index(), rfm_of(centroids.columns))
    if values.isna().to_numpy().any():
        raise ContractError("segments: a centroid is null; take it from a trained model")
    if values.empty:
        return {}
    rows, chosen = linear_sum_assignment(_costs(_standing(values.to_numpy())))
    names, segments = list(_PLACES), values.index[rows]
    return {int(segment): names[name] for segment, name in zip(segments, chosen, strict=True)}


def _costs(standing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared distances (segments, names); forbidden names are more expensive than all."""
    cost: NDArray[np.float64] = (
        (standing[:, None, :] - np.array(list(_PLACES.values()))) ** 2
    ).sum(axis=2)
    if len(standing) > 1:
        recent, _, money = standing.T
        worst = np.flatnonzero((recent == 0) & (money == 0))
        others = np.flatnonzero([name not in _INACTIVE for name in _PLACES])
        cost[np.ix_(worst, others)] += len(_PLACES) * standing.shape[1]
    return cost


def _standing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale values (segments, 3) to 0 (worst) .. 1 (best); 1 in a column of equal values."""
    logs = signed_log(values) * (-1, 1, 1)
    low, span = logs.min(axis=0), np.ptp(logs, axis=0)
    return np.where(span > 0, (logs - low) / np.where(span > 0, span, 1), 1.0)


def profile(
    names: Mapping[int, str],
    labels: ArrayLike,
    frame: pd.DataFrame,
    rfm: tuple[str, str, str] = RFM,
) -> pd.DataFrame:
    """Summarise the customers of each segment.

    Args:
        names: Name by number of each segment.
        labels: (rows,), number of each row's segment.
        frame: Rows of ``gold/customer_features``, one per customer.
        rfm: The features to summarise, as ``rfm_of`` returns them.

    Returns:
        One row per segment of ``names`` in ascending order: ``segment``, ``segment_name``,
        ``customers`` (count), ``share`` (of the customers, 0 to 1), ``median_*`` and ``mean_*`` of
        recency (days), frequency (orders) and spend (currency), and ``spend_share`` (of all spend;
        0 to 1, and beyond if the net spend of a segment is negative). Medians and means are null
        for a segment without customers, ``share`` when there are no customers, ``spend_share`` when
        all spend together is not positive.

    Raises:
        ContractError: A column is missing, not a number, infinite, or below its contract's minimum.
        ValueError: A label has no name, or the number of labels differs from that of rows.
    """
    values, number = feature_frame(frame, rfm), np.asarray(labels)
    if number.shape != (len(values),):
        raise ValueError(f"{len(values)} rows but labels of shape {number.shape}")
    nameless = sorted(set(number.tolist()) - set(names))
    if nameless:
        raise ValueError(f"labels {nameless} have no name; use those of {sorted(names)}")
    segments = pd.Index(sorted(names), name=gold.SEGMENT)
    grouped = values.groupby(number)
    size = grouped.size().reindex(segments, fill_value=0)
    columns: dict[str, object] = {
        gold.SEGMENT: segments,
        gold.SEGMENT_NAME: [names[segment] for segment in segments],
        CUSTOMERS: size.to_numpy(),
        SHARE: _shares(np.asarray(size, dtype=np.float64)),
    }
    for feature in rfm:
        columns[median_of(feature)] = grouped[feature].median().reindex(segments).to_numpy()
        columns[mean_of(feature)] = grouped[feature].mean().reindex(segments).to_numpy()
    spend = grouped[rfm[2]].sum().reindex(segments, fill_value=0.0)
    columns[SPEND_SHARE] = _shares(np.asarray(spend, dtype=np.float64))
    return pd.DataFrame(columns)


def _shares(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    whole = parts.sum()
    return parts / whole if whole > 0 else np.full(len(parts), np.nan)
