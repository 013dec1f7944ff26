"""Contributions of features to gradient-boosted trees (path-dependent TreeSHAP).

A feature that is unknown to a tree is averaged over: a row goes to both branches of its splits, by
the shares of training rows that went there (Lundberg, Erion and Lee 2018, arXiv:1802.03888). The
contribution of a feature is its Shapley value in that game, and the base is the mean of the leaves,
weighted by training rows.

The package ``shap`` computes the same numbers by recursion, row by row. Here each leaf is one game
of the few features on its path, whose values depend only on which of them the row satisfies, so a
table of them is looked up for all rows at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from goldrun.errors import ContractError
from goldrun.learning.evaluation import Floats

Booleans = NDArray[np.bool_]
Nodes = NDArray[Any]
"""The nodes of one tree, a structured array of scikit-learn."""


@dataclass(frozen=True)
class _Leaf:
    """A leaf, and the path to it.

    Attributes:
        value: Log-odds that it adds.
        splits: By feature, its splits on the path as (node, whether the path goes left).
        shares: By feature, the share of training rows that its splits let through.
    """

    value: float
    splits: dict[int, list[tuple[int, bool]]]
    shares: dict[int, float]


def tree_contributions(
    classifier: HistGradientBoostingClassifier, values: Floats
) -> tuple[Floats, float]:
    """Compute the contributions of the features to the log-odds of each row.

    Args:
        classifier: Trained trees for classes 0 and 1, without categorical splits.
        values: (rows, features), NaN for null.

    Returns:
        (rows, features) contributions, and the mean log-odds, to which they add.

    Raises:
        ContractError: A split is categorical.
    """
    found = np.zeros(values.shape[::-1])
    base = float(np.ravel(classifier._baseline_prediction)[0])
    for (tree,) in classifier._predictors:
        nodes = tree.nodes
        if nodes["is_categorical"].any():
            raise ContractError("contributions to categorical splits are not known; use numbers")
        left = _goes_left(nodes, values)
        for leaf in _leaves(nodes):
            base += leaf.value * float(np.prod(list(leaf.shares.values())))
            _add_leaf(found, leaf, left)
    return np.ascontiguousarray(found.T), base


def _goes_left(nodes: Nodes, values: Floats) -> Booleans:
    """Return (nodes, rows): whether a row goes left at each split; leaves have no meaning."""
    at = values[:, nodes["feature_idx"]]
    left = np.where(np.isnan(at), nodes["missing_go_to_left"] == 1, at <= nodes["num_threshold"])
    return np.asarray(left.T, dtype=np.bool_)


def _leaves(nodes: Nodes, at: int = 0, path: tuple[tuple[int, bool], ...] = ()) -> Iterator[_Leaf]:
    if nodes["is_leaf"][at]:
        yield _leaf(nodes, float(nodes["value"][at]), path)
        return
    for child, is_left in ((nodes["left"][at], True), (nodes["right"][at], False)):
        yield from _leaves(nodes, int(child), (*path, (at, is_left)))


def _leaf(nodes: Nodes, value: float, path: tuple[tuple[int, bool], ...]) -> _Leaf:
    splits: dict[int, list[tuple[int, bool]]] = {}
    shares: dict[int, float] = {}
    for node, is_left in path:
        feature = int(nodes["feature_idx"][node])
        child = nodes["left" if is_left else "right"][node]
        splits.setdefault(feature, []).append((node, is_left))
        passed = float(nodes["count"][child]) / float(nodes["count"][node])
        shares[feature] = shares.get(feature, 1.0) * passed
    return _Leaf(value, splits, shares)


def _add_leaf(found: Floats, leaf: _Leaf, left: Booleans) -> None:
    """Add the contributions of a leaf to those of each row, (features, rows)."""
    if not leaf.splits:
        return
    pattern = np.zeros(left.shape[1], dtype=np.uint32)
    for bit, splits in enumerate(leaf.splits.values()):
        passes = np.ones(left.shape[1], dtype=np.bool_)
        for node, is_left in splits:
            passes &= left[node] if is_left else ~left[node]
        pattern |= passes.astype(np.uint32) << np.uint32(bit)
    games = leaf.value * _games(np.array(list(leaf.shares.values())))
    for contribution, feature in zip(games.T, leaf.splits, strict=True):
        found[feature] += np.ascontiguousarray(contribution)[pattern]


def _games(shares: Floats) -> Floats:
    """Return the Shapley values of a leaf of value 1, for every pattern of its features.

    The worth of a set of known features is the product of whether each of them is satisfied and of
    the shares of the others. Its Shapley value is an integral of a polynomial (Owen 1972,
    Management Science 18(5)), which Gauss-Legendre quadrature computes exactly.

    Args:
        shares: Share of training rows that the splits of each feature let through, above 0.

    Returns:
        (2 ** features, features): row p is that of rows which satisfy the features whose bit of p
        is set.
    """
    number = len(shares)
    satisfied = (np.arange(2**number)[:, None] >> np.arange(number)) & 1
    points, weights = np.polynomial.legendre.leggauss(number // 2 + 1)
    known = (points + 1) / 2  # Probability that each other feature is known, 0 to 1 exclusive.
    worths = shares[:, None] * (1 - known) + satisfied[:, :, None] * known
    of_others = worths.prod(axis=1, keepdims=True) / worths
    return np.asarray((satisfied - shares) * (of_others @ (weights / 2)), dtype=np.float64)
