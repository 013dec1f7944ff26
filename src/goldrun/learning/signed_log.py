"""Logarithms of features: log(1 + x), mirrored at 0 for features that can be negative."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures

from goldrun.features.catalog.feature_tables import feature_named


def signed_log(values: ArrayLike) -> NDArray[np.float64]:
    """Return sign(x) * log(1 + |x|), which is log(1 + x) if x is not negative."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.asarray(np.sign(numbers) * np.log1p(np.abs(numbers)), dtype=np.float64)


def signed_exp(logs: ArrayLike) -> NDArray[np.float64]:
    """Return the numbers whose ``signed_log`` is given."""
    numbers = np.asarray(logs, dtype=np.float64)
    return np.asarray(np.sign(numbers) * np.expm1(np.abs(numbers)), dtype=np.float64)


def can_be_negative(feature: str) -> bool:
    """Whether the contract of a feature has no minimum."""
    return feature_named(feature).minimum is None


def log_step(
    features: Sequence[str], *, by_position: bool = False
) -> FunctionTransformer | ColumnTransformer:
    """Return the untrained step of a pipeline that computes ``signed_log`` of each feature.

    It consists of scikit-learn classes and functions of numpy, so that a model loads without
    goldrun. No function of numpy is the signed logarithm, so it is made as the product of sign and
    logarithm.

    Args:
        features: Names of the columns, in order; the result has the same order, and further
            columns after them, such as indicators of 0 and 1, are kept.
        by_position: Whether the step before it returns columns without names.
    """
    if not any(map(can_be_negative, features)):
        return _function(np.log1p)
    steps = [
        (name, _signed() if can_be_negative(name) else _function(np.log1p), [column])
        for name, column in zip(
            features, range(len(features)) if by_position else features, strict=True
        )
    ]
    return ColumnTransformer(steps, remainder="passthrough", verbose_feature_names_out=False)


def _signed() -> Pipeline:
    size = Pipeline([("absolute", _function(np.absolute)), ("log1p", _function(np.log1p))])
    parts = FeatureUnion([("sign", _function(np.sign)), ("log1p", size)])
    # The columns are sign, logarithm and their product.
    products = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    product = ColumnTransformer([("product", "passthrough", [2])])
    return Pipeline([("parts", parts), ("products", products), ("product", product)])


def _function(function: np.ufunc) -> FunctionTransformer:
    return FunctionTransformer(function, feature_names_out="one-to-one")
