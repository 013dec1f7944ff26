"""The choice among candidates by their scores at several dates before the test."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from goldrun.learning.evaluation import Floats


@dataclass(frozen=True)
class Selection:
    """The candidate that is chosen, and why.

    Attributes:
        chosen: Position of the candidate.
        regret: (candidates,): mean over the dates of the best score of the date less the
            candidate's, at least 0.
        standard_error: (candidates,): standard error of ``behind`` over the dates; 0 with one date.
    """

    chosen: int
    regret: Floats
    standard_error: Floats

    @property
    def best(self) -> int:
        """Position of the candidate with the lowest regret, which is the highest mean score."""
        return int(self.regret.argmin())

    @property
    def behind(self) -> Floats:
        """(candidates,): how far each mean score is below that of ``best``."""
        return np.asarray(self.regret - self.regret.min(), dtype=np.float64)


def select(scores: ArrayLike) -> Selection:
    """Choose the simplest candidate whose regret is within one standard error of the lowest.

    The rule of one standard error is that of Breiman, Friedman, Olshen and Stone (1984),
    Classification and Regression Trees, section 3.4.3, with the standard error of the difference
    between two candidates on the same dates, in which what makes a date easy for all cancels out.

    Args:
        scores: (candidates, dates), higher is better, the simplest candidate first.

    Raises:
        ValueError: There is no candidate or no date, or a score is not finite.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"scores have shape {table.shape}, not (candidates, dates)")
    if not np.isfinite(table).all():
        raise ValueError("a score is NaN or infinite")
    regret = (table.max(axis=0) - table).mean(axis=1)
    error = _standard_error(table[int(regret.argmin())] - table)
    # The best one itself is behind by 0; candidates are in the order of simplicity.
    within = regret - regret.min() <= error
    return Selection(int(within.argmax()), regret, error)


def _standard_error(differences: Floats) -> Floats:
    dates = differences.shape[1]
    if dates < 2:
        return np.zeros(len(differences))
    return np.asarray(differences.std(axis=1, ddof=1) / np.sqrt(dates), dtype=np.float64)
