"""Scores of churn that a model must exceed: two rules, and a model of repeat purchases."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from goldrun.features.catalog.purchase_features import (
    PURCHASE_FREQUENCY,
    PURCHASE_GAP_MEAN_DAYS,
    RECENCY_DAYS,
    TENURE_DAYS,
)
from goldrun.learning.bg_nbd import Histories, expected_purchases, fit_bg_nbd
from goldrun.learning.inputs import feature_frame

RECENCY, FREQUENCY, BG_NBD = "recency", "frequency", "bg_nbd"
NAMES = (RECENCY, FREQUENCY, BG_NBD)
"""The baselines."""
_READ = (RECENCY_DAYS, PURCHASE_FREQUENCY, TENURE_DAYS, PURCHASE_GAP_MEAN_DAYS)


def baseline_scores(frame: pd.DataFrame, horizon_days: int) -> dict[str, NDArray[np.float64]]:
    """Return the baselines' scores; none of them reads a label.

    Args:
        frame: Rows of ``gold/customer_features`` as of one date.
        horizon_days: Length of the label window.

    Returns:
        ``recency``: days since the last completed order; ``frequency``: number of completed
        orders, negated; ``bg_nbd``: purchases expected within the horizon (``learning.bg_nbd``,
        fitted to these rows), negated. Each (rows,); a higher score means likelier churn.

    Raises:
        AsOfError: The BG/NBD model can't be fitted.
        ContractError: A column is missing, not a number, negative or infinite.
    """
    known = feature_frame(frame, _READ)
    histories = purchase_histories(known)
    return {
        RECENCY: known[RECENCY_DAYS].to_numpy(),
        FREQUENCY: -known[PURCHASE_FREQUENCY].to_numpy(),
        BG_NBD: -expected_purchases(fit_bg_nbd(histories), histories, horizon_days),
    }


def purchase_histories(known: pd.DataFrame) -> Histories:
    """Return the days with purchases of each customer, in days.

    The mean gap between days with a purchase is the time from the first to the last of them,
    divided by their number less one; a customer with one such day has none.
    """
    age = known[TENURE_DAYS].to_numpy()
    last = age - known[RECENCY_DAYS].to_numpy()
    gap = known[PURCHASE_GAP_MEAN_DAYS].to_numpy()
    repeats = np.divide(last, gap, out=np.zeros_like(last), where=gap > 0)
    return Histories(np.rint(repeats), last, age)
