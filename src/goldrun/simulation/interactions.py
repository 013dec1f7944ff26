"""Contacts between customers and the shop's people."""

import numpy as np
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.parameters import YEAR, Settings
from goldrun.simulation.process import SECONDS_A_DAY, People, arrivals, level
from goldrun.simulation.rows import WHO, customer_ids, numbered, times
from goldrun.simulation.text import Text, digits, pick, whole

_CHANNEL_WEIGHTS = (45, 20, 22, 9, 4)
_HABIT = 0.7
"""How often a customer takes the usual channel."""
_MEDIAN_SECONDS = (14_400.0, 90.0, 45.0, 7_200.0, 86_400.0)
_SPREAD = 1.1
"""Of the log-normal response time, by channel."""
_LONGEST_SECONDS = 60 * 86_400
_NO_ANSWER = 0.05
_STILL_OPEN = 0.03
_FAILURE_WEIGHTS = (70, 20, 10)


def interactions(settings: Settings, draws: Draws, people: People) -> pd.DataFrame:
    """Draw all contacts, of customers who have not dropped out.

    Args:
        settings: The marketplace.
        draws: Random numbers.
        people: The customers.

    Returns:
        Columns of the interactions' contract.
    """
    rate = np.full(len(people.who), settings.process.contacts_a_year / YEAR)
    window = (np.maximum(people.registered, 0), np.minimum(people.gone, settings.days))
    found = arrivals(draws, "contact", people.who, rate, window, _always, 1.0)
    who, number = people.who[found.index], found.number
    second = np.floor(found.day * SECONDS_A_DAY).astype(np.int64)
    channel = _channels(draws, who, number)
    rows = pd.DataFrame(
        {
            WHO: who,
            behaviour.INTERACTION_ID: "I" + digits(who, 8) + "-" + whole(number),
            entities.CUSTOMER_ID: customer_ids(who),
            behaviour.INTERACTION_DATE: times(settings.start_micros + second * 1_000_000),
            behaviour.INTERACTION_TYPE: pick(behaviour.CHANNELS, channel),
            behaviour.RESPONSE_TIME: _responses(settings, draws, who, number, channel, found.day),
            behaviour.INTERACTION_OUTCOME: _outcomes(
                settings, draws, who, number, people.trouble[found.index]
            ),
        }
    )
    return numbered(rows)


def _always(index: Ints, day: Floats) -> Floats:
    return np.ones(len(index))


def _channels(draws: Draws, who: Ints, number: Ints) -> Ints:
    usual = draws.index("usual channel", who, _CHANNEL_WEIGHTS)
    now = draws.index("channel", who, _CHANNEL_WEIGHTS, number)
    return np.where(draws.chance("channel as usual", who, _HABIT, number), usual, now)


def _responses(
    settings: Settings, draws: Draws, who: Ints, number: Ints, channel: Ints, day: Floats
) -> "pd.Series[int]":
    seconds = np.array(_MEDIAN_SECONDS)[channel]
    seconds = seconds * np.exp(_SPREAD * draws.normal("response", who, number))
    seconds *= level(day, settings.changes("response"))
    units = np.rint(np.minimum(seconds, _LONGEST_SECONDS) * 1_000).astype(np.int64)
    unanswered = draws.chance("no answer", who, _NO_ANSWER, number)
    return pd.Series(units).astype("Int64").mask(unanswered)


def _outcomes(settings: Settings, draws: Draws, who: Ints, number: Ints, trouble: Floats) -> Text:
    failing = 1 / (1 + np.exp(-(settings.process.trouble_level + trouble)))
    failed = draws.chance("failed", who, failing, number)
    how = 1 + draws.index("failure", who, _FAILURE_WEIGHTS, number)
    still_open = draws.chance("still open", who, _STILL_OPEN, number)
    return pick(behaviour.OUTCOMES, np.where(failed, how, 0)).mask(still_open)
