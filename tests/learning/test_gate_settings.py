"""Tests for the thresholds of the gate."""

from typing import Any

import pytest

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
    assert loosened(now, before) == [f"{name} of the gate was {strict} and is {loose}"]
    assert loosened(before, now) == []
    assert loosened(now, now) == []


def test_a_threshold_that_an_older_goldrun_did_not_record_is_not_compared() -> None:
    assert loosened(DEFAULT, {}) == []
    assert loosened({}, DEFAULT) == []


def test_every_threshold_is_compared_but_for_the_tag() -> None:
    loosest = {
        **{"rule": "not_worse", "min_gain": 0.0, "margin": 1.0, "baseline_rule": "point"},
        **{"max_auc": 1.0, "max_baseline": 1.0, "min_agreement": 0.0},
    }
    strictest = DEFAULT | {"baseline_rule": "shown"}
    assert len(loosened(loosest, strictest)) == len(GateSettings.model_fields) - 1
