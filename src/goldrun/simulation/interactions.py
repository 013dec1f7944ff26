"""Interactions of customers with the shop's service."""

import numpy as np
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.parameters import YEAR, Settings
from goldrun.simulation.process import SECONDS_A_DAY, People, level, poisson_points
from goldrun.simulation.rows import CUSTOMER, customer_ids, numbered, times
from goldrun.simulation.text import Text, digits, pick, whole

_CHANNEL_WEIGHTS = (45, 20, 22, 9, 4)
_HABIT = 0.7
"""Probability of the customer's usual channel."""
_MEDIAN_SECONDS = (14_400.0, 90.0, 45.0, 7_200.0, 86_400.0)
_SPREAD = 1.1
"""Standard deviation of the logarithm of the response time."""
_LONGEST_SECONDS = 60 * 86_400
_NO_ANSWER = 0.05
_PENDING = 0.03
_FAILURE_WEIGHTS = (70, 20, 10)


def interactions(settings: Settings, draws: Draws, people: People) -> pd.DataFrame:
    """Draw the interactions of all customers until their dropout.

    Args:
        settings: The settings.
        draws: Random numbers.
        people: The customers.

    Returns:
        One row an interaction, with the columns of the contract; ``response_time`` is in units
        of 0.001 s.
    """
    rate = np.full(len(people.customer), settings.process.interactions_a_year / YEAR)
    window = (np.maximum(people.registered, 0), np.minimum(people.dropout, settings.days))
    found = poisson_points(draws, "contact", people.customer, rate, window, _always, 1.0)
    customer, number = people.customer[found.index], found.number
    second = np.floor(found.day * SECONDS_A_DAY).astype(np.int64)
    channel = _channels(draws, customer, number)
    rows = pd.DataFrame(
        {
            CUSTOMER: customer,
            behaviour.INTERACTION_ID: "I" + digits(customer, 8) + "-" + whole(number),
            entities.CUSTOMER_ID: customer_ids(customer),
            behaviour.INTERACTION_DATE: times(settings.start_micros + second * 1_000_000),
            behaviour.INTERACTION_TYPE: pick(behaviour.CHANNELS, channel),
            behaviour.RESPONSE_TIME: _responses(
                settings, draws, customer, number, channel, found.day
            ),
            behaviour.INTERACTION_OUTCOME: _outcomes(
                settings, draws, customer, number, people.trouble[found.index]
            ),
        }
    )
    return numbered(rows)


def _always(index: Ints, day: Floats) -> Floats:
    return np.ones(len(index))


def _channels(draws: Draws, customer: Ints, number: Ints) -> Ints:
    usual = draws.index("usual channel", customer, _CHANNEL_WEIGHTS)
    now = draws.index("channel", customer, _CHANNEL_WEIGHTS, number)
    return np.where(draws.chance("channel as usual", customer, _HABIT, number), usual, now)


def _responses(
    settings: Settings, draws: Draws, customer: Ints, number: Ints, channel: Ints, day: Floats
) -> "pd.Series[int]":
    seconds = np.array(_MEDIAN_SECONDS)[channel]
    seconds = seconds * np.exp(_SPREAD * draws.normal("response", customer, number))
    seconds *= level(day, settings.changes("response"))
    units = np.rint(np.minimum(seconds, _LONGEST_SECONDS) * 1_000).astype(np.int64)
    unanswered = draws.chance("no answer", customer, _NO_ANSWER, number)
    return pd.Series(units).astype("Int64").mask(unanswered)


def _outcomes(
    settings: Settings, draws: Draws, customer: Ints, number: Ints, trouble: Floats
) -> Text:
    failing = 1 / (1 + np.exp(-(settings.process.trouble_level + trouble)))
    failed = draws.chance("failed", customer, failing, number)
    how = 1 + draws.index("failure", customer, _FAILURE_WEIGHTS, number)
    pending = draws.chance("still open", customer, _PENDING, number)
    return pick(behaviour.OUTCOMES, np.where(failed, how, 0)).mask(pending)
