"""Example rows are typical, whole where gold has integers, and no customer's."""

import numpy as np
import pandas as pd
import pytest

from goldrun.learning.example_rows import example_rows, is_whole

FEATURES = ["recency_days", "purchase_frequency", "total_spend", "cancellation_rate"]


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "customer_id": [str(n) for n in range(500)],
            "recency_days": rng.integers(0, 300, 500).astype(float),
            "purchase_frequency": rng.integers(1, 30, 500).astype(float),
            "total_spend": rng.gamma(2, 50, 500),
            "cancellation_rate": np.where(rng.random(500) < 0.1, np.nan, rng.random(500)),
        }
    )


def test_no_row_is_a_customers(frame: pd.DataFrame) -> None:
    rows = example_rows(frame, FEATURES)
    assert list(rows.columns) == FEATURES
    assert len(rows) == 20
    assert len(rows.merge(frame, on=FEATURES)) == 0
    # Ordered columns would pair the largest values with the largest.
    assert rows.corr().abs().to_numpy()[np.triu_indices(4, 1)].max() < 0.9


def test_values_lie_between_the_customers(frame: pd.DataFrame) -> None:
    rows = example_rows(frame, FEATURES)
    for name in FEATURES:
        assert frame[name].quantile(0.04) <= rows[name].min()
        assert rows[name].max() <= frame[name].quantile(0.96) + 1


def test_integers_of_gold_are_whole_numbers(frame: pd.DataFrame) -> None:
    rows = example_rows(frame, FEATURES)
    whole = [name for name in FEATURES if (rows[name].dropna() % 1 == 0).all()]
    assert whole == ["recency_days", "purchase_frequency"] == list(filter(is_whole, FEATURES))


def test_the_first_row_is_null_where_some_customers_are(frame: pd.DataFrame) -> None:
    rows = example_rows(frame, FEATURES)
    assert rows.isna().sum().to_dict() == {**dict.fromkeys(FEATURES[:3], 0), FEATURES[3]: 1}
    assert np.isnan(rows.cancellation_rate[0])
    unknown = example_rows(frame.assign(cancellation_rate=np.nan), FEATURES)
    assert unknown.cancellation_rate.isna().all()


def test_equal_frames_give_equal_rows(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(example_rows(frame, FEATURES), example_rows(frame, FEATURES))
