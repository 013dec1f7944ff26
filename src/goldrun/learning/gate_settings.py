"""Thresholds of the gate: the table ``[gate]`` of a model's TOML file."""

from typing import Literal

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
    """

    rule: Literal["better", "not_worse"] = "better"
    min_gain: float = Field(default=0.002, ge=0, le=1)
    margin: float = Field(default=0.005, ge=0, le=1)
    baseline_rule: Literal["point", "shown"] = "point"
    max_auc: float = Field(default=0.95, ge=0.5, le=1)
    max_baseline: float = Field(default=0.9, ge=0.5, le=1)
    min_agreement: float = Field(default=0.8, ge=0, le=1)
