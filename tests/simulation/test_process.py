"""The purchase process, compared with the closed form of Pareto/NBD."""

from datetime import date

import numpy as np
import pytest
from scipy import stats

from goldrun.simulation.draws import Draws
from goldrun.simulation.orders import Orders, orders
from goldrun.simulation.parameters import Drift, Effects, Process, Season, Settings
from goldrun.simulation.process import Calendar, People, dropout_day, people

CUSTOMERS = 20_000
NO_SEASON = Season(hours=(1.0,) * 24, weekdays=(1.0,) * 7, yearly_swing=0)
PLAIN = Process(season=NO_SEASON, purchase_effects=Effects(), dropout_effects=Effects())


def simulated(process: Process, **given: object) -> tuple[Settings, People, Orders]:
    settings = Settings.model_validate(
        {"customers": CUSTOMERS, "seed": 11, "process": process, **given}
    )
    draws = Draws(settings.seed)
    crowd = people(settings, draws, np.arange(CUSTOMERS))
    placed = orders(settings, draws, crowd, Calendar(process.season, settings))
    return settings, crowd, placed


def expected_orders(p: Process, days: np.ndarray) -> np.ndarray:
    """E[X(t)], equation 17 of Schmittlein, Morrison and Colombo (1987)."""
    r, alpha, s, beta = p.purchase_shape, p.purchase_scale, p.dropout_shape, p.dropout_scale
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + days)) ** (s - 1))


def test_the_number_of_orders_equals_the_closed_form() -> None:
    settings, crowd, placed = simulated(PLAIN)
    began = np.maximum(-crowd.registered, 0)
    known = settings.days - crowd.registered
    expected = expected_orders(PLAIN, known) - expected_orders(PLAIN, began)
    ordered = np.bincount(placed.index, minlength=CUSTOMERS)
    error = (ordered - expected).std() / np.sqrt(CUSTOMERS)
    assert abs(ordered.mean() - expected.mean()) < 4 * error


def test_the_number_of_dropouts_equals_the_closed_form() -> None:
    settings, crowd, _ = simulated(PLAIN)
    p, known = settings.process, settings.days - crowd.registered
    alive = (p.dropout_scale / (p.dropout_scale + known)) ** p.dropout_shape
    stayed = crowd.dropout >= settings.days
    error = np.sqrt((alive * (1 - alive)).sum()) / CUSTOMERS
    assert abs(stayed.mean() - alive.mean()) < 4 * error


def test_all_orders_are_between_registration_and_dropout() -> None:
    _, crowd, placed = simulated(Process())
    assert (placed.day >= crowd.registered[placed.index]).all()
    assert (placed.day <= crowd.dropout[placed.index]).all()


def test_covariates_act_on_the_rates_in_proportion() -> None:
    p = Process(dropout_effects=Effects(visit_interest=-0.5, trouble=0.7))
    _, crowd, _ = simulated(p)
    _, plain, _ = simulated(p.model_copy(update={"dropout_effects": Effects()}))
    factor = np.exp(-0.5 * crowd.visit_interest + 0.7 * crowd.trouble)
    assert crowd.dropout_rate == pytest.approx(plain.dropout_rate * factor)
    assert crowd.purchase_rate == pytest.approx(plain.purchase_rate)


def test_orders_follow_the_season_of_hours_and_weekdays() -> None:
    season = Season(yearly_swing=0)
    # A whole number of weeks, with customers from the first day to the last.
    p = PLAIN.model_copy(update={"season": season, "registered_before": 1.0, "dropout_scale": 1e9})
    settings, _, placed = simulated(p, days=364)
    hours = np.bincount((placed.day % 1 * 24).astype(int), minlength=24)
    weekday = (np.floor(placed.day).astype(int) + settings.start.weekday()) % 7
    share = len(placed.day) / 24 * np.array(season.hours)
    assert stats.chisquare(hours, share / share.sum() * hours.sum()).pvalue > 0.001
    share = np.array(season.weekdays) / 7 * len(weekday)
    assert stats.chisquare(np.bincount(weekday), share).pvalue > 0.001


def test_a_season_changes_the_times_and_not_the_number_of_orders() -> None:
    season = Season()
    assert np.mean(season.hours) == pytest.approx(1)
    assert np.mean(season.weekdays) == pytest.approx(1)


def test_a_higher_dropout_rate_shortens_the_remaining_lifetime() -> None:
    registered = np.array([0.0, 0.0, 20.0, -5.0])
    lifetime = np.array([5.0, 30.0, 30.0, 10.0])
    # Twice the rate from day 10 on, half of that from day 20 on.
    dropout = dropout_day(registered, lifetime, [(10.0, 2.0), (20.0, 0.5)])
    assert dropout == pytest.approx([5.0, 20.0, 50.0, 5.0])


def test_a_higher_order_rate_applies_from_its_date_on() -> None:
    drift = (Drift(kind="frequency", since=date(2025, 1, 1), factor=3.0),)
    settings, crowd, before = simulated(PLAIN)
    _, same, after = simulated(PLAIN, drift=drift)
    since = (date(2025, 1, 1) - settings.start).days
    assert (same.dropout == crowd.dropout).all()
    late = (before.day >= since).sum(), (after.day >= since).sum()
    early = (before.day < since).sum(), (after.day < since).sum()
    assert late[1] / late[0] == pytest.approx(3, rel=0.05)
    assert early[1] / early[0] == pytest.approx(1, rel=0.05)
