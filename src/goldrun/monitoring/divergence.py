"""Divergence measures of two sets of bin counts, and the noise threshold of PSI."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import rel_entr
from scipy.stats import chi2

EPSILON = 1e-4
"""Share used for an empty bin."""


def psi(expected: Sequence[int], actual: Sequence[int], epsilon: float = EPSILON) -> float:
    """Compute the population stability index: the sum of (a - e) ln(a / e) (Siddiqi 2006).

    ``e`` and ``a`` are shares of rows. It is Jeffreys' divergence: symmetric, 0 or more, and 0
    only for equal shares. A share of 0 would make it infinite and is replaced by ``epsilon``, or
    by half of the smallest positive share if that is less, so that an empty bin counts less than
    any bin with a row.

    Args:
        expected: Rows in each bin of the reference.
        actual: Rows in each bin now.
        epsilon: Share used for an empty bin.

    Raises:
        ValueError: The lengths differ, a side has no rows, or a count is negative.
    """
    return float(psi_terms(expected, actual, epsilon).sum())


def js_distance(expected: Sequence[int], actual: Sequence[int]) -> float:
    """Compute the Jensen-Shannon distance of the shares, base 2: 0 (equal) to 1 (disjoint).

    It is the root of (KL(e || m) + KL(a || m)) / 2 with m = (e + a) / 2 (Lin 1991; Endres and
    Schindelin 2003 show that the root is a metric).

    Args:
        expected: Rows in each bin of the reference.
        actual: Rows in each bin now.

    Raises:
        ValueError: The lengths differ, a side has no rows, or a count is negative.
    """
    e, a = _shares(expected, actual)
    middle = (e + a) / 2
    divergence = (rel_entr(e, middle).sum() + rel_entr(a, middle).sum()) / (2 * math.log(2))
    # Rounding can give a value slightly below 0, whose root is NaN, or above 1.
    return math.sqrt(min(max(float(divergence), 0.0), 1.0))


def psi_noise(bins: int, reference_rows: int, current_rows: int, p: float = 0.001) -> float:
    """Return the PSI that two samples of one population exceed with probability ``p``.

    Without any shift PSI is about chi-squared with ``bins - 1`` degrees of freedom, times
    (1/N + 1/M) (Yurdakul 2018, Statistical Properties of Population Stability Index).

    Args:
        bins: Number of bins with rows; the result is 0 for a single one.
        reference_rows: N, 1 or more.
        current_rows: M, 1 or more.
        p: Probability, strictly between 0 and 1.
    """
    if bins <= 1:
        return 0.0
    return float(chi2.ppf(1 - p, bins - 1)) * (1 / reference_rows + 1 / current_rows)


def psi_terms(
    expected: Sequence[int], actual: Sequence[int], epsilon: float = EPSILON
) -> npt.NDArray[np.float64]:
    """Return the term of each bin in ``psi``, 0 or more; arguments and errors as in ``psi``."""
    e, a = _shares(expected, actual)
    both = np.concatenate([e, a])
    fill = min(epsilon, float(both[both > 0].min()) / 2)
    e, a = np.where(e > 0, e, fill), np.where(a > 0, a, fill)
    terms: npt.NDArray[np.float64] = (a - e) * np.log(a / e)
    return terms


def _shares(
    expected: Sequence[int], actual: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    e, a = np.asarray(expected, dtype=np.float64), np.asarray(actual, dtype=np.float64)
    if e.shape != a.shape:
        raise ValueError(f"{e.size} expected and {a.size} actual counts belong to different bins")
    for counts, side in ((e, "expected"), (a, "actual")):
        if not counts.sum() > 0:
            raise ValueError(f"the {side} counts have no rows, so they can't be compared")
        if counts.min() < 0:
            raise ValueError(f"the {side} counts {list(counts)} contain a negative count")
    return e / e.sum(), a / a.sum()
