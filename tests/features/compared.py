"""Features beside those that DuckDB computes: each column equal."""

import pandas as pd

from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES

_NULLS = ["None", "nan", "NaN", "<NA>"]
"""How pandas writes a null as text, by the type of its column."""


def assert_equal_features(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare the features of customers, who are in the same order in both."""
    for name in CUSTOMER_FEATURES.names[2:]:
        ours, theirs = found[name], expected[name]
        if CUSTOMER_FEATURES.column(name).type.typeName() in {"string", "date"}:
            ours, theirs = (c.astype(str).replace(_NULLS, "") for c in (ours, theirs))
            theirs = theirs.str.removesuffix(" 00:00:00")
        else:
            ours, theirs = (c.astype(float) for c in (ours, theirs))
        pd.testing.assert_series_equal(ours, theirs, rtol=1e-12, check_names=False)
