"""Results of a model by group of customers: by place, device and tenure."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.contracts.entities import LOCATION
from goldrun.features.catalog.purchase_features import TENURE_DAYS
from goldrun.features.catalog.session_features import PREFERRED_DEVICE
from goldrun.learning.resampling import auc, compare

SMALLEST_GROUP = 50
"""Smaller groups are not shown: their numbers are noise, and describe few people."""
CATEGORIES = (LOCATION, PREFERRED_DEVICE)
"""Columns of ``gold/customer_features`` that customers are grouped by as they are."""
UNKNOWN = "unknown"
_MOST_GROUPS = 12
_TENURES = (0, 30, 90, 180, 365)
_TITLES = {LOCATION: "location", PREFERRED_DEVICE: "device", TENURE_DAYS: "tenure"}
_AUC = "auc"


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for rows, and what came about.

    Attributes:
        values: (rows,), a probability, a number or the number of a class.
        labels: (rows,); None for an unsupervised model.
        label: Name of the label.
        is_probability: Whether ``values`` are probabilities of the label 1.
        names: Name of each class of an unsupervised model by its number.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.float64] | None = None
    label: str = ""
    is_probability: bool = False
    names: Mapping[int, str] | None = None


@dataclass(frozen=True)
class GroupResults:
    """Results by one column.

    Attributes:
        title: What customers are grouped by.
        table: One row a group, largest first, ranges ascending: its name, customers and results;
            empty if no customer has a value.
        hidden: Number of groups that are not in the table.
    """

    title: str
    table: pd.DataFrame
    hidden: int


def group_results(groups: pd.DataFrame, found: Predictions, seed: int) -> list[GroupResults]:
    """Measure a model in each group of the test rows.

    Args:
        groups: ``CATEGORIES`` and ``tenure_days``, one row per test row in their order.
        found: The model's predictions for these rows.
        seed: Seed of the intervals of the AUC.

    Returns:
        One result per column. Of a supervised model the table has the mean label, the mean
        prediction and, of probabilities, the AUC with its 95 % interval, missing if all labels
        are equal; of an unsupervised one the share of each class.
    """
    columns = {name: groups[name] for name in CATEGORIES} | {TENURE_DAYS: _bands(groups)}
    return [_by(_TITLES[name], column, found, seed) for name, column in columns.items()]


def _by(title: str, column: pd.Series, found: Predictions, seed: int) -> GroupResults:
    if column.isna().all():
        return GroupResults(title, pd.DataFrame(), 0)
    named = column.astype(object).where(column.notna(), UNKNOWN).reset_index(drop=True)
    sizes = named.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if isinstance(column.dtype, pd.CategoricalDtype):
        sizes = sizes.reindex([name for name in column.cat.categories if name in sizes.index])
    shown = sizes[sizes >= SMALLEST_GROUP]
    rows = [
        {title: name, "customers": int(size)} | _measure(found, (named == name).to_numpy(), seed)
        for name, size in shown[:_MOST_GROUPS].items()
    ]
    return GroupResults(title, pd.DataFrame(rows), len(sizes) - len(rows))


def _bands(groups: pd.DataFrame) -> pd.Series:
    """Name the range of days since the first order that each customer is in."""
    names = [
        *(f"{low} to {high - 1} days" for low, high in itertools.pairwise(_TENURES)),
        f"{_TENURES[-1]} days or more",
    ]
    return pd.cut(groups[TENURE_DAYS], [*_TENURES, np.inf], right=False, labels=names)


def _measure(found: Predictions, rows: NDArray[np.bool_], seed: int) -> dict[str, object]:
    values = found.values[rows]
    if found.labels is None:
        classes = sorted(set(found.values.astype(int)))
        names = found.names or {}
        return {names.get(n, f"class {n}"): float((values == n).mean()) for n in classes}
    labels = found.labels[rows]
    means: dict[str, object] = {
        f"mean {found.label}": float(labels.mean()),
        "mean prediction": float(values.mean()),
    }
    if not found.is_probability:
        return means
    if labels.min() == labels.max():
        return means | {"AUC": None}
    interval = compare({_AUC: auc}, labels, {"model": values}, seed=seed)[_AUC].each["model"]
    return means | {"AUC": interval}
