"""Tests for the thresholds of the gate."""

from typing import Any

import pytest
from pydantic import ValidationError

from goldrun.learning.gate_settings import GateSettings, loosened

DEFAULT = GateSettings().model_dump()


@pytest.mark.parametrize(
    ("name", "strict", "loose"),
    [
        ("rule", "better", "not_worse"),
        ("min_gain", 0.002, 0.001),
        ("margin", 0.005, 0.006),
        ("baseline_rule", "shown", "point"),
        ("max_auc", 0.95, 0.96),
        ("max_baseline", 0.9, 0.91),
        ("min_agreement", 0.8, 0.79),
    ],
)
def test_a_looser_threshold_is_named_and_a_stricter_one_is_not(
    name: str, strict: Any, loose: Any
) -> None:
    before, now = DEFAULT | {name: strict}, DEFAULT | {name: loose}
    found = loosened(now, before, "in May")
    assert found == [f"{name} of the gate was {strict} in May and is {loose}"]
    assert loosened(before, now, "in May") == []
    assert loosened(now, now, "in May") == []


def test_a_threshold_that_an_older_goldrun_did_not_record_is_not_compared() -> None:
    assert loosened(DEFAULT, {}, "before") == []
    assert loosened(DEFAULT, {"min_gain": "x", "margin": None}, "before") == []


def test_every_threshold_is_compared_but_for_the_tag() -> None:
    loosest = {
        **{"rule": "not_worse", "min_gain": 0.0, "margin": 1.0, "baseline_rule": "point"},
        **{"max_auc": 1.0, "max_baseline": 1.0, "min_agreement": 0.0},
    }
    strictest = DEFAULT | {"baseline_rule": "shown"}
    assert len(loosened(loosest, strictest, "before")) == len(GateSettings.model_fields) - 1


@pytest.mark.parametrize("name", ["goldrun.evidence", "mlflow.user", "validation_status", "a;b"])
def test_the_approval_is_in_a_tag_of_its_own(name: str) -> None:
    with pytest.raises(ValidationError, match="approval_tag"):
        GateSettings(approval_tag=name)
    assert GateSettings(approval_tag="Approval_Check").approval_tag == "Approval_Check"
