"""May this version become champion? Closed by default: what is not shown does not pass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goldrun.contracts.verdict import Verdict
from goldrun.registry.evidence import Evidence
from goldrun.registry.metric_ranges import problem_of

_REQUIRED = (
    *("model", "source", "lake", "run_id", "training_table", "content_hash"),
    *("quality_run_id", "drift_run_id", "git_commit"),
)
"""Attributes of the evidence that must not be empty."""


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

    The evidence must be complete. Quality must pass. Drift must have been measured: unknown never
    promotes, fail warns or blocks as ``drift_policy`` says. There must be a criterion, and every
    one must hold, on finite numbers in their metric's range. With a champion there is
    ``head_to_head``, and the challenger must be strictly better; without one the criteria alone
    decide.
    """
    against = _missing(evidence)
    warnings: list[str] = []
    if evidence.quality is not Verdict.PASS:
        against.append(f"data quality is {_said(evidence.quality)}")
    if evidence.drift is Verdict.FAIL:
        (warnings if drift_policy == "warn" else against).append("features have drifted")
    elif evidence.drift is not Verdict.PASS:
        against.append("feature drift could not be judged")
    if not criteria:
        against.append("there are no criteria to meet")
    for criterion in criteria:
        against += _failures(criterion, evidence.metrics)
    if head_to_head is not None:
        against += _defeats(head_to_head)
    return Decision(not against, tuple(against), tuple(warnings))


def _missing(evidence: Evidence) -> list[str]:
    """Ids, hashes and versions that the evidence lacks."""
    empty = [name for name in _REQUIRED if not _is_text(getattr(evidence, name))]
    if evidence.training_table not in evidence.table_versions:
        empty.append("version of the training table")
    versions = evidence.table_versions.items()
    empty += [f"version of {name}" for name, version in versions if not _is_version(version)]
    if "content_hash" not in empty and not re.fullmatch("[0-9a-f]{64}", evidence.content_hash):
        empty.append("SHA-256 of the training frame")
    return [f"the evidence lacks: {', '.join(empty)}"] if empty else []


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_version(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _said(verdict: Verdict | None) -> str:
    return "missing" if verdict is None else str(verdict)


def _failures(criterion: Criterion, metrics: Mapping[str, float]) -> list[str]:
    metric, floor, baseline = criterion.metric, criterion.at_least, criterion.above
    if floor is None and baseline is None:
        return [f"the criterion for {metric} demands nothing"]
    value = metrics.get(metric)
    if problem := problem_of(metric, value):
        return [problem]
    assert value is not None
    failures = []
    if floor is not None:
        if problem := problem_of(metric, floor):
            failures.append(f"the least value demanded of {problem}")
        elif value < floor:
            failures.append(f"{metric} {value:.4f} is below {floor}")
    if baseline is not None:
        bar = metrics.get(baseline)
        if problem := problem_of(baseline, bar):
            failures.append(problem)
        elif bar is None or value <= bar:
            failures.append(f"{metric} {value:.4f} does not beat {baseline}")
    return failures


def _defeats(result: HeadToHead) -> list[str]:
    """What speaks against a challenger in the comparison with the champion."""
    champion = f"champion version {result.champion_version}"
    problems = [
        f"{side}: {problem}"
        for side, value in (("challenger", result.challenger), (champion, result.champion))
        if (problem := problem_of(result.metric, value))
    ]
    if problems or result.challenger > result.champion:
        return problems
    return [
        f"{result.metric} {result.challenger:.4f} does not beat {champion} with "
        f"{result.champion:.4f} on the same rows"
    ]
