"""The estimators of churn that a settings file can name: one entry each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures, SplineTransformer, StandardScaler

from goldrun.learning.signed_log import log_step

Steps = list[tuple[str, Any]]

CLASSIFY = "classify"
"""Name of the last step."""
SEEDED = "random_state"
"""Argument of a classifier that the setting ``seed`` sets."""
_KNOTS = 4


@dataclass(frozen=True)
class Estimator:
    """What precedes a classifier in the pipeline, and the classifier.

    Attributes:
        classifier: Class of scikit-learn; its arguments are the candidate's parameters.
        before: Takes the names of the features; returns the steps before the classifier.
        defaults: Arguments that differ from scikit-learn's defaults.
    """

    classifier: type[Any]
    before: Callable[[Sequence[str]], Steps]
    defaults: Mapping[str, Any]

    @property
    def is_linear(self) -> bool:
        """Whether the log-odds are linear in what the classifier reads."""
        return self.classifier is LogisticRegression

    def pipeline(
        self, features: Sequence[str], parameters: Mapping[str, Any], seed: int
    ) -> Pipeline:
        """Return the untrained pipeline; it has scikit-learn classes only."""
        given = {SEEDED: seed, **self.defaults, **parameters}
        return Pipeline([*self.before(features), (CLASSIFY, self.classifier(**given))])

    def arguments(self) -> list[str]:
        """Return the names of the parameters that can be set, in alphabetical order."""
        return sorted(set(self.classifier().get_params()) - {SEEDED})


def _logs(features: Sequence[str]) -> Steps:
    """Nulls become the median, beside an indicator; counts and money become signed logarithms."""
    impute = SimpleImputer(strategy="median", add_indicator=True)
    return [("impute", impute), ("log1p", log_step(features, by_position=True))]


def _linear(features: Sequence[str]) -> Steps:
    return [*_logs(features), ("scale", StandardScaler())]


def _pairwise(features: Sequence[str]) -> Steps:
    products = PolynomialFeatures(2, include_bias=False)
    return [*_linear(features), ("products", products), ("scale_products", StandardScaler())]


def _splines(features: Sequence[str]) -> Steps:
    # Constant outside the training range, so that no customer is extrapolated to.
    splines = SplineTransformer(n_knots=_KNOTS, knots="quantile", extrapolation="constant")
    return [*_logs(features), ("splines", splines), ("scale", StandardScaler())]


def _none(features: Sequence[str]) -> Steps:
    """Boosted trees read features as they are, nulls included."""
    return []


_MORE_STEPS = {"max_iter": 1000}

ESTIMATORS: dict[str, Estimator] = {
    "logistic_regression": Estimator(LogisticRegression, _linear, {}),
    "spline_logistic_regression": Estimator(LogisticRegression, _splines, _MORE_STEPS),
    "pairwise_logistic_regression": Estimator(LogisticRegression, _pairwise, _MORE_STEPS),
    # Early stopping would hold rows back at random.
    "hist_gradient_boosting": Estimator(
        HistGradientBoostingClassifier, _none, {"early_stopping": False}
    ),
}
