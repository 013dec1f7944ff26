"""May this version become champion? Closed by default: what is not shown does not pass."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goldrun.contracts.verdict import Verdict
from goldrun.registry.evidence import Evidence


@dataclass(frozen=True)
class Criterion:
    """A demand on one of the model's own numbers.

    Attributes:
        metric: Name in the evidence's metrics.
        at_least: Smallest number that will do, or None.
        above: Name of another metric that it must exceed (a baseline), or None.
    """

    metric: str
    at_least: float | None = None
    above: str | None = None


@dataclass(frozen=True)
class HeadToHead:
    """The same measure of challenger and champion on the same rows; higher is better."""

    metric: str
    challenger: float
    champion: float
    champion_version: int


@dataclass(frozen=True)
class Decision:
    """What the gate says: whether to promote, what spoke against it, what it warns of."""

    promote: bool
    against: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        """One line for a person."""
        said = "promoted" if self.promote else "not promoted: " + "; ".join(self.against)
        return said + "".join(f" (warning: {warning})" for warning in self.warnings)


def decide(
    evidence: Evidence,
    criteria: tuple[Criterion, ...],
    head_to_head: HeadToHead | None,
    drift_policy: Literal["warn", "block"],
) -> Decision:
    """Weigh the evidence of a challenger.

    Quality must pass. Drift must have been judged: unknown never promotes, fail warns or blocks
    as ``drift_policy`` says. Every criterion must hold, on finite numbers. With a champion there
    is ``head_to_head``, and the challenger must be strictly better; without one the criteria
    alone decide.
    """
    against: list[str] = []
    warnings: list[str] = []
    if evidence.quality is not Verdict.PASS:
        against.append(f"data quality is {evidence.quality}")
    if evidence.drift is Verdict.UNKNOWN:
        against.append("feature drift could not be judged")
    elif evidence.drift is Verdict.FAIL:
        (against if drift_policy == "block" else warnings).append("features have drifted")
    for criterion in criteria:
        against += _failures(criterion, evidence.metrics)
    if head_to_head is not None and not _is_better(head_to_head):
        against.append(
            f"{head_to_head.metric} {head_to_head.challenger:.4f} does not beat champion version "
            f"{head_to_head.champion_version} with {head_to_head.champion:.4f} on the same rows"
        )
    return Decision(not against, tuple(against), tuple(warnings))


def _failures(criterion: Criterion, metrics: Mapping[str, float]) -> list[str]:
    value = metrics.get(criterion.metric, math.nan)
    if not math.isfinite(value):
        return [f"{criterion.metric} was not measured"]
    failures = []
    if criterion.at_least is not None and not value >= criterion.at_least:
        failures.append(f"{criterion.metric} {value:.4f} is below {criterion.at_least}")
    if criterion.above is not None:
        bar = metrics.get(criterion.above, math.nan)
        if not value > bar:
            failures.append(f"{criterion.metric} {value:.4f} does not beat {criterion.above}")
    return failures


def _is_better(result: HeadToHead) -> bool:
    # A comparison with NaN is false, so a number that is not there never wins.
    return result.challenger > result.champion
