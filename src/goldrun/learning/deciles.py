"""A table of the customers by tenths of a score."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from goldrun.learning.evaluation import checked_pair, cumulative_gain

_TENTHS = np.arange(11) / 10


def deciles(labels: ArrayLike, probabilities: ArrayLike) -> pd.DataFrame:
    """Compute how many positives each tenth of the rows holds, highest probabilities first.

    Ties count as in ``cumulative_gain``: rows with equal probabilities are spread evenly over the
    tenths that they span. Where the rows are no multiple of ten, numbers are fractions.

    Args:
        labels: (rows,), 0 or 1.
        probabilities: (rows,), chance of a 1.

    Returns:
        One row per tenth: ``decile`` from 1, the likeliest; ``customers``; ``churners``;
        ``mean_probability``; ``lift``, its share of positives by that of all rows; and
        ``cumulative_gain``, the share of all positives up to it.

    Raises:
        AsOfError, ValueError: As ``score_binary``.
    """
    outcome, chance = checked_pair(labels, probabilities)
    share, reached = cumulative_gain(outcome, chance)
    gain = np.interp(_TENTHS, share, reached)
    descending = np.concatenate([[0.0], np.cumsum(np.sort(chance)[::-1])])
    chances = np.interp(_TENTHS * len(chance), np.arange(len(chance) + 1), descending)
    customers = len(outcome) / 10
    return pd.DataFrame(
        {
            "decile": np.arange(1, 11),
            "customers": customers,
            "churners": np.diff(gain) * outcome.sum(),
            "mean_probability": np.diff(chances) / customers,
            "lift": np.diff(gain) * 10,
            "cumulative_gain": gain[1:],
        }
    )
