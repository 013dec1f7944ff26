"""The factor by which a churn model's log-odds are too far from their mean on later dates.

Features separate customers a little less on later dates than on the training dates, so that
probabilities are too extreme. The factor is estimated on the validation dates, whose predictions
are those of models that were trained on earlier dates. It changes no ranking.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit
from sklearn.pipeline import Pipeline

from goldrun.learning.calibration import shift_to
from goldrun.learning.evaluation import Floats

_LEAST, _MOST = 0.2, 2.0


@dataclass(frozen=True)
class Dated:
    """Predictions for one date.

    Attributes:
        log_odds: (customers,), of churn.
        labels: (customers,), 0 or 1.
    """

    log_odds: Floats
    labels: Floats

    def loss(self, slope: float) -> float:
        """Return the mean log loss after slope and a shift to the date's base rate."""
        scaled = slope * self.log_odds
        shifted = scaled + shift_to(float(self.labels.mean()), scaled)
        right = self.labels * log_expit(shifted) + (1 - self.labels) * log_expit(-shifted)
        return float(-right.mean())


def estimate_slope(dates: Sequence[Dated]) -> float:
    """Return the slope with the lowest mean log loss, each date with an intercept of its own.

    The intercepts absorb base rates that differ by date, which a slope can't correct.
    """
    found = minimize_scalar(
        lambda slope: np.mean([date.loss(slope) for date in dates]),
        bounds=(_LEAST, _MOST),
        method="bounded",
    )
    return float(found.x)


def slope_that_helps(dates: Sequence[Dated]) -> float:
    """Return the slope of all dates, or 1 if it does not help on dates it was not fitted to.

    It helps if the log loss of a date, with the slope of the other dates, is lower than without a
    slope, on the mean over the dates by more than one standard error.
    """
    if len(dates) < 2:
        return 1.0
    gains = []
    for place, left_out in enumerate(dates):
        others = [date for other, date in enumerate(dates) if other != place]
        gains.append(left_out.loss(1.0) - left_out.loss(estimate_slope(others)))
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    return estimate_slope(dates) if np.mean(gains) > error else 1.0


def apply_slope(model: Pipeline, slope: float, log_odds: Floats) -> None:
    """Multiply the coefficients of a fitted logistic regression; the mean probability stays.

    Args:
        model: Pipeline whose last step is the regression; changed in place.
        slope: The factor.
        log_odds: (rows,), the model's, of the rows it was trained on.
    """
    scaled = slope * log_odds
    classifier = model[-1]
    classifier.coef_ = slope * classifier.coef_
    classifier.intercept_ = slope * classifier.intercept_ + shift_to(
        float(expit(log_odds).mean()), scaled
    )
