"""Agreement of predicted probabilities with the observed outcomes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from goldrun.learning.evaluation import Floats, checked_pair

BINS = 10
_SMALLEST = 1e-12
_WIDEST_SHIFT = 50.0


@dataclass(frozen=True)
class Calibration:
    """Measures of how well probabilities are calibrated.

    Attributes:
        slope: Slope of a logistic regression of the outcome on the logit of the probability (Cox
            1958, Biometrika 45); 1 is right, below 1 the probabilities are too extreme.
        intercept: Intercept of the logistic regression of the outcome with the logit as offset; 0
            is right, above 0 the probabilities are too low on average.
        error: Expected calibration error: sum of n_b/n * |mean outcome - mean probability| over
            ten groups of equal size in the order of the probability (ties in the order of rows).
        error_shifted: The same after the logits are shifted by one constant, so that the mean
            probability is the base rate: the error that a changed base rate does not explain.
        mean_minus_base_rate: Mean probability less the share of rows whose outcome is 1.
    """

    slope: float
    intercept: float
    error: float
    error_shifted: float
    mean_minus_base_rate: float

    def metrics(self) -> dict[str, float]:
        """Return the numbers by name of metric."""
        return {
            "calibration_slope": self.slope,
            "calibration_intercept": self.intercept,
            "calibration_error": self.error,
            "calibration_error_shifted": self.error_shifted,
            "mean_minus_base_rate": self.mean_minus_base_rate,
        }


def measure_calibration(labels: ArrayLike, probabilities: ArrayLike) -> Calibration:
    """Compare probabilities with the outcomes.

    Args:
        labels: (rows,), 0 or 1.
        probabilities: (rows,), 0 to 1; 0 and 1 count as nearly so in the logistic regressions.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    outcome, chance = checked_pair(labels, probabilities)
    logits = log_odds(chance)
    shift = shift_to(float(outcome.mean()), logits)
    # Without a penalty, which scikit-learn writes as an infinite C.
    line = LogisticRegression(C=np.inf).fit(logits[:, None], outcome)
    return Calibration(
        slope=float(line.coef_[0, 0]),
        intercept=shift,
        error=expected_calibration_error(outcome, chance),
        error_shifted=expected_calibration_error(outcome, expit(logits + shift)),
        mean_minus_base_rate=float(chance.mean() - outcome.mean()),
    )


def expected_calibration_error(labels: Floats, probabilities: Floats) -> float:
    """Return the expected calibration error over ten groups of equal size, 0 (best) to 1."""
    order = np.argsort(probabilities, kind="stable")
    groups = zip(
        np.array_split(labels[order], BINS),
        np.array_split(probabilities[order], BINS),
        strict=True,
    )
    off = [len(y) * abs(y.mean() - p.mean()) for y, p in groups if len(y)]
    return float(sum(off) / len(labels))


def log_odds(probabilities: Floats) -> Floats:
    """Return the logits of probabilities; 0 and 1 count as nearly so, so that all are finite."""
    return np.asarray(logit(np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)), dtype=np.float64)


def shift_to(rate: float, logits: Floats) -> float:
    """Return the constant that, added to logits, makes the mean probability a rate.

    The likelihood of an intercept with the logits as offset is largest when the means agree.
    """
    return float(brentq(lambda by: expit(logits + by).mean() - rate, -_WIDEST_SHIFT, _WIDEST_SHIFT))
