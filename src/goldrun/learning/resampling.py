"""Bootstrap of scores: intervals of their metrics, and of differences on the same rows.

Rows are drawn with replacement (Efron 1979, Annals of Statistics 7(1)); intervals are the
percentiles 2.5 and 97.5. Each row is one customer: rows of the same customer are not independent,
and intervals that treat them so are too narrow. Draws are weights, the number of times that a row
is drawn, so that the rows are sorted once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldrun.learning.evaluation import Floats, checked_pair

REPEATS = 2_000
"""Number of draws."""
CONFIDENCE = 0.95
_CELLS_AT_ONCE = 4_000_000

Metric = Callable[[Floats, Floats, Floats], Floats]


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval.

    Attributes:
        value: The estimate from all rows.
        low: Lower bound.
        high: Upper bound.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A metric of several scores on the same rows, and how far the first exceeds the others.

    Attributes:
        each: The metric of each score.
        above: The first score's metric minus that of another, by name of the other, from paired
            draws.
    """

    each: Mapping[str, Interval]
    above: Mapping[str, Interval]


def compare(
    metric: Metric,
    labels: NDArray[np.float64],
    scores: Mapping[str, Floats],
    *,
    seed: int,
    repeats: int = REPEATS,
) -> Compared:
    """Bootstrap a metric of several scores with the same draws.

    Args:
        metric: ``weighted_auc`` or ``weighted_average_precision``.
        labels: (rows,), 0 or 1.
        scores: (rows,) by name; the first is the model's.
        seed: Seed of the draws.
        repeats: Number of draws.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    pairs = {name: checked_pair(labels, score) for name, score in scores.items()}
    whole = np.ones((1, len(labels)))
    value = {name: float(metric(*pair, whole)[0]) for name, pair in pairs.items()}
    drawn: dict[str, list[Floats]] = {name: [] for name in scores}
    for weights in _draws(len(labels), repeats, seed):
        for name, pair in pairs.items():
            drawn[name].append(metric(*pair, weights))
    draws = {name: np.concatenate(parts) for name, parts in drawn.items()}
    (first, *others) = scores
    return Compared(
        {name: _interval(value[name], draws[name]) for name in scores},
        {n: _interval(value[first] - value[n], draws[first] - draws[n]) for n in others},
    )


def weighted_auc(labels: Floats, scores: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve of weighted rows; ties count half.

    Args:
        labels: (rows,), 0 or 1.
        scores: (rows,).
        weights: (draws, rows), 0 or more.

    Returns:
        (draws,); NaN for a draw with one class only.
    """
    positive, negative = _sums_by_score(labels, scores, weights)
    below = np.cumsum(negative, axis=1) - negative
    pairs = (positive * (below + negative / 2)).sum(axis=1)
    return _ratio(pairs, positive.sum(axis=1) * negative.sum(axis=1))


def weighted_average_precision(labels: Floats, scores: Floats, weights: Floats) -> Floats:
    """Area under the precision-recall curve, as a step function, of weighted rows.

    Args and returns are those of ``weighted_auc``.
    """
    positive, negative = (each[:, ::-1] for each in _sums_by_score(labels, scores, weights))
    found = np.cumsum(positive, axis=1)
    precision = _ratio(found, found + np.cumsum(negative, axis=1))
    return _ratio((np.nan_to_num(precision) * positive).sum(axis=1), positive.sum(axis=1))


def _sums_by_score(labels: Floats, scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weights of positives and of negatives by score ascending, each (draws, different scores)."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sorted_weights, outcome = weights[:, order], labels[order]
    total = np.add.reduceat(sorted_weights, starts, axis=1)
    positive = np.add.reduceat(sorted_weights * outcome, starts, axis=1)
    return positive, total - positive


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _draws(rows: int, repeats: int, seed: int) -> Iterator[Floats]:
    """Yield arrays (draws, rows): how often each row is drawn."""
    random = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // rows)
    for first in range(0, repeats, at_once):
        count = min(at_once, repeats - first)
        places = random.integers(rows, size=(count, rows)) + np.arange(count)[:, None] * rows
        yield np.bincount(places.ravel(), minlength=count * rows).reshape(count, rows).astype(float)


def _interval(value: float, draws: Floats) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return Interval(value, float(low), float(high))
