"""Check the trees of a loaded model: scikit-learn follows their numbers without checking bounds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

_FORESTS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def invalid_trees(model: Any) -> str:
    """Describe the first tree that points outside its nodes or features; empty if there is none.

    A node must lie before its children, so that every path ends. Splits by category are described
    as invalid too, because goldrun's features are numbers.
    """
    for forest in _forests(model):
        trees = [tree for iteration in getattr(forest, "_predictors", []) for tree in iteration]
        for number, tree in enumerate(trees):
            if not _is_valid(tree.nodes, forest.n_features_in_):
                return f"tree {number} points outside its nodes or features"
    return ""


def _is_valid(nodes: np.ndarray[Any, Any], features: int) -> bool:
    """Whether the nodes of a stored tree can be walked: forwards only, and to existing features.

    The models of goldrun have no categorical splits, whose bitmaps are stored apart.
    """
    inner = nodes["is_leaf"] == 0
    here = np.flatnonzero(inner)
    children = np.stack([nodes["left"][inner], nodes["right"][inner]]).astype(np.int64)
    feature = nodes["feature_idx"][inner].astype(np.int64)
    return bool(
        len(nodes)
        and (children > here).all()
        and (children < len(nodes)).all()
        and (feature >= 0).all()
        and (feature < features).all()
        and not nodes["is_categorical"][inner].any()
    )


def _forests(value: Any) -> Iterator[Any]:
    """Yield the forests among a model, its parts and its steps."""
    if isinstance(value, _FORESTS):
        yield value
    elif isinstance(value, dict):
        yield from _forests(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _forests(each)
    elif isinstance(value, BaseEstimator) or type(value).__module__.startswith("sklearn."):
        yield from _forests(list(vars(value).values()) if hasattr(value, "__dict__") else [])
