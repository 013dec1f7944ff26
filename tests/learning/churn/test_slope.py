"""The slope of log-odds, estimated on dates that a model was not trained on."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from goldrun.features.catalog import purchase_features
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.churn.slope import Dated, estimate_slope, slope_that_helps

FEATURES = (purchase_features.RECENCY_DAYS, purchase_features.PURCHASE_FREQUENCY)


def date_with(slope: float, shift: float, seed: int, rows: int = 4000) -> Dated:
    """Return predictions whose true log-odds are slope times theirs, plus a shift."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(0, 1.5, rows)
    labels = (random.random(rows) < expit(slope * log_odds + shift)).astype(float)
    return Dated(log_odds, labels)


def test_the_slope_that_made_the_labels_is_found_whatever_the_base_rates() -> None:
    dates = [date_with(0.7, shift, seed) for seed, shift in enumerate((-1.0, 0.0, 0.8))]
    assert estimate_slope(dates) == pytest.approx(0.7, abs=0.03)
    assert slope_that_helps(dates) == estimate_slope(dates)


def test_the_slope_is_that_of_a_logistic_regression_with_an_intercept_a_date() -> None:
    # Shifting to the base rate is the intercept's maximum likelihood, but for the slope's own pull.
    dates = [date_with(0.7, 0.3, seed) for seed in range(3)]
    inputs = np.vstack(
        [
            np.column_stack(
                [d.log_odds, *[np.full(len(d.labels), float(p == q)) for q in range(3)]]
            )
            for p, d in enumerate(dates)
        ]
    )
    direct = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    direct.fit(inputs, np.concatenate([d.labels for d in dates]))
    assert estimate_slope(dates) == pytest.approx(direct.coef_[0, 0], abs=1e-3)


def test_a_slope_that_does_not_help_on_other_dates_is_not_used() -> None:
    assert slope_that_helps([date_with(1.0, 0.0, seed) for seed in range(4)]) == 1
    assert slope_that_helps([date_with(s, 0.0, 9) for s in (0.6, 1.6)]) == 1


def test_one_date_gives_no_slope() -> None:
    assert slope_that_helps([date_with(0.5, 0.0, 0)]) == 1


@pytest.mark.parametrize("estimator", ["logistic_regression", "pairwise_logistic_regression"])
def test_a_slope_keeps_mean_and_ranking_and_pulls_probabilities_together(estimator: str) -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame({name: np.floor(random.exponential(30, 900)) for name in FEATURES})
    labels = (random.random(900) < expit(frame[FEATURES[0]] / 30 - 1)).astype(int)
    given = {"estimator": estimator, "features": FEATURES}
    plain, shrunk = (
        churn_probability(fit_churn(settings, frame, labels), frame, FEATURES)
        for settings in (
            ChurnSettings.model_validate(given),
            ChurnSettings.model_validate(given | {"slope": 0.6}),
        )
    )
    assert shrunk.mean() == pytest.approx(plain.mean(), abs=1e-9)
    assert np.array_equal(np.argsort(shrunk, kind="stable"), np.argsort(plain, kind="stable"))
    ratio = np.diff(np.log(shrunk / (1 - shrunk))[:2]) / np.diff(np.log(plain / (1 - plain))[:2])
    assert ratio == pytest.approx(0.6)


def test_trees_have_no_slope() -> None:
    with pytest.raises(ValueError, match="slope is of a regression"):
        ChurnSettings.model_validate(
            {"estimator": "hist_gradient_boosting", "features": FEATURES, "slope": 0.8}
        )
