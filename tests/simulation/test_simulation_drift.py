"""Drift changes the quantity that it names, from its date on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from goldrun.contracts import behaviour, entities
from goldrun.errors import SettingsError
from goldrun.simulation.draws import Draws
from goldrun.simulation.options import read_settings
from goldrun.simulation.process import people
from tests.simulation.conftest import rows_of

SINCE = pd.Timestamp("2025-01-01")
SIZE: dict[str, Any] = {"customers": 2_000, "days": 365}


@pytest.fixture(scope="module")
def plain() -> dict[str, pd.DataFrame]:
    return rows_of(read_settings(**SIZE))


@pytest.fixture(scope="module")
def drifted() -> dict[str, pd.DataFrame]:
    drift = "spend:2025-01-01:2,device:2025-01-01:4,response:2025-01-01:3"
    return rows_of(read_settings(drift=drift, **SIZE))


def _before_and_after(
    rows: dict[str, pd.DataFrame], entity: str, time: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    late = rows[entity][time] >= SINCE
    return rows[entity][~late], rows[entity][late]


def test_spend_drift_multiplies_prices_from_its_date_on(
    plain: dict[str, pd.DataFrame], drifted: dict[str, pd.DataFrame]
) -> None:
    before, after = _before_and_after(plain, "transactions", entities.TRANSACTION_DATE)
    same, dearer = _before_and_after(drifted, "transactions", entities.TRANSACTION_DATE)
    assert (same[entities.PRICE].to_numpy() == before[entities.PRICE].to_numpy()).all()
    assert dearer[entities.PRICE].to_numpy() / after[entities.PRICE].to_numpy() == pytest.approx(
        2, rel=0.02
    )
    assert (dearer[entities.QUANTITY].to_numpy() == after[entities.QUANTITY].to_numpy()).all()


def test_device_drift_multiplies_the_odds_of_mobile_from_its_date_on(
    plain: dict[str, pd.DataFrame], drifted: dict[str, pd.DataFrame]
) -> None:
    before, after = _before_and_after(plain, "sessions", behaviour.SESSION_START)
    same, other = _before_and_after(drifted, "sessions", behaviour.SESSION_START)
    assert same[behaviour.DEVICE_TYPE].equals(before[behaviour.DEVICE_TYPE])
    assert (other[behaviour.DEVICE_TYPE] == "mobile").mean() > (
        after[behaviour.DEVICE_TYPE] == "mobile"
    ).mean() + 0.1


def test_response_drift_multiplies_response_times_from_its_date_on(
    plain: dict[str, pd.DataFrame], drifted: dict[str, pd.DataFrame]
) -> None:
    before, after = _before_and_after(plain, "interactions", behaviour.INTERACTION_DATE)
    same, slower = _before_and_after(drifted, "interactions", behaviour.INTERACTION_DATE)
    assert same[behaviour.RESPONSE_TIME].equals(before[behaviour.RESPONSE_TIME])
    times = slower[behaviour.RESPONSE_TIME].astype(float) / after[behaviour.RESPONSE_TIME].astype(
        float
    )
    assert np.nanmedian(times) == pytest.approx(3, rel=0.01)


def test_dropout_drift_makes_more_customers_drop_out_after_its_date_and_none_before() -> None:
    settings = [read_settings(**SIZE), read_settings(drift="dropout:2025-01-01:5", **SIZE)]
    dropout = [people(one, Draws(one.seed), np.arange(one.customers)).dropout for one in settings]
    since = (SINCE.date() - settings[0].start).days
    early = dropout[0] < since
    assert (dropout[1][early] == dropout[0][early]).all()
    assert (dropout[1][~early] < dropout[0][~early]).all()
    assert (dropout[1][~early] >= since).all()


def test_unknown_drift_is_refused_with_the_nearest_known() -> None:
    with pytest.raises(SettingsError, match=r"spent.*did you mean 'spend'"):
        read_settings(drift="spent:2025-01-01:2")


@pytest.mark.parametrize(
    ("drift", "message"),
    [
        ("spend", "not kind:date:factor"),
        ("spend:2025-01-01", "not kind:date:factor"),
        ("spend:soon:2", "--drift"),
        ("spend:2025-01-01:0", "--drift"),
        ("spend:2025-01-01:nan", "--drift"),
        ("spend:2030-01-01:2", "not within"),
    ],
)
def test_drift_that_is_invalid_is_refused(drift: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_settings(drift=drift)
