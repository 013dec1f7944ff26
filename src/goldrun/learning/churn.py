"""The chance that a customer stays away: settings, training, scoring, and scores to beat."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from goldrun.contracts import purchase_features
from goldrun.errors import AsOfError, SettingsError, did_you_mean
from goldrun.features.labels import CHURNED
from goldrun.learning.evaluation import checked_labels
from goldrun.learning.inputs import MOST_DAYS, ModelConfig, canonical_order, feature_frame

__all__ = [
    "CHURNED",
    "ChurnConfig",
    "baseline_scores",
    "build_classifier",
    "churn_probability",
    "fit_churn",
]

_ESTIMATORS: dict[str, type[Any]] = {
    "logistic_regression": LogisticRegression,
    "hist_gradient_boosting": HistGradientBoostingClassifier,
}
_SEEDED = "random_state"


class ChurnConfig(ModelConfig):
    """What ``models/churn.toml`` says.

    Attributes:
        estimator: Which scikit-learn classifier.
        horizon_days: A customer has churned who completes no order in that many days after as_of.
        max_origins: Most dates to train on, a month apart; their labels all end by the test's
            as_of.
        parameters: Arguments of the classifier by scikit-learn's names, except ``random_state``,
            which is ``seed``.
    """

    estimator: Literal["logistic_regression", "hist_gradient_boosting"]
    horizon_days: int = Field(default=90, ge=1, le=MOST_DAYS)
    max_origins: int = Field(default=4, ge=1, le=120)
    parameters: dict[str, bool | int | float | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _parameters_exist(self) -> "ChurnConfig":
        known = sorted(set(_ESTIMATORS[self.estimator]().get_params()) - {_SEEDED})
        for name in self.parameters:
            if name == _SEEDED:
                raise ValueError(f"[parameters] {_SEEDED} is set by seed; give that instead")
            if name not in known:
                raise ValueError(
                    f"[parameters] {name!r} is not a parameter of {self.estimator}"
                    f"{did_you_mean(name, known)}; write one of {', '.join(known)}"
                )
        return self

    @property
    def longest_window_days(self) -> int:
        """Longest look-back window among the features, in days; 0 when there is none."""
        used = (
            days
            for days in purchase_features.WINDOWS
            if purchase_features.frequency_in(days) in self.features
            or purchase_features.spend_in(days) in self.features
        )
        return max(used, default=0)


def build_classifier(config: ChurnConfig) -> Pipeline:
    """Make the untrained model: scikit-learn's own parts only, so that it loads without goldrun.

    Logistic regression sees medians for nulls, then log(1 + x) because counts and money are
    skewed, then standardised columns. Gradient-boosted trees take the features as they are, nulls
    included, and stop early only if ``parameters`` say so: that would hold rows back at random.
    """
    if config.estimator == "logistic_regression":
        classifier = LogisticRegression(**{_SEEDED: config.seed, **config.parameters})
        return Pipeline(
            [
                ("impute", SimpleImputer(strategy="median")),
                ("log1p", FunctionTransformer(np.log1p, feature_names_out="one-to-one")),
                ("scale", StandardScaler()),
                ("classify", classifier),
            ]
        )
    given = {_SEEDED: config.seed, "early_stopping": False, **config.parameters}
    return Pipeline([("classify", HistGradientBoostingClassifier(**given))])


def fit_churn(config: ChurnConfig, frame: pd.DataFrame, labels: ArrayLike) -> Pipeline:
    """Train on the rows of one or more origins; the order of the rows does not matter.

    Args:
        config: The settings.
        frame: Rows of ``gold/customer_features`` with at least ``config.features``.
        labels: (rows,), 1 for who churned, 0 for who came back.

    Raises:
        AsOfError: The labels are all equal, or a feature is null in every row.
        ContractError: A feature is missing, not a number, negative or infinite.
        SettingsError: scikit-learn refuses the value of a parameter.
        ValueError: A label is not 0 or 1, or there is not one for each row.
    """
    features, outcome = feature_frame(frame, config.features), checked_labels(labels)
    if len(features) != len(outcome):
        raise ValueError(f"{len(features)} rows but {len(outcome)} labels")
    unknown = [name for name in config.features if features[name].isna().all()]
    if unknown:
        raise AsOfError(
            f"churn: {', '.join(unknown)} is null in all {len(features)} rows, because the history "
            "before as_of is shorter than the window; give a later as_of or drop the feature"
        )
    order = canonical_order(features.assign(**{CHURNED: outcome}))
    try:
        return build_classifier(config).fit(features.iloc[order], outcome[order].astype(np.int64))
    except ValueError as error:  # the data were checked above, so it is a parameter's value
        raise SettingsError(f"churn: {config.estimator} refuses [parameters]: {error}") from error


def churn_probability(
    model: Pipeline, frame: pd.DataFrame, features: tuple[str, ...]
) -> NDArray[np.float64]:
    """Score customers.

    Args:
        model: A trained churn model.
        frame: Rows of ``gold/customer_features``.
        features: The features it was trained on, in that order.

    Returns:
        (rows,): chance of no completed order within the model's horizon, 0 to 1.

    Raises:
        ContractError: A feature is missing, not a number, negative or infinite.
    """
    churned = list(model.classes_).index(1)
    probabilities = model.predict_proba(feature_frame(frame, features))
    return np.asarray(probabilities[:, churned], dtype=np.float64)


def baseline_scores(frame: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Rules that need no training, which a model must beat; higher is likelier to churn.

    Returns:
        ``recency``: days since the last purchase; ``frequency``: orders so far, negated. Each
        (rows,).

    Raises:
        ContractError: A column is missing, not a number, negative or infinite.
    """
    rules = feature_frame(
        frame, (purchase_features.RECENCY_DAYS, purchase_features.PURCHASE_FREQUENCY)
    )
    return {
        "recency": rules[purchase_features.RECENCY_DAYS].to_numpy(dtype=np.float64),
        "frequency": -rules[purchase_features.PURCHASE_FREQUENCY].to_numpy(dtype=np.float64),
    }
