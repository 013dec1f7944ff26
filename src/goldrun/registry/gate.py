"""The decision whether a version becomes champion; missing evidence never passes."""

import re
from dataclasses import dataclass, field
from typing import Literal

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.conditions import failures
from goldrun.registry.defeats import defeats
from goldrun.registry.evidence import Evidence
from goldrun.registry.metric_ranges import problem_of

_REQUIRED = (
    *("model", "source", "lake", "run_id", "training_table", "content_hash"),
    *("quality_run_id", "drift_run_id", "git_commit"),
)
"""Attributes of the evidence that must not be empty."""


@dataclass(frozen=True)
class Decision:
    """The gate's decision.

    Attributes:
        promote: Whether the gate promotes.
        against: The reasons against it.
        warnings: Warnings, which do not prevent it.
        is_sound: Whether evidence, quality, drift and measurements stand, so that at most the
            model's own merit speaks against it; ignored by comparisons.
    """

    promote: bool
    against: tuple[str, ...]
    warnings: tuple[str, ...]
    is_sound: bool = field(default=True, compare=False)

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
    gate: GateSettings | None = None,
) -> Decision:
    """Decide from the evidence of a challenger whether it is promoted.

    The evidence must be complete and quality must pass. Unknown drift prevents a promotion, but
    only warns if the model never had a champion (``first``): a small shop has too few rows to
    evaluate it. Failed drift is a warning or prevents a promotion, by ``drift_policy``. At least
    one criterion is required, and all must hold, on finite numbers in their metric's range. If
    there is a champion, ``head_to_head`` is given and meets the rule of ``gate``, whose default
    thresholds count when it is None.
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
    is_sound = not against and not _doubtful(criteria, evidence)
    against += [each for one in criteria for each in failures(one, evidence.metrics)]
    if head_to_head is not None:
        lost, noted = defeats(head_to_head, gate or GateSettings())
        against += lost
        warnings += noted
    # Several conditions can have the same metric.
    return Decision(not against, tuple(dict.fromkeys(against)), tuple(warnings), is_sound)


def _doubtful(criteria: tuple[Criterion, ...], evidence: Evidence) -> bool:
    """Whether a metric of the criteria was not measured, or is too good to be true."""
    metrics = evidence.metrics
    limits = [one for one in criteria if one.at_most is not None]
    unmeasured = any(problem_of(one.metric, metrics.get(one.metric)) for one in criteria)
    return unmeasured or any(failures(one, metrics) for one in limits)


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
