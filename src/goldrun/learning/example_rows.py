"""Input rows that show what a model predicts, and are no customer's."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pyspark.sql import types as T

from goldrun.features.catalog.feature_tables import NUMERIC_FEATURES

_WHOLE = {each.name for each in NUMERIC_FEATURES if isinstance(each.type, T.IntegralType)}
_ROWS = 20
_TAIL = 0.05


def example_rows(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Return rows of typical values of each feature, in combinations that no customer has.

    Each column holds the quantiles of its feature from 5 % to 95 % in an order of its own, so that
    no row is copied from a customer. Where the feature is null for some, so it is in the first row.

    Args:
        frame: Rows of ``gold/customer_features``; at least one.
        features: Names of the columns.

    Returns:
        20 rows, float64; equal frames give equal rows.
    """
    shuffle, levels = np.random.default_rng(0), np.linspace(_TAIL, 1 - _TAIL, _ROWS)
    columns = {}
    for name in features:
        known = frame[name].dropna().to_numpy(dtype=np.float64)
        values = np.quantile(known, levels) if len(known) else np.full(_ROWS, np.nan)
        values = shuffle.permutation(np.rint(values) if is_whole(name) else values)
        if len(known) < len(frame):
            values[0] = np.nan
        columns[name] = values
    return pd.DataFrame(columns)


def is_whole(feature: str) -> bool:
    """Whether ``gold/customer_features`` holds a feature as an integer."""
    return feature in _WHOLE
