"""A version wins by a lead that is shown and large enough, or by keeping the segments."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval, auc, compare
from goldrun.registry.defeats import defeats

BETTER = GateSettings()
NOT_WORSE = GateSettings(rule="not_worse", margin=0.01)


def led_by(lead: float, low: float, looks: int = 0) -> HeadToHead:
    interval = Interval(lead, low, 2 * lead - low)
    return HeadToHead("auc", 0.75 + lead, 0.75, 3, lead=interval, looks=looks)


def wins(found: HeadToHead, gate: GateSettings = BETTER) -> bool:
    return defeats(found, gate)[0] == []


def known_answer() -> HeadToHead:
    """Two scores whose difference has DeLong's standard error .002656."""
    places = np.arange(500)
    labels = (7919 * places % 101 < 40).astype(float)
    weaker = 104729 * places % 997 / 997 + 0.35 * labels
    scores = {"challenger": weaker + 0.06 * labels, "champion": weaker}
    found = compare({"auc": auc}, labels, scores, seed=0)["auc"]
    new, old = found.each["challenger"], found.each["champion"]
    return HeadToHead("auc", new.value, old.value, 3, lead=found.above["champion"])


def test_the_paired_interval_of_the_known_answer_promotes() -> None:
    found = known_answer()
    assert (found.challenger, found.champion) == pytest.approx((0.821928, 0.784032), abs=1e-6)
    assert found.lead is not None
    assert found.lead.value == pytest.approx(0.037896, abs=1e-6)
    assert (found.lead.low, found.lead.high) == pytest.approx((0.0326, 0.0434), abs=7e-4)
    assert wins(found)


def test_an_unpaired_interval_of_the_known_answer_would_refuse() -> None:
    unpaired = Interval(0.821928 - 0.784032, -0.014, 0.090)
    assert not wins(HeadToHead("auc", 0.821928, 0.784032, 3, lead=unpaired))


@pytest.mark.parametrize(
    ("lead", "low", "expected"),
    [
        (0.010, 0.001, True),
        (0.010, 0.0, False),
        (0.010, -0.001, False),
        (0.0021, 0.001, True),
        (0.0019, 0.001, False),
        (-0.010, -0.02, False),
    ],
)
def test_better_needs_a_lead_that_is_shown_and_large_enough(
    lead: float, low: float, expected: bool
) -> None:
    assert wins(led_by(lead, low)) is expected


@pytest.mark.parametrize(
    ("lead", "low", "expected"),
    [(0.0, -0.009, True), (-0.005, -0.0099, True), (0.002, -0.011, False), (-0.02, -0.03, False)],
)
def test_not_worse_needs_a_lower_bound_within_the_margin(
    lead: float, low: float, expected: bool
) -> None:
    assert wins(led_by(lead, low), NOT_WORSE) is expected


def test_a_lead_that_wins_at_the_first_look_loses_at_a_later_one() -> None:
    assert wins(led_by(0.010, 0.001))
    ((reason,), _) = defeats(led_by(0.010, 0.001, looks=4), BETTER)
    assert "4 earlier comparisons at this test date" in reason
    assert wins(led_by(0.010, 0.009, looks=4))


@pytest.mark.parametrize(
    ("found", "gate", "short"),
    [
        (led_by(0.0015, 0.001), BETTER, "0.0005"),
        (led_by(0.010, -0.003), BETTER, "0.0030"),
        (led_by(0.0, -0.012), NOT_WORSE, "0.0020"),
    ],
)
def test_a_refusal_names_what_is_short_and_by_how_much(
    found: HeadToHead, gate: GateSettings, short: str
) -> None:
    ((reason,), _) = defeats(found, gate)
    assert f"short by {short}" in reason
    assert "champion version 3, 0.7500 on the same rows" in reason


@pytest.mark.parametrize(
    "lead",
    [
        Interval(0.01, math.nan, 0.02),
        Interval(math.nan, 0.005, 0.02),
        Interval(0.01, 0.005, math.inf),
        Interval(0.01, 0.005, 1.5),
        Interval(0.01, -math.inf, 0.02),
        Interval(0.01, 0.02, 0.005),
        Interval(0.05, 0.04, 0.06),
    ],
)
def test_an_interval_that_can_not_be_of_this_lead_never_wins(lead: Interval) -> None:
    found = replace(led_by(0.01, 0.005), lead=lead)
    assert not wins(found)
    assert not wins(found, NOT_WORSE)


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1, "0.9", True, None])
def test_a_number_that_is_no_measurement_never_wins(value: Any) -> None:
    assert not wins(replace(led_by(0.01, 0.005), challenger=value))
    assert not wins(replace(led_by(0.01, 0.005), champion=value))


def test_a_comparison_without_a_lead_or_segments_never_wins() -> None:
    ((reason,), _) = defeats(HeadToHead("auc", 0.8, 0.7, 3), BETTER)
    assert reason == "its lead over champion version 3 was not measured"


def segments(agreement: float, *, champion_holds: bool = True) -> HeadToHead:
    return HeadToHead(
        "bootstrap_ari", 0.95, 0.85, 3, agreement=agreement, champion_holds=champion_holds
    )


def test_more_stable_segments_do_not_replace_other_ones_that_still_hold() -> None:
    ((reason,), _) = defeats(segments(0.45), BETTER)
    assert "agree with those of champion version 3 by 0.45" in reason
    assert "below 0.8" in reason
    assert wins(segments(0.8))


def test_segments_that_no_longer_hold_are_replaced_with_a_warning() -> None:
    against, (warning,) = defeats(segments(0.45, champion_holds=False), BETTER)
    assert against == []
    assert "not stable or balanced any more" in warning


@pytest.mark.parametrize("agreement", [math.nan, math.inf, 1.1])
def test_an_agreement_that_is_no_measurement_never_wins(agreement: float) -> None:
    assert not wins(segments(agreement))
    assert not wins(segments(agreement, champion_holds=False))
