"""Who buys how often and for how long: a buy-till-you-die process with covariates.

Pareto/NBD (Schmittlein, Morrison and Colombo 1987, "Counting your customers: who are they and what
will they do next?", Management Science 33): customer i orders in a Poisson process of rate
lambda_i, drops out unseen after an exponential lifetime of rate mu_i, and both rates differ between
customers by independent gamma distributions. Covariates x_i act on the rates in proportion (Fader
and Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models"):

    lambda_i = Gamma(r, alpha) * exp(b' x_i)        mu_i = Gamma(s, beta) * exp(g' x_i)

The covariates also drive how often a customer visits the shop and how often a contact stays
unresolved, so that what is recorded carries information about who is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.parameters import Effects, Season, Settings

SECONDS_A_DAY = 86_400
_DAYS_A_YEAR = 365.25
_FOREVER = float("inf")


@dataclass(frozen=True)
class People:
    """Some customers and their truth, one element a customer; days count from the period's start.

    Attributes:
        who: Number of the customer.
        registered: Day of registration, on a whole second; below 0 before the period.
        visit_interest: Covariate, standard normal: how gladly the customer visits.
        trouble: Covariate, standard normal: how often contacts stay unresolved.
        purchase_rate: lambda_i, orders a day in a calm season.
        dropout_rate: mu_i, a day, without drift.
        gone: Day of dropout, perhaps long after the period.
    """

    who: Ints
    registered: Floats
    visit_interest: Floats
    trouble: Floats
    purchase_rate: Floats
    dropout_rate: Floats
    gone: Floats


@dataclass(frozen=True)
class Arrivals:
    """Points in time of several customers, in order of customer and time.

    Attributes:
        index: Position of the customer in the arrays that were given.
        number: Number of the point, unique for its customer.
        day: When, in days from the period's start.
    """

    index: Ints
    number: Ints
    day: Floats


class Calendar:
    """The season's factor at any time of the period.

    Args:
        season: Its factors.
        settings: When the period starts and how long it is.
    """

    def __init__(self, season: Season, settings: Settings) -> None:
        self._hours = np.array(season.hours)
        days = np.arange(settings.days + 1)
        weekday = (settings.start.weekday() + days) % 7
        in_year = settings.start.timetuple().tm_yday + days - season.busiest_day
        swing = 1 + season.yearly_swing * np.cos(2 * np.pi * in_year / _DAYS_A_YEAR)
        self._days = np.array(season.weekdays)[weekday] * swing

    def factor(self, day: Floats) -> Floats:
        """Season at times given in days from the period's start."""
        whole = np.floor(day).astype(np.int64)
        hour = np.minimum(((day - whole) * 24).astype(np.int64), 23)
        return np.asarray(self._days[whole] * self._hours[hour])

    @cached_property
    def highest(self) -> float:
        """The largest factor of the period."""
        return float(self._days.max() * self._hours.max())


def people(settings: Settings, draws: Draws, who: Ints) -> People:
    """Draw the customers ``who``: their covariates, rates, registration and dropout."""
    p = settings.process
    interest = draws.normal("visit interest", who)
    trouble = draws.normal("trouble", who)
    purchases = draws.gamma("purchase rate", who, p.purchase_shape) / p.purchase_scale
    dropouts = draws.gamma("dropout rate", who, p.dropout_shape) / p.dropout_scale
    purchases *= _effect(p.purchase_effects, interest, trouble)
    dropouts *= _effect(p.dropout_effects, interest, trouble)
    early = draws.chance("registered early", who, p.registered_before)
    moment = draws.uniform("registered", who)
    day = np.where(early, -p.longest_before * moment, settings.days * moment)
    registered = np.floor(day * SECONDS_A_DAY) / SECONDS_A_DAY
    lifetime = draws.exponential("lifetime", who) / dropouts
    gone = dropout_day(registered, lifetime, settings.changes("dropout"))
    return People(who, registered, interest, trouble, purchases, dropouts, gone)


def _effect(effects: Effects, interest: Floats, trouble: Floats) -> Floats:
    return np.exp(effects.visit_interest * interest + effects.trouble * trouble)


def dropout_day(
    registered: Floats, lifetime: Floats, changes: Sequence[tuple[float, float]]
) -> Floats:
    """Day on which each customer drops out.

    Args:
        registered: Day of registration.
        lifetime: How long the customer would stay if the rate never changed, in days.
        changes: Day and factor of each change of the dropout rate, in order; factors multiply.

    Returns:
        The day on which the accumulated hazard reaches what the lifetime stands for.
    """
    gone = np.full(len(registered), _FOREVER)
    at, left, factor = registered.copy(), lifetime.copy(), 1.0
    for end, change in [*changes, (_FOREVER, 1.0)]:
        hazard = np.maximum(end - at, 0) * factor
        ends_here = (left <= hazard) & np.isinf(gone)
        gone[ends_here] = at[ends_here] + left[ends_here] / factor
        left = left - hazard
        at, factor = np.maximum(at, end), factor * change
    return gone


def level(day: Floats, changes: Sequence[tuple[float, float]]) -> Floats:
    """Product of the factors of all changes up to each day."""
    found = np.ones(len(day))
    for since, factor in changes:
        found[day >= since] *= factor
    return found


def arrivals(
    draws: Draws,
    stream: str,
    who: Ints,
    rate: Floats,
    window: tuple[Floats, Floats],
    shape: Callable[[Ints, Floats], Floats],
    highest: float,
) -> Arrivals:
    """Draw an inhomogeneous Poisson process for each customer, by thinning.

    Lewis and Shedler 1979, "Simulation of nonhomogeneous Poisson processes by thinning": points of
    a process of rate ``rate * highest`` are kept with probability ``shape / highest``.

    Args:
        draws: Random numbers.
        stream: What the points are.
        who: Customers.
        rate: Rate of each, a day.
        window: First day (inclusive) and last (exclusive) of each.
        shape: Factor on the rate, from positions in ``who`` and days.
        highest: Its limit.
    """
    at, end = window[0].copy(), window[1]
    index = np.flatnonzero((at < end) & (rate > 0))
    kept: list[tuple[Ints, Ints, Floats]] = []
    number = 0
    while index.size:
        gaps = draws.exponential(f"{stream}/gap", who[index], number)
        at[index] += gaps / (rate[index] * highest)
        index = index[at[index] < end[index]]
        share = shape(index, at[index]) / highest
        chosen = index[draws.chance(f"{stream}/kept", who[index], share, number)]
        kept.append((chosen, np.full(len(chosen), number), at[chosen]))
        number += 1
    return _in_order(kept)


def _in_order(kept: Sequence[tuple[Ints, Ints, Floats]]) -> Arrivals:
    empty = np.array([], dtype=np.int64)
    index = np.concatenate([empty, *(part[0] for part in kept)])
    number = np.concatenate([empty, *(part[1] for part in kept)])
    day = np.concatenate([empty.astype(np.float64), *(part[2] for part in kept)])
    by_customer = np.argsort(index, kind="stable")
    return Arrivals(index[by_customer], number[by_customer], day[by_customer])
