"""Metrics of scores for a binary outcome."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from goldrun.errors import AsOfError

Floats = NDArray[np.float64]

TOP_SHARE = 0.1
"""Share of the rows that ``lift_at_10`` covers."""


@dataclass(frozen=True)
class BinaryScores:
    """Quality of one score on one set of labelled rows.

    Attributes:
        rows: Number of rows.
        base_rate: Share of rows whose label is 1, 0 to 1 exclusive; also the average precision of
            a random order.
        auc: Area under the ROC curve, 0 to 1: the probability that a random positive has a higher
            score than a random negative, ties counting half.
        average_precision: Area under the precision-recall curve as a step function, 0 to 1.
        lift_at_10: Base rate among the 10 % with the highest scores / base rate of all; 1 is
            random, 10 the maximum.
        brier: Mean squared difference of probability and label, 0 (best) to 1; None when the
            score is not a probability.
    """

    rows: int
    base_rate: float
    auc: float
    average_precision: float
    lift_at_10: float
    brier: float | None

    def metrics(self, prefix: str = "") -> dict[str, float]:
        """Return the numbers by name, prefixed; without ``brier`` when it is None."""
        values: dict[str, float | None] = {
            "rows": float(self.rows),
            "base_rate": self.base_rate,
            "auc": self.auc,
            "average_precision": self.average_precision,
            "lift_at_10": self.lift_at_10,
            "brier": self.brier,
        }
        return {f"{prefix}{name}": value for name, value in values.items() if value is not None}


def score_binary(labels: ArrayLike, scores: ArrayLike, *, probabilities: bool) -> BinaryScores:
    """Compute the metrics of scores against observed labels.

    Args:
        labels: (rows,), 0 or 1.
        scores: (rows,), higher for a likelier 1.
        probabilities: Whether the scores are probabilities of 1; then there is a Brier score.

    Returns:
        The numbers; AUC and average precision are scikit-learn's, the Brier score is that of
        Brier (1950), Monthly Weather Review 78(1), in its form for one event.

    Raises:
        AsOfError: The labels are all equal, or there are none, so that nothing can be ranked.
        ValueError: Lengths differ, a label is not 0 or 1, a score is not finite, or a probability
            is outside 0 to 1.
    """
    outcome, score = checked_pair(labels, scores)
    if probabilities and (score.min() < 0 or score.max() > 1):
        raise ValueError(f"probabilities range over {score.min()}..{score.max()}, not within 0..1")
    return BinaryScores(
        rows=len(outcome),
        base_rate=float(outcome.mean()),
        auc=float(roc_auc_score(outcome, score)),
        average_precision=float(average_precision_score(outcome, score)),
        lift_at_10=lift_at(outcome, score, TOP_SHARE),
        brier=float(brier_score_loss(outcome, score)) if probabilities else None,
    )


def cumulative_gain(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Share of the positives reached by share of rows contacted, highest scores first.

    Rows with equal scores form a group, and the curve is linear within a group. That is the
    expectation over all orders of the tied rows, so the order of the input has no effect.

    Args:
        labels: (rows,), 0 or 1.
        scores: (rows,).

    Returns:
        Two arrays (groups + 1,), ascending from 0 to 1: share of the rows, share of the positives.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    outcome, score = checked_pair(labels, scores)
    _, group, size = np.unique(-score, return_inverse=True, return_counts=True)
    positives = np.bincount(group, weights=outcome)
    contacted = np.concatenate([[0.0], np.cumsum(size)]) / len(outcome)
    reached = np.concatenate([[0.0], np.cumsum(positives)]) / outcome.sum()
    return contacted, reached


def lift_at(labels: ArrayLike, scores: ArrayLike, share: float) -> float:
    """Expected share of the positives in the top ``share`` of rows, divided by ``share``.

    When ``share`` of the rows is not a whole number, the last row counts in part.

    Args:
        labels: (rows,), 0 or 1.
        scores: (rows,).
        share: Above 0, up to 1.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    contacted, reached = cumulative_gain(labels, scores)
    return float(np.interp(share, contacted, reached) / share)


def checked_pair(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Return labels and scores as doubles.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    outcome, score = checked_labels(labels), np.asarray(scores, dtype=np.float64)
    if outcome.shape != score.shape:
        raise ValueError(f"labels have shape {outcome.shape}, scores {score.shape}")
    unusable = int(np.count_nonzero(~np.isfinite(score)))
    if unusable:
        raise ValueError(f"{unusable} of {len(score)} scores are NaN or infinite")
    return outcome, score


def checked_labels(labels: ArrayLike) -> Floats:
    """Return labels as doubles, with both classes present.

    Raises:
        AsOfError: The labels are all equal, or there are none.
        ValueError: A label is not 0 or 1, or they are not one-dimensional.
    """
    outcome = np.asarray(labels, dtype=np.float64)
    if outcome.ndim != 1:
        raise ValueError(f"labels have shape {outcome.shape}, not (rows,)")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("a label is neither 0 nor 1")
    classes = np.unique(outcome)
    if len(classes) < 2:
        found = f"all {len(outcome)} labels are {classes[0]:.0f}" if len(classes) else "no rows"
        raise AsOfError(
            f"labels: {found}, so no model can be trained or measured; give another as_of, or a "
            "shorter horizon when nobody stays away and a longer one when nobody comes back"
        )
    return outcome
