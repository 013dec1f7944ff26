"""PSI, JS distance and noise against published values, scipy and the mathematics."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from goldrun.monitoring.divergence import js_distance, psi, psi_noise, psi_terms

# Published values -----------------------------------------------------------------------------


def test_psi_of_popmons_example_is_popmons_value() -> None:
    assert psi([85, 5, 5, 5], [25, 25, 25, 25]) == pytest.approx(1.6999280064337297, abs=1e-14)


def test_psi_of_popmons_example_with_its_smoothing_is_its_published_value() -> None:
    # popmon adds 1e-5 to every share and doesn't divide by their sum again.
    smoothed = [85_001, 5_001, 5_001, 5_001], [25_001] * 4
    assert psi(*smoothed) * 1.00004 == pytest.approx(1.699815077214137, abs=1e-13)


def test_psi_and_js_of_evidentlys_six_values_are_what_evidently_gives() -> None:
    before, after = [16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]
    assert psi(before, after) == pytest.approx(0.0372183816, abs=1e-10)
    # evidently takes the natural logarithm.
    assert js_distance(before, after) * math.sqrt(math.log(2)) == pytest.approx(
        0.0680481962, abs=1e-10
    )


def test_psi_of_two_disjoint_ranges_in_ten_quantile_bins_is_feature_engines_value() -> None:
    assert psi([50] * 10, [0] * 9 + [500]) == pytest.approx(8.283089355027482, abs=1e-12)


def test_psi_of_a_category_that_replaces_another_is_feature_engines_value() -> None:
    assert psi([500, 0], [0, 500]) == pytest.approx(18.41883867587797, abs=1e-12)


def test_psi_and_js_of_two_disjoint_ranges_in_sturges_bins_are_what_evidently_gives() -> None:
    before, after = np.arange(500), np.arange(500, 1000)
    edges = np.histogram_bin_edges(np.concatenate([before, after]), bins="sturges")
    counts = [np.histogram(values, edges)[0].tolist() for values in (before, after)]
    assert psi(*counts) == pytest.approx(13.654490, abs=1e-6)
    assert js_distance(*counts) * math.sqrt(math.log(2)) == pytest.approx(0.794206, abs=1e-6)


@pytest.mark.parametrize(
    ("bins", "n", "m", "p", "published"),
    [
        (10, 500, 500, 0.001, 0.11150865948502628),
        (32, 1000, 1500, 0.05, 0.07497557213394188),
    ],
)
def test_the_noise_of_psi_is_feature_engines_automatic_threshold(
    bins: int, n: int, m: int, p: float, published: float
) -> None:
    assert psi_noise(bins, n, m, p) == pytest.approx(published, abs=1e-12)


def test_samples_of_one_population_exceed_the_noise_at_its_nominal_rate() -> None:
    rng = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    noise = psi_noise(10, 2000, 1000, p=0.05)
    over = [
        psi(rng.multinomial(2000, shares).tolist(), rng.multinomial(1000, shares).tolist()) > noise
        for _ in range(2000)
    ]
    assert 0.035 < np.mean(over) < 0.065


# Mathematics ----------------------------------------------------------------------------------


@st.composite
def two_counts(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    size = draw(st.integers(1, 12))
    counts = st.lists(st.integers(0, 10_000), min_size=size, max_size=size).filter(any)
    return draw(counts), draw(counts)


@given(two_counts())
def test_psi_is_symmetric_and_zero_only_for_equal_shares(
    counts: tuple[list[int], list[int]],
) -> None:
    one, other = counts
    value = psi(one, other)
    same = [Fraction(a, sum(one)) for a in one] == [Fraction(b, sum(other)) for b in other]
    assert (value == 0) if same else (value > 0)
    assert psi(other, one) == pytest.approx(value, rel=1e-12)


@given(two_counts())
def test_js_is_scipys_distance_and_between_zero_and_one(
    counts: tuple[list[int], list[int]],
) -> None:
    value = js_distance(*counts)
    assert 0 <= value <= 1
    # The root magnifies rounding, 1e-16 to 1e-8, and scipy returns NaN below 0.
    assert value == pytest.approx(np.nan_to_num(jensenshannon(*counts, base=2)), abs=1e-7)


@given(two_counts(), st.integers(2, 50))
def test_the_number_of_rows_does_not_change_psi_at_equal_shares(
    counts: tuple[list[int], list[int]], times: int
) -> None:
    one, other = counts
    many = [times * count for count in other]
    assert psi(one, many) == pytest.approx(psi(one, other), rel=1e-9)
    assert js_distance(one, many) == pytest.approx(js_distance(one, other), abs=1e-7)


def test_an_empty_bin_never_passes_for_a_fuller_one_than_a_bin_with_a_row() -> None:
    # One row in a million is a share of 1e-6, far below the usual substitute for zero.
    assert psi([999_999, 1, 0], [999_999, 0, 1]) > 0
    assert psi([999_999, 1], [1_000_000, 0]) < psi([999_990, 10], [1_000_000, 0])


def test_disjoint_counts_have_a_js_distance_of_one() -> None:
    assert js_distance([7, 0, 3, 0], [0, 2, 0, 9]) == 1.0


@pytest.mark.parametrize("measure", [psi, js_distance])
@pytest.mark.parametrize(
    ("expected", "actual", "why"),
    [
        ([1, 2], [1, 2, 3], "2 expected and 3 actual"),
        ([], [], "no rows"),
        ([0, 0], [1, 2], "expected counts have no rows"),
        ([1, 2], [0, 0], "actual counts have no rows"),
        ([3, -1], [1, 2], "negative"),
    ],
)
def test_counts_that_cannot_be_compared_are_refused(
    measure: Callable[[list[int], list[int]], float],
    expected: list[int],
    actual: list[int],
    why: str,
) -> None:
    with pytest.raises(ValueError, match=why):
        measure(expected, actual)


@given(two_counts())
def test_contributions_of_bins_are_not_negative_and_sum_to_psi(
    counts: tuple[list[int], list[int]],
) -> None:
    terms = psi_terms(*counts)
    assert len(terms) == len(counts[0])
    assert min(terms) >= 0
    assert terms.sum() == psi(*counts)
