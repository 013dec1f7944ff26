"""Thresholds of the gate: the table ``[gate]`` of a model's TOML file."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from goldrun.contracts.strict import Strict
from goldrun.contracts.version_tags import STATUS


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
    approval_tag: str = Field(default="", pattern=r"^[\w .\-]*$")

    @field_validator("approval_tag")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name == STATUS or name.startswith(("goldrun.", "mlflow.")):
            raise ValueError(f"goldrun or MLflow writes {name} itself: give another tag")
        return name


_LOOSER_ABOVE = ("margin", "max_auc", "max_baseline")
_LOOSER_BELOW = ("min_gain", "min_agreement")
_STRICT = {"rule": "better", "baseline_rule": "shown"}


def loosened(now: Mapping[str, Any], before: Mapping[str, Any], when: str) -> list[str]:
    """Describe each threshold that is looser than before.

    One that is not recorded as a number, or not at all, by an older goldrun, is not compared.

    Args:
        now: Thresholds that decide.
        before: Those of a version's evidence.
        when: When those counted, for the message.
    """
    numbers = {name for name, value in before.items() if isinstance(value, int | float)}
    looser = [
        *(name for name in _LOOSER_ABOVE if name in numbers and now[name] > before[name]),
        *(name for name in _LOOSER_BELOW if name in numbers and now[name] < before[name]),
        *(name for name, strict in _STRICT.items() if before.get(name) == strict != now[name]),
    ]
    return [f"{name} of the gate was {before[name]} {when} and is {now[name]}" for name in looser]
