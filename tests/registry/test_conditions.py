"""A condition names the value that fails it, by how much, and what to check."""

import math
from typing import Any

import pytest

from goldrun.contracts.criterion import Criterion
from goldrun.registry.conditions import failures

LEAK = Criterion("auc", at_most=0.95, setting="max_auc")
BASELINE_LEAK = Criterion("recency.auc", at_most=0.9, setting="max_baseline")
SHOWN = Criterion("recency.auc_above_low", more_than=0.0)


def test_a_model_that_is_too_good_is_a_suspected_leak() -> None:
    (reason,) = failures(LEAK, {"auc": 0.9731})
    assert reason.startswith("auc 0.9731 is above 0.95, too good to be true")
    assert "check for a feature of days after its as_of" in reason
    assert "raise max_auc in [gate]" in reason
    assert failures(LEAK, {"auc": 0.95}) == []


def test_a_baseline_that_is_too_good_is_a_suspected_leak_of_its_own() -> None:
    (reason,) = failures(BASELINE_LEAK, {"recency.auc": 0.93, "auc": 0.94})
    assert reason.startswith("recency.auc 0.9300 is above 0.9: a simple baseline")
    assert "check that recency and the label are of different days" in reason
    assert "raise max_baseline in [gate]" in reason
    assert failures(BASELINE_LEAK, {"recency.auc": 0.9}) == []


def test_a_lead_that_must_be_shown_needs_a_lower_bound_above_zero() -> None:
    assert failures(SHOWN, {"recency.auc_above_low": 0.001}) == []
    assert failures(SHOWN, {"recency.auc_above_low": 0.0}) != []
    (reason,) = failures(SHOWN, {"recency.auc_above_low": -0.004})
    assert reason == "recency.auc_above_low -0.0040 is not above 0, short by 0.004"


def test_a_minimum_and_a_baseline_name_what_is_short() -> None:
    floor = Criterion("auc", at_least=0.7)
    assert failures(floor, {"auc": 0.69}) == ["auc 0.6900 is below 0.7, by 0.01"]
    baseline = Criterion("auc", above="recency.auc")
    found = failures(baseline, {"auc": 0.69, "recency.auc": 0.7})
    assert found == ["auc 0.6900 does not beat recency.auc 0.7000, short by 0.01"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.0, -0.1, 1.1, "0.9", True, None])
def test_a_value_that_is_no_measurement_fails_every_condition(value: Any) -> None:
    for criterion in (LEAK, Criterion("auc", at_least=0.0), Criterion("auc", more_than=0.0)):
        assert failures(criterion, {"auc": value}) != []
    assert failures(Criterion("auc", above="recency.auc"), {"auc": 0.7, "recency.auc": value}) != []


@pytest.mark.parametrize("limit", [math.nan, math.inf, 1.5])
def test_a_threshold_that_no_metric_reaches_fails(limit: float) -> None:
    assert failures(Criterion("auc", at_most=limit, setting="max_auc"), {"auc": 0.7}) != []
    assert failures(Criterion("auc", more_than=-limit), {"auc": 0.7}) != []
