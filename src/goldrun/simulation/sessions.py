"""Visits of the shop and what happens in them, step by step."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.journeys import KINDS, LAST_DRAW, Steps, journeys
from goldrun.simulation.orders import Orders
from goldrun.simulation.parameters import YEAR, Settings
from goldrun.simulation.process import SECONDS_A_DAY, Calendar, People, arrivals, level
from goldrun.simulation.products import Catalogue
from goldrun.simulation.rows import DAY_MICROS, WHO, customer_ids, numbered, times
from goldrun.simulation.text import Text, digits, pick, whole

_DEVICE_WEIGHTS = (38, 50, 10, 2)
_MOBILE = behaviour.DEVICES.index("mobile")
_HABIT = 0.8
"""How often a customer takes the usual device."""
_NOT_RECORDED = 0.01
_LONGEST_PAUSE_MS = 3_600_000
_PRODUCT_SEEN = (0.6, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0)
"""How often an event of each type is about a product."""
_CART = KINDS.index(behaviour.ADD_TO_CART)


@dataclass(frozen=True)
class Visits:
    """Visits in any order, one element each.

    Attributes:
        who: Number of the customer.
        number: Number of the visit, unique for its customer; odd where an order is placed.
        anchor: When it begins, or when its order is placed; milliseconds since 1970.
        product: Product of the order's first line; -1 for a visit without an order.
    """

    who: Ints
    number: Ints
    anchor: Ints
    product: Ints

    @property
    def with_order(self) -> Ints:
        """1 for a visit in which an order is placed, else 0."""
        return self.number % 2


def visits(
    settings: Settings,
    draws: Draws,
    people: People,
    calendar: Calendar,
    placed: Orders,
    products: Ints,
) -> Visits:
    """Draw the visits that end without an order, and add one for every order."""
    p = settings.process
    rate = p.visits_a_year / YEAR * np.exp(p.visit_effect * people.visit_interest)

    def shape(index: Ints, day: Floats) -> Floats:
        still = np.where(day < people.gone[index], 1.0, p.visits_after_dropout)
        return calendar.factor(day) * still

    window = (np.maximum(people.registered, 0), np.full(len(people.who), float(settings.days)))
    found = arrivals(draws, "visit", people.who, rate, window, shape, calendar.highest)
    began = settings.start_micros // 1_000 + np.floor(found.day * SECONDS_A_DAY * 1_000).astype(
        np.int64
    )
    return Visits(
        who=np.concatenate([people.who[found.index], placed.who]),
        number=np.concatenate([found.number * 2, placed.number * 2 + 1]),
        anchor=np.concatenate([began, placed.micros // 1_000]),
        product=np.concatenate([np.full(len(began), -1), products]),
    )


def sessions_and_events(
    settings: Settings, draws: Draws, catalogue: Catalogue, of: Visits
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let each visit happen.

    Args:
        settings: The marketplace.
        draws: Random numbers.
        catalogue: What is looked at.
        of: The visits.

    Returns:
        Columns of the sessions' contract, and columns of the events' contract. An order's visit
        ends with its purchase event, at the order's time.
    """
    steps = journeys(draws, of.who, of.number)
    at, start, last = _clock(draws, of, steps)
    end_of_period = (settings.start_micros + settings.days * DAY_MICROS) // 1_000
    ends = np.minimum(last + _pause(draws, of.who, of.number, LAST_DRAW), end_of_period - 1)
    whole_visit = last < end_of_period
    name = digits(of.who, 8) + "-" + whole(of.number)
    sessions = _sessions(settings, draws, of, name, start, ends)[whole_visit]
    events = _events(draws, catalogue, of, name, steps, at)[whole_visit[steps.visit]]
    return numbered(sessions), numbered(events)


def _pause(draws: Draws, who: Ints, number: Ints, step: Ints | int) -> Ints:
    """Milliseconds until the next step, log-normal with a median of 25 seconds."""
    pause = 25_000 * np.exp(draws.normal("pause", who, number * (LAST_DRAW + 1) + step))
    return np.asarray(np.clip(pause, 200, _LONGEST_PAUSE_MS), dtype=np.int64)


def _clock(draws: Draws, of: Visits, steps: Steps) -> tuple[Ints, Ints, Ints]:
    """Milliseconds of each step, and of each visit's first and last."""
    pause = _pause(draws, of.who[steps.visit], of.number[steps.visit], steps.number)
    pause[steps.number == 0] = 0
    total = np.bincount(steps.visit, pause, len(of.who)).astype(np.int64)
    running = np.cumsum(pause)
    before = np.cumsum(total) - total
    start = of.anchor - np.where(of.with_order, total, 0)
    return start[steps.visit] + running - before[steps.visit], start, start + total


def _sessions(
    settings: Settings, draws: Draws, of: Visits, name: Text, start: Ints, end: Ints
) -> pd.DataFrame:
    unknown = draws.chance("end unknown", of.who, _NOT_RECORDED, of.number)
    duration = pd.Series(end - start).astype("Int64")
    return pd.DataFrame(
        {
            WHO: of.who,
            behaviour.SESSION_ID: "S" + name,
            entities.CUSTOMER_ID: customer_ids(of.who),
            behaviour.DEVICE_TYPE: _devices(settings, draws, of),
            behaviour.SESSION_START: times(start * 1_000),
            behaviour.SESSION_END: times(end * 1_000).mask(unknown),
            behaviour.SESSION_DURATION: duration.mask(unknown),
        }
    )


def _devices(settings: Settings, draws: Draws, of: Visits) -> Text:
    base = np.array(_DEVICE_WEIGHTS) / sum(_DEVICE_WEIGHTS)
    usual = draws.index("usual device", of.who, _DEVICE_WEIGHTS)
    weights = (1 - _HABIT) * base + _HABIT * np.eye(len(base))[usual]
    day = (of.anchor * 1_000 - settings.start_micros) / DAY_MICROS
    weights[:, _MOBILE] *= level(day, settings.changes("device"))
    edges = np.cumsum(weights, axis=1)
    at = draws.uniform("device", of.who, of.number) * edges[:, -1]
    chosen = np.minimum((at[:, None] >= edges).sum(axis=1), len(base) - 1)
    unknown = draws.chance("device unknown", of.who, _NOT_RECORDED, of.number)
    return pick(behaviour.DEVICES, chosen).mask(unknown)


def _events(
    draws: Draws, catalogue: Catalogue, of: Visits, name: Text, steps: Steps, at: Ints
) -> pd.DataFrame:
    who, visit = of.who[steps.visit], of.number[steps.visit]
    draw = visit * (LAST_DRAW + 1) + steps.number
    in_order = of.product[steps.visit]
    seen = catalogue.drawn(draws, "product seen", who, draw)
    product = np.where((steps.kind == _CART) & (in_order >= 0), in_order, seen)
    about = draws.chance("about a product", who, np.array(_PRODUCT_SEEN)[steps.kind], draw)
    lost = draws.chance("visit unknown", who, _NOT_RECORDED, draw) & (in_order < 0)
    of_visit = name.take(steps.visit).reset_index(drop=True)
    return pd.DataFrame(
        {
            WHO: who,
            behaviour.EVENT_ID: "E" + of_visit + "-" + whole(steps.number),
            entities.CUSTOMER_ID: customer_ids(who),
            behaviour.SESSION_ID: ("S" + of_visit).mask(lost),
            entities.PRODUCT_ID: catalogue.ids(product).where(about),
            behaviour.EVENT_TYPE: pick(KINDS, steps.kind),
            behaviour.EVENT_TIMESTAMP: times(at * 1_000),
        }
    )
