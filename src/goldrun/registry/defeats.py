"""Whether a version wins the comparison with the champion, by the rule of the gate."""

import math

from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead, widened
from goldrun.learning.resampling import Interval
from goldrun.registry.metric_ranges import problem_of

_ROUNDING = 1e-9
"""Largest difference of two ways to subtract two metrics."""


def defeats(found: HeadToHead, gate: GateSettings) -> tuple[list[str], list[str]]:
    """Return the reasons against a version from its comparison with the champion, and warnings.

    A number that can't be a measurement is a reason, as is a comparison without any measurement.
    """
    champion = f"champion version {found.champion_version}"
    problems = [
        f"{side}: {problem}"
        for side, value in (("challenger", found.challenger), (champion, found.champion))
        if (problem := problem_of(found.metric, value))
    ]
    if problems:
        return problems, []
    if found.agreement is not None:
        return _other_segments(found, found.agreement, gate)
    if found.lead is None:
        return [f"its lead over {champion} was not measured"], []
    return _too_small(found, found.lead, gate), []


def _too_small(found: HeadToHead, lead: Interval, gate: GateSettings) -> list[str]:
    """Return how a lead falls short of the rule; empty if it does not."""
    if problem := _no_lead(found, lead):
        return [problem]
    shown = widened(lead, found.looks)
    better = gate.rule == "better"
    lowest = 0.0 if better else -gate.margin
    wins = shown.low > 0 if better else shown.low >= lowest
    if wins and (not better or shown.value >= gate.min_gain):
        return []
    needed = (
        f"a lead of at least {gate.min_gain:g} with a lower bound above 0"
        if better
        else f"a lower bound of at least {lowest:g}"
    )
    return [
        f"{found.metric} {found.challenger:.4f} leads that of champion version "
        f"{found.champion_version}, {found.champion:.4f} on the same rows, by {_interval(shown)}, "
        f"and {needed} is required: short by {_shortfall(shown, gate):.4f}{_looks(found.looks)}"
    ]


def _shortfall(shown: Interval, gate: GateSettings) -> float:
    """Return how much a lead or its lower bound would have to be larger."""
    if gate.rule == "better":
        return max(gate.min_gain - shown.value, -shown.low)
    return -gate.margin - shown.low


def _no_lead(found: HeadToHead, lead: Interval) -> str | None:
    """Return why an interval can't be that of a lead; None if it can."""
    above = f"{found.metric}_above"
    for name, value in (
        (above, lead.value),
        (f"{above}_low", lead.low),
        (f"{above}_high", lead.high),
    ):
        if problem := problem_of(name, value):
            return problem
    if lead.low > lead.high:
        return f"{above}_low {lead.low:g} is above {above}_high {lead.high:g}"
    difference = found.challenger - found.champion
    if not math.isclose(lead.value, difference, abs_tol=_ROUNDING):
        return f"{above} {lead.value:g} is not the difference of both, {difference:g}"
    return None


def _looks(looks: int) -> str:
    if not looks:
        return ""
    earlier = "1 earlier comparison" if looks == 1 else f"{looks} earlier comparisons"
    return f" (the interval is wider for {earlier} at this test date)"


def _interval(lead: Interval) -> str:
    return f"{lead.value:.4f} [{lead.low:.4f}, {lead.high:.4f}]"


def _other_segments(
    found: HeadToHead, agreement: float, gate: GateSettings
) -> tuple[list[str], list[str]]:
    """Require the same segmentation, unless the champion fails its own conditions meanwhile."""
    champion = f"champion version {found.champion_version}"
    if problem := problem_of("agreement", agreement):
        return [problem], []
    if agreement >= gate.min_agreement:
        return [], []
    differ = f"its segments agree with those of {champion} by {agreement:.2f} (adjusted Rand index)"
    if not found.champion_holds:
        return [], [f"{differ}, and {champion} is not stable or balanced any more"]
    return [f"{differ}, below {gate.min_agreement:g}, and {champion} still holds"], []
