"""The posterior of the purchases to come, against published figures and a simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.posterior import (
    Purchases,
    Rates,
    gamma_shares,
    log_likelihood,
    no_purchase,
    rates_of,
)
from goldrun.simulation.parameters import Process

CDNOW = Path(__file__).parents[1] / "data" / "cdnow" / "CDNOW_sample.txt"
END = pd.Timestamp("1997-09-30")


def test_the_likelihood_of_the_published_parameters_is_the_published_one() -> None:
    rows = [line.split() for line in CDNOW.read_text().splitlines() if line.strip()]
    frame = pd.DataFrame([(row[1], pd.Timestamp(row[2])) for row in rows], columns=["who", "day"])
    days = frame.drop_duplicates()[lambda all_days: all_days.day <= END].groupby("who").day
    last = (days.max() - days.min()).dt.days.to_numpy(float) / 7
    age = (END - days.min()).dt.days.to_numpy(float) / 7
    repeats = days.size().to_numpy(float) - 1
    published = np.outer(gamma_shares(0.553, 10.578), gamma_shares(0.606, 11.669))
    rates = Rates(rates_of(Process()).rate, published)
    found = log_likelihood(rates, Purchases(repeats, last, age, np.zeros_like(age)))
    assert found.sum() == pytest.approx(-9595.0, abs=0.05)


def test_the_posterior_is_the_share_of_simulated_customers_who_stay_away() -> None:
    """Customers of two years, seen in the second one: in each group the shares agree."""
    random, size = np.random.default_rng(0), 20_000
    process = Process()
    interest, trouble = random.normal(size=(2, size))
    rate = random.gamma(0.8, 1 / 85, size) * np.exp(0.3 * interest)
    lifetime = random.exponential(900 / random.gamma(1.5, 1, size))
    lifetime /= np.exp(-0.5 * interest + 0.7 * trouble)
    before, age, horizon = np.full(size, 200.0), random.uniform(100, 400, size), 90
    active = np.clip(lifetime - before, 0, age)
    count = random.poisson(rate * active)
    # The last of so many uniform points.
    last = active * random.uniform(size=size) ** (1 / np.maximum(count, 1)) * (count > 0)
    within = np.clip(lifetime - before - age, 0, horizon)
    away = random.poisson(rate * within) == 0
    once = count > 0
    count, last, age, before, away = (each[once] for each in (count, last, age, before, away))
    found = no_purchase(rates_of(process), Purchases(count.astype(float), last, age, before), 90)
    groups = {
        "once": count == 1,
        "often and lately": (count > 3) & (age - last < 30),
        "often and long ago": (count > 3) & (age - last > 90),
        "doubtful": (found > 0.4) & (found < 0.6),
    }
    for name, rows in groups.items():
        error = np.sqrt(found[rows].mean() * (1 - found[rows].mean()) / rows.sum())
        assert abs(found[rows].mean() - away[rows].mean()) < 4 * error, name
