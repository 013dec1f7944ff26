"""A version compared with a champion on the same rows."""

from dataclasses import dataclass, replace
from statistics import NormalDist

from goldrun.learning.resampling import CONFIDENCE, Interval


@dataclass(frozen=True)
class HeadToHead:
    """A version compared with a champion on the same rows; higher is better.

    Attributes:
        metric: Name of the metric.
        challenger: The metric of the version.
        champion: The metric of the champion.
        champion_version: Number of the champion.
        lead: How far the version is above the champion, with the 95 % interval of paired draws;
            None for a model that is not compared by a lead.
        looks: Number of earlier comparisons on rows of the same test date.
        agreement: Adjusted Rand index of both models' segments of the same customers; None for a
            model without segments.
        champion_holds: Whether the champion still meets its own conditions on these rows.
    """

    metric: str
    challenger: float
    champion: float
    champion_version: int
    lead: Interval | None = None
    looks: int = 0
    agreement: float | None = None
    champion_holds: bool = True

    def metrics(self) -> dict[str, float]:
        """Return the numbers; the names of all but the version's own begin with ``champion.``."""
        found = {self.metric: self.challenger, f"champion.{self.metric}": self.champion}
        if self.lead is not None:
            above = f"champion.{self.metric}_above"
            shown = widened(self.lead, self.looks)
            found |= {above: shown.value, f"{above}_low": shown.low, f"{above}_high": shown.high}
            found["champion.looks"] = float(self.looks)
        if self.agreement is not None:
            found["champion.agreement"] = self.agreement
        return found


def widened(lead: Interval, looks: int) -> Interval:
    """Return the interval of a lead, widened for earlier comparisons on the same rows.

    Of many comparisons on the same rows some show a lead by chance. The Ladder of Blum and
    Hardt (2015, arXiv:1502.04585) therefore accepts only a lead that exceeds a fixed step, whose
    size follows from the number of rows and of looks. Here the step is the width of the lead's own
    interval, which grows with each look. At look k = looks + 1, with alpha = 0.05, ::

        low_k = value - (value - low) * z(alpha / 2k) / z(alpha / 2)

    and likewise for the upper bound, where z is the normal quantile: the confidence of one look is
    1 - alpha / k. The first look is the interval itself. The errors of K looks add up to at most
    alpha * (1 + 1/2 + ... + 1/K), and not to alpha: a newer test date is better than many looks.

    Args:
        lead: The lead with its 95 % interval.
        looks: Number of earlier comparisons, from 0.

    Returns:
        The interval, never narrower, and with the lead inside.

    Raises:
        ValueError: ``looks`` is negative.
    """
    if looks < 0:
        raise ValueError(f"looks is {looks}, below 0")
    tail = (1 - CONFIDENCE) / 2
    normal = NormalDist()
    factor = normal.inv_cdf(tail / (looks + 1)) / normal.inv_cdf(tail)
    # Percentiles of few draws may not hold the lead itself; then looks would move it the other way.
    low = lead.value - max(lead.value - lead.low, 0.0) * factor
    high = lead.value + max(lead.high - lead.value, 0.0) * factor
    return replace(lead, low=low, high=high)
