"""The decision whether a version becomes champion; missing evidence never passes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.registry.evidence import Evidence
from goldrun.registry.metric_ranges import problem_of

_REQUIRED = (
    *("model", "source", "lake", "run_id", "training_table", "content_hash"),
    *("quality_run_id", "drift_run_id", "git_commit"),
)
"""Attributes of the evidence that must not be empty."""


@dataclass(frozen=True)
class HeadToHead:
    """One metric of challenger and champion on the same rows; higher is better."""

    metric: str
    challenger: float
    champion: float
    champion_version: int


@dataclass(frozen=True)
class Decision:
    """Whether the gate promotes, the reasons against it, and warnings."""

    promote: bool
    against: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        """Return the decision in one line."""
        result = "promoted" if self.promote else "not promoted: " + "; ".join(self.against)
        return result + "".join(f" (warning: {warning})" for warning in self.warnings)


def decide(
    evidence: Evidence,
    criteria: tuple[Criterion, ...],
    head_to_head: HeadToHead | None,
    drift_policy: Literal["warn", "block"],
    *,
    first: bool = False,
) -> Decision:
    """Decide from the evidence of a challenger whether it is promoted.

    The evidence must be complete and quality must pass. Unknown drift prevents a promotion, but
    only warns where the model never had a champion (``first``): a small shop has too few rows to
    evaluate it. Failed drift is a warning or prevents a promotion, by ``drift_policy``. At least
    one criterion is required, and all must hold, on finite numbers in their metric's range. If
    there is a champion, ``head_to_head`` is given and the challenger must be strictly better.
    """
    against = _missing(evidence)
    warnings: list[str] = []
    if evidence.quality is not Verdict.PASS:
        against.append(f"data quality is {_text(evidence.quality)}")
    if evidence.drift is Verdict.FAIL:
        (warnings if drift_policy == "warn" else against).append("features have drifted")
    elif evidence.drift is not Verdict.PASS:
        only_warns = first and evidence.drift is Verdict.UNKNOWN
        (warnings if only_warns else against).append("feature drift could not be evaluated")
    if not criteria:
        against.append("there are no criteria to meet")
    against += [each for one in criteria for each in _failures(one, evidence.metrics)]
    if head_to_head is not None:
        against += _defeats(head_to_head)
    return Decision(not against, tuple(against), tuple(warnings))


def _missing(evidence: Evidence) -> list[str]:
    """Return the reason that names missing ids, hashes and versions; empty when there are none."""
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


def _text(verdict: Verdict | None) -> str:
    return "missing" if verdict is None else str(verdict)


def _failures(criterion: Criterion, metrics: Mapping[str, float | None]) -> list[str]:
    metric, floor, baseline = criterion.metric, criterion.at_least, criterion.above
    if floor is None and baseline is None:
        return [f"the criterion for {metric} has no condition"]
    value = metrics.get(metric)
    if problem := problem_of(metric, value):
        return [problem]
    assert value is not None
    failures = []
    if floor is not None:
        if problem := problem_of(metric, floor):
            failures.append(f"the required minimum of {problem}")
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
    """Return the reasons against a challenger from its comparison with the champion."""
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


def unless_changed(decision: Decision, compared: int | None, current: int | None) -> Decision:
    """Return the decision, or one against promotion if the champion changed since the comparison.

    Args:
        decision: The gate's decision.
        compared: Version that the challenger was compared with; None if there was no champion.
        current: Version that is champion now, or None.
    """
    if current == compared:
        return decision
    before = "no champion" if compared is None else f"champion version {compared}"
    after = "none" if current is None else f"version {current}"
    reason = (
        f"it was compared with {before}, but another run has changed that to {after}: train again"
    )
    return Decision(promote=False, against=(reason,), warnings=decision.warnings)
