"""Settings of the churn model."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from goldrun.contracts.strict import Strict
from goldrun.errors import did_you_mean
from goldrun.features.catalog import refund_features, session_features, totals, window_features
from goldrun.features.labels import Step
from goldrun.learning.churn.campaign import Campaign
from goldrun.learning.churn.estimators import ESTIMATORS, SEEDED
from goldrun.learning.inputs import MOST_DAYS, ModelSettings, check_features

Scalar = bool | int | float | str
EstimatorName = Literal[
    "logistic_regression",
    "spline_logistic_regression",
    "pairwise_logistic_regression",
    "hist_gradient_boosting",
]
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
_OF_ONE = ("estimator", "features", "parameters", "slope")
"""Keys of a file without candidates."""


class Candidate(Strict):
    """A table ``[candidates.<name>]``.

    Attributes:
        estimator: One of ``ESTIMATORS``.
        features: Name of one of ``feature_sets``.
        parameters: Arguments of the classifier by scikit-learn's names; a list gives one candidate
            for each of its values.
    """

    estimator: EstimatorName
    features: str
    parameters: dict[str, Scalar | Annotated[list[Scalar], Field(min_length=1)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _parameters_exist(self) -> "Candidate":
        check_parameters(self.estimator, self.parameters)
        return self

    def grid(self) -> Iterator[dict[str, Scalar]]:
        """Return each combination of the parameters' values, in the order of the lists."""
        lists = [v if isinstance(v, list) else [v] for v in self.parameters.values()]
        for values in product(*lists):
            yield dict(zip(self.parameters, values, strict=True))

    def named(self, name: str, values: Mapping[str, Scalar]) -> str:
        """Return the name of a candidate, with the values that were chosen from lists."""
        listed = (k for k, v in self.parameters.items() if isinstance(v, list) and len(v) > 1)
        return " ".join([name, *(f"{key}={values[key]}" for key in listed)])


class ChurnSettings(ModelSettings):
    """Settings in ``models/churn.toml``: of several candidates, or of one.

    Attributes:
        features: Features of the only candidate; empty if there are several.
        estimator: Estimator of the only candidate.
        parameters: Its arguments by scikit-learn's names, without ``random_state``, which is
            ``seed``.
        slope: Factor of the log-odds of a regression, below 1 for less extreme probabilities with
            the same mean; the choice among candidates estimates it.
        feature_sets: Features by name of the set.
        candidates: The candidates by name, the simplest first. One is chosen at dates before the
            test.
        horizon_days: A customer without a completed order in the ``horizon_days`` days from as_of
            has churned.
        origins_every: Step from one training origin to the next.
        max_origins: Maximum number of training origins; all their label windows end by the test
            origin.
        choice_origins: Maximum number of dates at which candidates are compared, two weeks or a
            month apart.
        campaign: Value and cost of an offer to a customer, for the expected profit; None if
            nothing is computed of it.
    """

    not_in_gate = frozenset({"min_agreement"})
    features: tuple[str, ...] = ()
    estimator: EstimatorName = "logistic_regression"
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    slope: float = Field(default=1.0, gt=0, le=10)
    feature_sets: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    candidates: dict[str, Candidate] = Field(default_factory=dict)
    horizon_days: int = Field(default=90, ge=1, le=MOST_DAYS)
    origins_every: Step = "month"
    max_origins: int = Field(default=4, ge=1, le=120)
    choice_origins: int = Field(default=6, ge=1, le=24)
    campaign: Campaign | None = None

    @field_validator("feature_sets")
    @classmethod
    def _sets_are_of_features(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, features in value.items():
            if not check_features(features):
                raise ValueError(f"{name} has no feature; write some, or remove the set")
        return value

    @model_validator(mode="after")
    def _is_of_one_or_of_several(self) -> "ChurnSettings":
        if self.candidates:
            self._check_several()
        else:
            self._check_one()
        return self

    def _check_one(self) -> None:
        if not self.features:
            raise ValueError("features is missing; add it, or [feature_sets] and [candidates]")
        if self.feature_sets:
            raise ValueError("[feature_sets] is given without [candidates]; add these, or drop it")
        check_parameters(self.estimator, self.parameters)
        if self.slope != 1 and not ESTIMATORS[self.estimator].is_linear:
            raise ValueError(f"slope is of a regression, and {self.estimator} is none; drop it")

    def _check_several(self) -> None:
        if given := [key for key in _OF_ONE if key in self.model_fields_set]:
            raise ValueError(
                f"{', '.join(given)} is given beside [candidates]; give it in a candidate"
            )
        for name, candidate in self.candidates.items():
            self._check_set(name, candidate)
        if len(self.each()) < sum(len(list(one.grid())) for one in self.candidates.values()):
            raise ValueError("two candidates have one name; rename one, or drop a repeated value")

    def _check_set(self, name: str, candidate: Candidate) -> None:
        if candidate.features not in self.feature_sets:
            near = did_you_mean(candidate.features, self.feature_sets)
            raise ValueError(
                f"[candidates.{name}] features = {candidate.features!r} is no feature set{near}; "
                f"write one of {', '.join(self.feature_sets) or 'those that [feature_sets] has'}"
            )

    def each(self) -> "dict[str, ChurnSettings]":
        """Return the settings of each candidate, as if it were the only one, by its name."""
        if not self.candidates:
            return {self.estimator: self}
        return {
            candidate.named(name, values): self._of(candidate, values)
            for name, candidate in self.candidates.items()
            for values in candidate.grid()
        }

    def _of(self, candidate: Candidate, values: dict[str, Scalar]) -> "ChurnSettings":
        only = {
            "features": self.feature_sets[candidate.features],
            "estimator": candidate.estimator,
            "parameters": values,
            "feature_sets": {},
            "candidates": {},
        }
        return self.model_copy(update=only)

    @property
    def longest_window_days(self) -> int:
        """Longest look-back window among all features, in days; 0 when there is none."""
        used = {name for settings in self.each().values() for name in settings.features}
        windows = [
            days for days in totals.WINDOWS if any(name_in(days) in used for name_in in _IN_WINDOW)
        ]
        if window_features.SPEND_TREND in used:
            windows.append(2 * totals.TREND_DAYS)
        return max(windows, default=0)


def check_parameters(estimator: str, parameters: Mapping[str, object]) -> None:
    """Check names of parameters; ValueError for one that does not exist or that the seed sets."""
    known = ESTIMATORS[estimator].arguments()
    for name in parameters:
        if name == SEEDED:
            raise ValueError(f"[parameters] {SEEDED} is set by seed; give that instead")
        if name not in known:
            raise ValueError(
                f"[parameters] {name!r} is not a parameter of {estimator}"
                f"{did_you_mean(name, known)}; write one of {', '.join(known)}"
            )
