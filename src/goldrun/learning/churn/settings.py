"""Settings of the churn model."""

from typing import Any, Literal

from pydantic import Field, model_validator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from goldrun.errors import did_you_mean
from goldrun.features.catalog import refund_features, session_features, totals, window_features
from goldrun.learning.churn.campaign import Campaign
from goldrun.learning.inputs import MOST_DAYS, ModelSettings

_ESTIMATORS: dict[str, type[Any]] = {
    "logistic_regression": LogisticRegression,
    "hist_gradient_boosting": HistGradientBoostingClassifier,
}
_IN_WINDOW = (
    window_features.frequency_in,
    window_features.spend_in,
    window_features.spend_share_in,
    refund_features.net_spend_in,
    refund_features.refunded_in,
    refund_features.refund_rate_in,
    session_features.sessions_in,
)
"""Names of the features of a window by its length in days."""
SEEDED = "random_state"
"""Argument of an estimator that the setting ``seed`` sets."""


class ChurnSettings(ModelSettings):
    """Settings in ``models/churn.toml``.

    Attributes:
        estimator: The scikit-learn classifier.
        horizon_days: A customer without a completed order in the ``horizon_days`` days from as_of
            has churned.
        max_origins: Maximum number of training origins, a month apart; all their label windows end
            by the test origin.
        parameters: Arguments of the classifier by scikit-learn's names, without ``random_state``,
            which is ``seed``.
        campaign: Value and cost of an offer to a customer, for the expected profit; None where
            nothing is computed of it.
    """

    estimator: Literal["logistic_regression", "hist_gradient_boosting"]
    horizon_days: int = Field(default=90, ge=1, le=MOST_DAYS)
    max_origins: int = Field(default=4, ge=1, le=120)
    parameters: dict[str, bool | int | float | str] = Field(default_factory=dict)
    campaign: Campaign | None = None

    @model_validator(mode="after")
    def _parameters_exist(self) -> "ChurnSettings":
        known = sorted(set(_ESTIMATORS[self.estimator]().get_params()) - {SEEDED})
        for name in self.parameters:
            if name == SEEDED:
                raise ValueError(f"[parameters] {SEEDED} is set by seed; give that instead")
            if name not in known:
                raise ValueError(
                    f"[parameters] {name!r} is not a parameter of {self.estimator}"
                    f"{did_you_mean(name, known)}; write one of {', '.join(known)}"
                )
        return self

    @property
    def longest_window_days(self) -> int:
        """Longest look-back window among the features, in days; 0 when there is none."""
        used = [
            days
            for days in totals.WINDOWS
            if any(name_in(days) in self.features for name_in in _IN_WINDOW)
        ]
        if window_features.SPEND_TREND in self.features:
            used.append(2 * totals.TREND_DAYS)
        return max(used, default=0)
