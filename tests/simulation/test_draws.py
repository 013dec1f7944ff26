"""Random numbers have the right distribution and do not depend on other draws."""

import numpy as np
import pytest
from scipy import stats

from goldrun.simulation.draws import Draws

CUSTOMER = np.arange(20_000)


@pytest.mark.parametrize("shape", [0.3, 0.8, 1.0, 1.5, 7.0])
def test_gamma_draws_are_gamma_distributed(shape: float) -> None:
    drawn = Draws(1).gamma("rate", CUSTOMER, shape)
    assert stats.kstest(drawn, stats.gamma(shape).cdf).pvalue > 0.001


def test_uniform_normal_and_exponential_draws_are_distributed_as_named() -> None:
    draws = Draws(2)
    assert stats.kstest(draws.uniform("u", CUSTOMER), stats.uniform.cdf).pvalue > 0.001
    assert stats.kstest(draws.normal("n", CUSTOMER), stats.norm.cdf).pvalue > 0.001
    assert stats.kstest(draws.exponential("e", CUSTOMER), stats.expon.cdf).pvalue > 0.001


def test_draws_of_streams_customers_numbers_and_seeds_are_independent() -> None:
    draws = Draws(3)
    first = draws.uniform("a", CUSTOMER)
    others = (
        draws.uniform("b", CUSTOMER),
        draws.uniform("a", CUSTOMER, 1),
        draws.uniform("a", CUSTOMER + 1),
        Draws(4).uniform("a", CUSTOMER),
    )
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 4 / np.sqrt(len(CUSTOMER))


def test_positions_are_drawn_with_the_frequency_of_their_weights() -> None:
    drawn = Draws(5).index("kind", CUSTOMER, (5, 0, 3, 2))
    expected = np.array([0.5, 0.3, 0.2]) * len(CUSTOMER)
    assert stats.chisquare(np.bincount(drawn)[[0, 2, 3]], expected).pvalue > 0.001
    assert not (drawn == 1).any()


def test_a_draw_does_not_depend_on_other_draws() -> None:
    draws = Draws(6)
    together = draws.gamma("rate", CUSTOMER, 0.8)
    apart = np.concatenate(
        [draws.gamma("rate", CUSTOMER[i : i + 7], 0.8) for i in range(0, 700, 7)]
    )
    assert (together[:700] == apart).all()
