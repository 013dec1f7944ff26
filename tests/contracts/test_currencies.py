"""The codes that money can be in are those of ISO 4217 that somebody pays in."""

import re

import pytest

from goldrun.contracts.currencies import ACTIVE, CURRENCIES, LATELY_WITHDRAWN
from goldrun.simulation.rates import CURRENCIES as SIMULATED


def test_every_code_is_three_capitals() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)


@pytest.mark.parametrize(
    "code", ["EUR", "USD", "GBP", "CHF", "JPY", "PLN", "XOF", "XCG", "SLE", "ZWG", "VED"]
)
def test_what_is_in_use_is_there(code: str) -> None:
    assert code in ACTIVE


@pytest.mark.parametrize("code", ["ZZZ", "AAA", "XXX", "XTS", "XAU", "XDR", "DEM", "BTC", "RMB"])
def test_what_nobody_pays_in_is_not(code: str) -> None:
    assert code not in CURRENCIES


def test_what_was_withdrawn_lately_is_not_active() -> None:
    assert LATELY_WITHDRAWN.isdisjoint(ACTIVE)
    assert {"HRK", "BGN"} <= LATELY_WITHDRAWN


def test_the_simulated_shop_is_paid_in_these() -> None:
    assert set(SIMULATED) <= ACTIVE
