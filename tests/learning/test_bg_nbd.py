"""BG/NBD against the figures of its paper (CDNOW sample, weeks, calibrated on 39 of them)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln
from sklearn.metrics import roc_auc_score

from goldrun.errors import AsOfError
from goldrun.learning.bg_nbd import (
    BgNbd,
    Histories,
    expected_purchases,
    fit_bg_nbd,
    log_likelihood,
)

CDNOW = Path(__file__).parents[1] / "data" / "cdnow" / "CDNOW_sample.txt"
END = pd.Timestamp("1997-09-30")
PAPER = BgNbd(0.2425945, 4.4136019, 0.7929199, 2.4258881)


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    """Customer and day of each purchase, each once."""
    rows = [line.split() for line in CDNOW.read_text().splitlines() if line.strip()]
    frame = pd.DataFrame([(row[1], pd.Timestamp(row[2])) for row in rows], columns=["who", "day"])
    return frame.drop_duplicates()


@pytest.fixture(scope="module")
def histories(purchases: pd.DataFrame) -> Histories:
    """Histories until ``END``, in weeks, by customer ascending."""
    days = purchases[purchases.day <= END].groupby("who").day
    last = (days.max() - days.min()).dt.days.to_numpy(float) / 7
    age = (END - days.min()).dt.days.to_numpy(float) / 7
    repeats = np.asarray(days.size(), dtype=np.float64) - 1
    return Histories(repeats, last, age)


def one(repeats: float, last: float, age: float) -> Histories:
    return Histories(np.array([repeats]), np.array([last]), np.array([age]))


def test_the_published_parameters_and_likelihood_are_found(histories: Histories) -> None:
    found = fit_bg_nbd(histories)
    assert (found.r, found.alpha) == pytest.approx((0.2425945, 4.4136019), rel=1e-4)
    assert (found.a, found.b) == pytest.approx((0.7929199, 2.4258881), rel=1e-4)
    assert log_likelihood(found, histories).sum() == pytest.approx(-9582.429, abs=0.001)


def test_the_published_expectation_of_a_customer_is_found() -> None:
    assert expected_purchases(PAPER, one(2, 30.43, 38.86), 39) == pytest.approx([1.226], abs=5e-4)


def test_the_published_expectations_of_a_new_customer_are_found() -> None:
    periods = (0.1429, 1, 3, 31.8571, 32)
    found = [expected_purchases(PAPER, one(0, 0, 0), period)[0] for period in periods]
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437], abs=1e-4)


def test_the_published_ranking_of_future_activity_is_found(
    histories: Histories, purchases: pd.DataFrame
) -> None:
    expected = expected_purchases(fit_bg_nbd(histories), histories, 39)
    known = sorted(purchases[purchases.day <= END].who.unique())
    later = set(purchases[purchases.day > END].who)
    active = [who in later for who in known]
    assert roc_auc_score(active, expected) == pytest.approx(0.7725, abs=5e-4)


def test_the_unit_of_time_has_no_effect(histories: Histories) -> None:
    days = Histories(histories.repeats, 7 * histories.last, 7 * histories.age)
    by_weeks = expected_purchases(fit_bg_nbd(histories), histories, 13)
    by_days = expected_purchases(fit_bg_nbd(days), days, 91)
    assert by_days == pytest.approx(by_weeks, rel=1e-3)


def test_the_order_of_customers_has_no_effect(histories: Histories) -> None:
    turned = Histories(*(each[::-1] for each in vars(histories).values()))
    assert fit_bg_nbd(turned) == fit_bg_nbd(histories)


def test_without_inactivity_the_expectation_is_that_of_a_constant_rate() -> None:
    nearly_never = BgNbd(0.8, 20.0, 1e-9, 50.0)
    many = Histories(np.array([0.0, 3, 40]), np.array([0.0, 90, 300]), np.array([10.0, 100, 320]))
    poisson = (0.8 + many.repeats) / (20.0 + many.age) * 90
    assert expected_purchases(nearly_never, many, 90) == pytest.approx(poisson, rel=1e-4)


@pytest.mark.parametrize("a", [0.999999999, 1.0, 1.000000001])
def test_an_expectation_exists_where_the_formula_divides_by_zero(a: float) -> None:
    found, near = (
        expected_purchases(BgNbd(0.5, 10, value, 2.0), one(4, 50, 60), 30) for value in (a, 1.001)
    )
    assert found == pytest.approx(near, rel=1e-2)


def test_the_integral_for_a_large_parameter_continues_the_formula() -> None:
    """What is computed in two ways is equal where one ends and the other begins."""
    some = Histories(
        np.array([0.0, 1, 8, 40]), np.array([0.0, 30, 90, 300]), np.array([9.0, 80, 95, 320])
    )
    for b in (0.01, 5.0, 100.0, 5_000.0):
        formula, integral = (
            expected_purchases(BgNbd(0.8, 20, a, b), some, 90) for a in (50.0, 50.000001)
        )
        assert integral == pytest.approx(formula, rel=1e-4), b


def test_customers_who_become_inactive_with_one_probability_have_its_expectation() -> None:
    """In the limit all have the probability a / (a + b), and the sum over purchases is known."""
    found = expected_purchases(BgNbd(0.8, 20, 2_000, 6_000), one(0, 0, 50), 90)
    assert found == pytest.approx((1 - (70 / (70 + 0.25 * 90)) ** 0.8) / 0.25, rel=1e-3)


@pytest.mark.parametrize(
    "shop",
    [
        one(0, 0, 5),
        Histories(
            np.array([1.0, 1, 0, 3, 3]),
            np.array([7.0, 111, 0, 69, 145]),
            np.array([274.0, 141, 176, 152, 250]),
        ),
        Histories(np.zeros(50), np.zeros(50), np.full(50, 30.0)),
        Histories(np.full(50, 9.0), np.full(50, 90.0), np.full(50, 90.0)),
        Histories(np.array([0.0, 500]), np.array([0.0, 1000]), np.array([1.0, 1000])),
    ],
    ids=["one customer", "five customers", "no repeats", "all alike", "one very frequent"],
)
def test_unusual_shops_have_finite_expectations(shop: Histories) -> None:
    found = expected_purchases(fit_bg_nbd(shop), shop, 90)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_a_shop_without_purchases_before_the_date_is_refused() -> None:
    with pytest.raises(AsOfError, match="no customer purchased"):
        fit_bg_nbd(one(0, 0, 0))


def test_the_likelihood_is_that_of_the_poisson_process_for_one_purchase() -> None:
    model = BgNbd(0.7, 3.0, 0.4, 2.0)
    expected = gammaln(0.7) - gammaln(0.7) + 0.7 * np.log(3.0 / (3.0 + 8.0))
    assert log_likelihood(model, one(0, 0, 8)) == pytest.approx([expected])
