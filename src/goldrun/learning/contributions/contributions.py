"""Additive contributions of features to a classifier's log-odds, for every shipped pipeline."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from goldrun.errors import ContractError
from goldrun.learning.contributions.linear import linear_contributions
from goldrun.learning.contributions.trees import tree_contributions
from goldrun.learning.evaluation import Floats
from goldrun.learning.inputs import feature_frame

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Contributions:
    """What each feature adds to the log-odds of each row, relative to the average row of training.

    Attributes:
        features: Names of the features, in the order of the model's inputs.
        values: (rows, features), in log-odds: above 0 if the feature raises the probability of
            class 1.
        base: Log-odds that the contributions are added to: those of the average row.
    """

    features: tuple[str, ...]
    values: Floats
    base: float

    def importance(self) -> pd.DataFrame:
        """Return ``feature`` and ``mean_abs_contribution`` over the rows, the largest first."""
        mean = pd.Series(np.abs(self.values).mean(axis=0), index=list(self.features))
        largest_first = mean.sort_values(ascending=False, kind="stable")
        return largest_first.rename_axis("feature").reset_index(name="mean_abs_contribution")


def contributions(model: Pipeline, frame: pd.DataFrame, features: tuple[str, ...]) -> Contributions:
    """Compute the Shapley values of the features of a fitted classifier of 0 and 1.

    They are exact, not sampled: ``linear`` and ``trees`` say relative to what. Base and
    contributions of a row add up to its log-odds (``decision_function``), which is checked.

    Args:
        model: A trained pipeline that ends in a logistic regression or in gradient-boosted trees.
        frame: Rows of ``gold/customer_features``, at least one.
        features: The features it was trained on, in that order.

    Raises:
        ContractError: A feature is missing, not a number, infinite, or below its contract's
            minimum; or the pipeline is none whose contributions are known.
    """
    inputs = feature_frame(frame, features)
    classifier = model[-1]
    if isinstance(classifier, LogisticRegression):
        values, base = linear_contributions(model, inputs)
    elif isinstance(classifier, HistGradientBoostingClassifier) and len(model) == 1:
        values, base = tree_contributions(classifier, inputs.to_numpy())
    else:
        raise ContractError(
            f"contributions of the features of {type(classifier).__name__} are not known; train a "
            "model with another estimator"
        )
    _check_sums(model, inputs, values.sum(axis=1) + base)
    return Contributions(features, values, base)


def _check_sums(model: Pipeline, inputs: pd.DataFrame, added: Floats) -> None:
    """Raise if contributions don't add up to the log-odds: a step was not understood."""
    log_odds = model.decision_function(inputs)
    error = float(np.max(np.abs(added - log_odds) / np.maximum(1.0, np.abs(log_odds))))
    if not error <= _TOLERANCE:
        raise ContractError(
            f"contributions of the features differ from the model's log-odds by {error:.1g}: the "
            f"pipeline {', '.join(model.named_steps)} has a step that goldrun does not know; train "
            "the model again"
        )
