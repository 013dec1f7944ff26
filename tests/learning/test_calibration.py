import numpy as np
import pytest
from scipy.special import expit, logit

from goldrun.learning.calibration import expected_calibration_error, measure_calibration

RANDOM = np.random.default_rng(5)
TRUE = RANDOM.beta(2, 3, 40_000)
LABELS = (RANDOM.random(40_000) < TRUE).astype(float)


def test_true_probabilities_are_calibrated() -> None:
    found = measure_calibration(LABELS, TRUE)
    assert found.slope == pytest.approx(1, abs=0.04)
    assert found.intercept == pytest.approx(0, abs=0.04)
    assert max(found.error, found.error_shifted, abs(found.mean_minus_base_rate)) < 0.01


def test_probabilities_that_are_too_extreme_have_a_small_slope() -> None:
    assert measure_calibration(LABELS, expit(2 * logit(TRUE))).slope == pytest.approx(0.5, abs=0.03)


def test_a_changed_base_rate_is_in_the_intercept_and_not_in_the_shifted_error() -> None:
    found = measure_calibration(LABELS, expit(logit(TRUE) + 0.8))
    assert found.intercept == pytest.approx(-0.8, abs=0.04)
    assert found.mean_minus_base_rate > 0.1
    assert found.error == pytest.approx(found.mean_minus_base_rate, abs=0.01)
    assert found.error_shifted < 0.01


def test_the_error_is_the_mean_difference_of_ten_groups_of_equal_size() -> None:
    chance = np.repeat([0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95], 20)
    labels = np.tile(np.repeat([0.0, 1.0], 10), 10)
    expected = np.mean([abs(0.5 - p) for p in np.unique(chance)])
    assert expected_calibration_error(labels, chance) == pytest.approx(expected)


def test_a_constant_probability_has_the_difference_to_the_base_rate_as_error() -> None:
    labels = np.array([0.0, 1.0] * 50)
    assert expected_calibration_error(labels, np.full(100, 0.8)) == pytest.approx(0.3)


def test_probabilities_of_zero_and_one_are_measured() -> None:
    found = measure_calibration(np.array([0.0, 1, 1, 0]), np.array([0.0, 1.0, 0.7, 0.4]))
    assert all(np.isfinite(value) for value in found.metrics().values())
