"""Contributions of features to a logistic regression on transformed features.

The log-odds are a sum of terms: of the columns before the classifier, each times its coefficient.
A column depends on one feature (its value, its missing indicator, one of its splines), or on two
(a product). With the average row of training as the baseline, at which every standardised column
is 0, the Shapley value of a feature is the sum of its own terms and half of each product that it
shares with another feature (a unanimity game: Shapley 1953).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from goldrun.errors import ContractError
from goldrun.learning.evaluation import Floats

_BY_COLUMN = (FunctionTransformer, ColumnTransformer, StandardScaler)
"""Steps of these pipelines that compute each column from the column in its place."""


def linear_contributions(model: Pipeline, inputs: pd.DataFrame) -> tuple[Floats, float]:
    """Compute the contributions of the features to the log-odds of each row.

    Args:
        model: A trained pipeline of transformers, of which the last standardises, and a logistic
            regression. Products, if any, are of standardised columns.
        inputs: The features of the rows, in the order of the model's inputs.

    Returns:
        (rows, features) contributions, and the log-odds of the average row, to which they add.

    Raises:
        ContractError: The pipeline has other steps.
    """
    shares = _shares(model)
    classifier, scale = model[-1], model[-2]
    coefficients, base = classifier.coef_[0], float(classifier.intercept_[0])
    if any(isinstance(step, PolynomialFeatures) for step in model[:-1]):
        # A product of deviations from the average is 0 at the average row, not its mean over rows.
        columns = model[:-2].transform(inputs)
        base -= float(np.sum(coefficients * scale.mean_ / scale.scale_))
        coefficients = coefficients / scale.scale_
    else:
        columns = model[:-1].transform(inputs)
    return np.asarray(columns * coefficients @ shares, dtype=np.float64), base


def _shares(model: Pipeline) -> Floats:
    """Return (columns, features): the share of each column's term that each feature has."""
    _check_scaled(model)
    owners: Sequence[int] = range(model.n_features_in_)
    products = None
    for step in model[:-1]:
        if isinstance(step, SimpleImputer):
            owners = _imputed(step)
        elif isinstance(step, SplineTransformer):
            owners = np.repeat(owners, step.n_features_out_ // step.n_features_in_).tolist()
        elif isinstance(step, PolynomialFeatures):
            products = step.powers_
        elif not isinstance(step, _BY_COLUMN):
            raise _unknown(model)
    of_columns = np.eye(model.n_features_in_)[list(owners)]
    if products is None:
        return of_columns
    involved = (products @ of_columns > 0).astype(np.float64)
    return np.asarray(involved / involved.sum(axis=1, keepdims=True), dtype=np.float64)


def _check_scaled(model: Pipeline) -> None:
    """Raise if the classifier's inputs, or those of products, are not standardised."""
    steps = [step for _, step in model.steps]
    products = [n for n, step in enumerate(steps) if isinstance(step, PolynomialFeatures)]
    for place in (*products, len(steps) - 1):
        if not place or not isinstance(steps[place - 1], StandardScaler):
            raise _unknown(model)


def _unknown(model: Pipeline) -> ContractError:
    return ContractError(
        f"contributions of features to the pipeline {', '.join(model.named_steps)} are not known; "
        "train the model again"
    )


def _imputed(step: SimpleImputer) -> list[int]:
    """Return the feature of each column after an imputation: the values, then the indicators."""
    empty = np.isnan(step.statistics_.astype(np.float64))
    values = [
        place for place, is_empty in enumerate(empty) if step.keep_empty_features or not is_empty
    ]
    indicators = [] if step.indicator_ is None else step.indicator_.features_.tolist()
    return [*values, *indicators]
