"""Bootstrap of scores: intervals of their metrics, and of differences on the same rows.

Rows are drawn with replacement (Efron 1979, Annals of Statistics 7(1)); intervals are the
percentiles 2.5 and 97.5. Each row is one customer: rows of the same customer are not independent,
and intervals that treat them so are too narrow. Draws are weights, the number of times that a row
is drawn, so that the rows are sorted once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldrun.learning.evaluation import Floats, checked_pair

REPEATS = 2_000
"""Number of draws."""
CONFIDENCE = 0.95
_CELLS_AT_ONCE = 4_000_000

Metric = Callable[[Floats, Floats], Floats]
"""Takes the weights of positives and of negatives by score ascending, each (draws, different
scores); returns (draws,)."""


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


@dataclass(frozen=True)
class Ordered:
    """Labels in the order of a score, ascending.

    Attributes:
        order: (rows,), positions of the rows.
        starts: (different scores,), where each score begins in this order.
        labels: (rows,), 0 or 1.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    labels: Floats

    @classmethod
    def by(cls, labels: ArrayLike, scores: ArrayLike) -> "Ordered":
        """Sort rows by a score; errors as ``score_binary``."""
        outcome, score = checked_pair(labels, scores)
        order = np.argsort(score, kind="stable")
        starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
        return cls(order, starts, outcome[order])

    def sums(self, weights: Floats) -> tuple[Floats, Floats]:
        """Add up the weights of positives and of negatives by score.

        Args:
            weights: (draws, rows), in the rows' own order.

        Returns:
            Two arrays (draws, different scores).
        """
        in_order = weights[:, self.order]
        if len(self.starts) == len(self.order):  # No score occurs twice.
            positive = in_order * self.labels
            return positive, in_order - positive
        total = np.add.reduceat(in_order, self.starts, axis=1)
        positive = np.add.reduceat(in_order * self.labels, self.starts, axis=1)
        return positive, total - positive


def compare(
    metrics: Mapping[str, Metric],
    labels: NDArray[np.float64],
    scores: Mapping[str, Floats],
    *,
    seed: int,
    repeats: int = REPEATS,
) -> dict[str, Compared]:
    """Bootstrap metrics of several scores with the same draws.

    Args:
        metrics: ``auc`` or ``average_precision``, by name.
        labels: (rows,), 0 or 1.
        scores: (rows,) by name; the first is the model's.
        seed: Seed of the draws.
        repeats: Number of draws.

    Returns:
        The comparison by name of the metric.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    ordered = {name: Ordered.by(labels, score) for name, score in scores.items()}
    drawn: dict[tuple[str, str], list[Floats]] = defaultdict(list)
    # The first is of all rows, each once.
    for weights in chain([np.ones((1, len(labels)))], _draws(len(labels), repeats, seed)):
        for name, rows in ordered.items():
            sums = rows.sums(weights)
            for metric, compute in metrics.items():
                drawn[metric, name].append(compute(*sums))
    return {
        metric: _compared({name: np.concatenate(drawn[metric, name]) for name in scores})
        for metric in metrics
    }


def _compared(values: Mapping[str, Floats]) -> Compared:
    """Make intervals of values, of which the first is that of all rows."""
    (first, *others) = values
    return Compared(
        {name: _interval(each) for name, each in values.items()},
        {name: _interval(values[first] - values[name]) for name in others},
    )


def auc(positive: Floats, negative: Floats) -> Floats:
    """Area under the ROC curve; ties count half. NaN for a draw with one class only."""
    below = np.cumsum(negative, axis=1) - negative
    pairs = (positive * (below + negative / 2)).sum(axis=1)
    return _ratio(pairs, positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(positive: Floats, negative: Floats) -> Floats:
    """Area under the precision-recall curve, as a step function; NaN without positives."""
    positive, negative = positive[:, ::-1], negative[:, ::-1]
    found = np.cumsum(positive, axis=1)
    precision = _ratio(found, found + np.cumsum(negative, axis=1))
    return _ratio((np.nan_to_num(precision) * positive).sum(axis=1), positive.sum(axis=1))


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


def _interval(values: Floats) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(values[1:], [tail, 1 - tail])
    return Interval(float(values[0]), float(low), float(high))
