"""Customers whose chance of churn is known, and settings of a model of them."""

from typing import Any

import numpy as np
import pandas as pd

from goldrun.features.catalog import purchase_features
from goldrun.features.labels import CHURNED
from goldrun.learning.churn.settings import ChurnSettings

FEATURES = (
    purchase_features.RECENCY_DAYS,
    purchase_features.PURCHASE_FREQUENCY,
    purchase_features.TOTAL_SPEND,
    purchase_features.AVG_TRANSACTION_VALUE,
)


def config(estimator: str = "logistic_regression", **given: Any) -> ChurnSettings:
    return ChurnSettings.model_validate({"estimator": estimator, "features": FEATURES, **given})


def shop(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Customers whose true chance of churn is logistic in the logarithms of the features."""
    random = np.random.default_rng(seed)
    orders = 1.0 + random.poisson(3, rows)
    value = random.lognormal(3, 0.5, rows)
    recency = np.floor(random.exponential(60, rows))
    logit = 1.2 * (np.log1p(recency) - 3.5) - 1.5 * (np.log1p(orders) - 1.5)
    chance = 1 / (1 + np.exp(-logit))
    return pd.DataFrame(
        {
            purchase_features.RECENCY_DAYS: recency,
            purchase_features.PURCHASE_FREQUENCY: orders,
            purchase_features.TOTAL_SPEND: orders * value,
            purchase_features.AVG_TRANSACTION_VALUE: value,
            purchase_features.TENURE_DAYS: recency + 30 * (orders - 1),
            purchase_features.PURCHASE_GAP_MEAN_DAYS: np.where(orders > 1, 30.0, np.nan),
            "chance": chance,
            CHURNED: (random.random(rows) < chance).astype(int),
        }
    )
