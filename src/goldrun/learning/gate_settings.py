"""Thresholds of the gate: the table ``[gate]`` of a model's TOML file."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from goldrun.contracts.strict import Strict


class GateSettings(Strict):
    """Thresholds of a promotion; the evidence of a version records them.

    Attributes:
        rule: ``better``: the version's lead over the champion is at least ``min_gain``, and the
            lower bound of its 95 % interval is above 0. ``not_worse``: the lower bound is at least
            ``-margin``, compared with the best champion so far, so that the champions' metric
            can't sink step by step.
        min_gain: Smallest lead over the champion, 0 to 1, in units of the model's metric.
        margin: Largest loss that counts as not worse, 0 to 1.
        baseline_rule: ``point``: the metric is above that of each baseline. ``shown``: so is the
            lower bound of the 95 % interval of the lead.
        max_auc: A larger AUC, 0.5 to 1, is refused as a suspected leak.
        max_baseline: A larger AUC of a baseline, 0.5 to 1, likewise.
        min_agreement: Of a segmentation, the smallest adjusted Rand index of its segments and the
            champion's, 0 to 1, at which it is the same segmentation.
        approval_tag: Tag in which a deployment job reads that a version is approved, on Databricks
            the name of its approval task; a promoted version has it with the value ``approved``.
            None is written when empty.
    """

    rule: Literal["better", "not_worse"] = "better"
    min_gain: float = Field(default=0.002, ge=0, le=1)
    margin: float = Field(default=0.005, ge=0, le=1)
    baseline_rule: Literal["point", "shown"] = "point"
    max_auc: float = Field(default=0.95, ge=0.5, le=1)
    max_baseline: float = Field(default=0.9, ge=0.5, le=1)
    min_agreement: float = Field(default=0.8, ge=0, le=1)
    approval_tag: str = ""


_LOOSER_ABOVE = ("margin", "max_auc", "max_baseline")
_LOOSER_BELOW = ("min_gain", "min_agreement")
_STRICT = {"rule": "better", "baseline_rule": "shown"}


def loosened(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Describe each threshold that is looser than before; one that is missing is not compared.

    Args:
        now: Thresholds of a version, as its evidence has them.
        before: Those of the champion.
    """
    both = [name for name in before if name in now]
    looser = [
        *(name for name in _LOOSER_ABOVE if name in both and now[name] > before[name]),
        *(name for name in _LOOSER_BELOW if name in both and now[name] < before[name]),
        *(n for n, v in _STRICT.items() if n in both and before[n] == v and now[n] != v),
    ]
    return [f"{name} of the gate was {before[name]} and is {now[name]}" for name in looser]
