"""Training and scoring of the churn classifier."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from goldrun.errors import AsOfError, SettingsError
from goldrun.features.catalog.feature_tables import feature_named
from goldrun.features.labels import CHURNED
from goldrun.learning.churn.estimators import ESTIMATORS
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.churn.slope import apply_slope
from goldrun.learning.evaluation import checked_labels
from goldrun.learning.inputs import canonical_order, feature_frame

_FEW_ROWS = 500_000


def build_classifier(settings: ChurnSettings) -> Pipeline:
    """Return the untrained pipeline of one candidate (``estimators.ESTIMATORS``).

    It has scikit-learn classes only and loads without goldrun.
    """
    estimator = ESTIMATORS[settings.estimator]
    return estimator.pipeline(settings.features, settings.parameters, settings.seed)


def fit_churn(settings: ChurnSettings, frame: pd.DataFrame, labels: ArrayLike) -> Pipeline:
    """Train on the rows of one or more origins; the order of the rows does not matter.

    Args:
        settings: The settings.
        frame: Rows of ``gold/customer_features`` with at least ``settings.features``.
        labels: (rows,), 1 for a customer who churned, else 0.

    Raises:
        AsOfError: Nobody or everybody churned, or a feature is null in every row.
        ContractError: A feature is missing, not a number, infinite, or below its contract's
            minimum.
        SettingsError: scikit-learn refuses the value of a parameter.
        ValueError: A label is not 0 or 1, or the number of labels differs from that of rows.
    """
    check_churners(labels, settings.horizon_days, "training")
    features, outcome = feature_frame(frame, settings.features), checked_labels(labels)
    if len(features) != len(outcome):
        raise ValueError(f"{len(features)} rows but {len(outcome)} labels")
    unknown = [name for name in settings.features if features[name].isna().all()]
    if unknown:
        raise AsOfError(
            f"churn: {', '.join(unknown)} is null in all {len(features)} rows ({_why(unknown)}); "
            "give a later as_of or drop the feature"
        )
    order = canonical_order(features.assign(**{CHURNED: outcome}))
    # Threads wait for each other longer than they work on few rows, most of all on a busy machine.
    threads = 1 if len(features) < _FEW_ROWS else None
    try:
        with threadpool_limits(threads):
            model = build_classifier(settings).fit(
                features.iloc[order], outcome[order].astype(np.int64)
            )
    except ValueError as error:  # The data were checked above, so a parameter's value is the cause.
        raise SettingsError(f"churn: {settings.estimator} refuses [parameters]: {error}") from error
    if settings.slope != 1:
        apply_slope(model, settings.slope, model.decision_function(features))
    return model


def check_churners(labels: ArrayLike, horizon_days: int, rows: str) -> None:
    """Raise an AsOfError if nobody or everybody churned.

    Args:
        labels: (rows,), 1 for a customer who churned.
        horizon_days: Length of the label window.
        rows: Kind of the rows, for the message.
    """
    churned = np.asarray(labels, dtype=np.float64)
    if not len(churned) or churned.min() != churned.max():
        return
    every, remedy = "all", f"set a smaller horizon_days than {horizon_days} in models/churn.toml"
    who = "nobody churned"
    if churned[0] == 1:
        every, who = "none of the", "everybody churned"
        remedy = (
            f"set a larger horizon_days than {horizon_days} in models/churn.toml, or do without a "
            "churn model where customers order only once"
        )
    raise AsOfError(
        f"churn: {every} {len(churned)} {rows} rows, each a customer as of a date, have a "
        f"completed order in the {horizon_days} days from that date: {who}, and nothing can be "
        f"learned or measured; {remedy}"
    )


def _why(features: Sequence[str]) -> str:
    """Return what a null of these features means, each meaning once."""
    meanings = (feature_named(name).null_means for name in features)
    return "; or ".join(dict.fromkeys(filter(None, meanings))) or "no customer has a value"


def churn_probability(
    model: Pipeline, frame: pd.DataFrame, features: tuple[str, ...]
) -> NDArray[np.float64]:
    """Return the probability of churn of each customer.

    Args:
        model: A trained churn model.
        frame: Rows of ``gold/customer_features``.
        features: The features it was trained on, in that order.

    Returns:
        (rows,): probability of no completed order within the model's horizon, 0 to 1.

    Raises:
        ContractError: A feature is missing, not a number, infinite, or below its contract's
            minimum.
    """
    churned = list(model.classes_).index(1)
    probabilities = model.predict_proba(feature_frame(frame, features))
    return np.asarray(probabilities[:, churned], dtype=np.float64)
