"""A lead over the champion is paired, widened with each look, and named in the evidence."""

from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldrun.learning.head_to_head import HeadToHead, widened
from goldrun.learning.resampling import Interval

LEAD = Interval(0.03, 0.01, 0.06)


def test_the_first_look_leaves_the_interval_as_it_is() -> None:
    found = widened(LEAD, 0)
    assert (found.value, found.low, found.high) == pytest.approx((0.03, 0.01, 0.06))


@pytest.mark.parametrize(("looks", "factor"), [(1, 1.1436), (4, 1.3143), (19, 1.5425)])
def test_the_interval_widens_as_the_error_is_shared_among_looks(looks: int, factor: float) -> None:
    # z(.025 / k) / z(.025) for k = 2, 5, 20, from tables of the normal distribution.
    found = widened(LEAD, looks)
    assert found.value == 0.03
    assert found.low == pytest.approx(0.03 - 0.02 * factor, abs=1e-5)
    assert found.high == pytest.approx(0.03 + 0.03 * factor, abs=1e-5)


def test_a_normal_interval_has_the_shared_confidence() -> None:
    normal = NormalDist(0.02, 0.01)
    whole = Interval(0.02, normal.inv_cdf(0.025), normal.inv_cdf(0.975))
    assert widened(whole, 4).low == pytest.approx(normal.inv_cdf(0.005))


@given(
    st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1), st.integers(0, 500), st.integers(0, 500)
)
def test_more_looks_never_help(value: float, one: float, two: float, looks: int, more: int) -> None:
    # Percentiles of few draws may both lie on one side of the estimate.
    interval = Interval(value, min(one, two), max(one, two))
    before, after = widened(interval, looks), widened(interval, looks + more)
    assert after.low <= before.low <= value <= before.high <= after.high


def test_looks_can_not_be_negative() -> None:
    with pytest.raises(ValueError, match="below 0"):
        widened(LEAD, -1)


def test_the_numbers_of_a_comparison_are_named_after_the_champion() -> None:
    found = HeadToHead("auc", 0.78, 0.75, 3, lead=LEAD, looks=4).metrics()
    assert found.pop("champion.auc_above_low") == widened(LEAD, 4).low
    assert found.pop("champion.auc_above_high") == widened(LEAD, 4).high
    assert found == {
        "auc": 0.78,
        "champion.auc": 0.75,
        "champion.auc_above": 0.03,
        "champion.looks": 4.0,
    }


def test_segments_are_compared_by_their_agreement() -> None:
    found = HeadToHead("bootstrap_ari", 0.9, 0.85, 3, agreement=0.7).metrics()
    assert found == {
        "bootstrap_ari": 0.9,
        "champion.bootstrap_ari": 0.85,
        "champion.agreement": 0.7,
    }
