"""Purchase rates and lifetimes of customers: a buy-till-you-die process with covariates.

Pareto/NBD (Schmittlein, Morrison and Colombo 1987, "Counting your customers: who are they and what
will they do next?", Management Science 33): customer i orders in a Poisson process of rate
lambda_i and drops out, unobserved, after an exponential lifetime of rate mu_i. Both rates follow
independent gamma distributions over customers. Covariates x_i act proportionally on them (Fader
and Hardie 2007, "Incorporating time-invariant covariates into the Pareto/NBD and BG/NBD models"):

    lambda_i = Gamma(r, alpha) * exp(b' x_i)        mu_i = Gamma(s, beta) * exp(g' x_i)

The covariates also act on the rate of sessions and on the share of unresolved interactions, so
that the recorded behaviour predicts churn.
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
    """True parameters of customers: arrays with one element a customer.

    Days are counted from the start of the period.

    Attributes:
        customer: Number of the customer.
        registered: Day of registration, a whole second; negative before the period.
        visit_interest: Covariate, standard normal; raises the rate of sessions.
        trouble: Covariate, standard normal; raises the share of unresolved interactions.
        purchase_rate: lambda_i, orders a day at season factor 1.
        dropout_rate: mu_i, 1/day, without drift.
        dropout: Day of dropout; may lie after the period.
    """

    customer: Ints
    registered: Floats
    visit_interest: Floats
    trouble: Floats
    purchase_rate: Floats
    dropout_rate: Floats
    dropout: Floats


@dataclass(frozen=True)
class PoissonPoints:
    """Points in time of several customers, sorted by customer and time.

    Attributes:
        index: Position of the customer in the input arrays.
        number: Number of the point, unique within its customer.
        day: Time in days from the start of the period.
    """

    index: Ints
    number: Ints
    day: Floats


class Calendar:
    """The season factor at each time of the period.

    Args:
        season: Factors by hour, weekday and day of the year.
        settings: Settings with the start and length of the period.
    """

    def __init__(self, season: Season, settings: Settings) -> None:
        self._hours = np.array(season.hours)
        days = np.arange(settings.days + 1)
        weekday = (settings.start.weekday() + days) % 7
        in_year = settings.start.timetuple().tm_yday + days - season.busiest_day
        swing = 1 + season.yearly_swing * np.cos(2 * np.pi * in_year / _DAYS_A_YEAR)
        self._days = np.array(season.weekdays)[weekday] * swing

    def factor(self, day: Floats) -> Floats:
        """Return the season factor at times in days from the start of the period."""
        whole = np.floor(day).astype(np.int64)
        hour = np.minimum(((day - whole) * 24).astype(np.int64), 23)
        return np.asarray(self._days[whole] * self._hours[hour])

    @cached_property
    def highest(self) -> float:
        """The largest factor of the period."""
        return float(self._days.max() * self._hours.max())


def people(settings: Settings, draws: Draws, customer: Ints) -> People:
    """Draw covariates, rates, registration and dropout of the customers with these numbers."""
    p = settings.process
    interest = draws.normal("visit interest", customer)
    trouble = draws.normal("trouble", customer)
    purchases = draws.gamma("purchase rate", customer, p.purchase_shape) / p.purchase_scale
    dropouts = draws.gamma("dropout rate", customer, p.dropout_shape) / p.dropout_scale
    purchases *= _effect(p.purchase_effects, interest, trouble)
    dropouts *= _effect(p.dropout_effects, interest, trouble)
    early = draws.chance("registered early", customer, p.registered_before)
    moment = draws.uniform("registered", customer)
    day = np.where(early, -p.longest_before * moment, settings.days * moment)
    registered = np.floor(day * SECONDS_A_DAY) / SECONDS_A_DAY
    lifetime = draws.exponential("lifetime", customer) / dropouts
    dropout = dropout_day(registered, lifetime, settings.changes("dropout"))
    return People(customer, registered, interest, trouble, purchases, dropouts, dropout)


def _effect(effects: Effects, interest: Floats, trouble: Floats) -> Floats:
    return np.exp(effects.visit_interest * interest + effects.trouble * trouble)


def dropout_day(
    registered: Floats, lifetime: Floats, changes: Sequence[tuple[float, float]]
) -> Floats:
    """Compute the day of dropout of each customer.

    Args:
        registered: Day of registration.
        lifetime: Lifetime in days under a constant dropout rate.
        changes: Day and factor of each change of the dropout rate, by day; factors multiply.

    Returns:
        The day on which the cumulative hazard equals that of ``lifetime`` at a constant rate.
    """
    dropout = np.full(len(registered), _FOREVER)
    at, left, factor = registered.copy(), lifetime.copy(), 1.0
    for end, change in [*changes, (_FOREVER, 1.0)]:
        hazard = np.maximum(end - at, 0) * factor
        ends_here = (left <= hazard) & np.isinf(dropout)
        dropout[ends_here] = at[ends_here] + left[ends_here] / factor
        left = left - hazard
        at, factor = np.maximum(at, end), factor * change
    return dropout


def level(day: Floats, changes: Sequence[tuple[float, float]]) -> Floats:
    """Return the product of the factors of all changes up to each day."""
    found = np.ones(len(day))
    for since, factor in changes:
        found[day >= since] *= factor
    return found


def poisson_points(
    draws: Draws,
    stream: str,
    customer: Ints,
    rate: Floats,
    window: tuple[Floats, Floats],
    shape: Callable[[Ints, Floats], Floats],
    highest: float,
) -> PoissonPoints:
    """Draw an inhomogeneous Poisson process for each customer, by thinning.

    Lewis and Shedler 1979, "Simulation of nonhomogeneous Poisson processes by thinning": points of
    a process of rate ``rate * highest`` are kept with probability ``shape / highest``.

    Args:
        draws: Random numbers.
        stream: Name of the stream of random numbers.
        customer: Numbers of the customers.
        rate: Rate of each customer, points a day.
        window: First day (inclusive) and last day (exclusive) of each customer.
        shape: Function from positions in ``customer`` and days to factors on the rate.
        highest: Upper limit of these factors.
    """
    at, end = window[0].copy(), window[1]
    index = np.flatnonzero((at < end) & (rate > 0))
    kept: list[tuple[Ints, Ints, Floats]] = []
    number = 0
    while index.size:
        gaps = draws.exponential(f"{stream}/gap", customer[index], number)
        at[index] += gaps / (rate[index] * highest)
        index = index[at[index] < end[index]]
        share = shape(index, at[index]) / highest
        chosen = index[draws.chance(f"{stream}/kept", customer[index], share, number)]
        kept.append((chosen, np.full(len(chosen), number), at[chosen]))
        number += 1
    return _sorted_points(kept)


def _sorted_points(kept: Sequence[tuple[Ints, Ints, Floats]]) -> PoissonPoints:
    empty = np.array([], dtype=np.int64)
    index = np.concatenate([empty, *(part[0] for part in kept)])
    number = np.concatenate([empty, *(part[1] for part in kept)])
    day = np.concatenate([empty.astype(np.float64), *(part[2] for part in kept)])
    by_customer = np.argsort(index, kind="stable")
    return PoissonPoints(index[by_customer], number[by_customer], day[by_customer])
