"""Sessions of the shop and the events in them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.orders import Orders
from goldrun.simulation.parameters import YEAR, Settings
from goldrun.simulation.process import SECONDS_A_DAY, Calendar, People, level, poisson_points
from goldrun.simulation.products import Catalogue
from goldrun.simulation.rows import CUSTOMER, DAY_MICROS, customer_ids, numbered, times
from goldrun.simulation.steps import KINDS, LAST_DRAW, Steps, draw_steps
from goldrun.simulation.text import Text, digits, pick, whole

_DEVICE_WEIGHTS = (38, 50, 10, 2)
_MOBILE = behaviour.DEVICES.index("mobile")
_HABIT = 0.8
"""Probability of the customer's usual device."""
_NOT_RECORDED = 0.01
_LONGEST_PAUSE_MS = 3_600_000
_PRODUCT_SEEN = (0.6, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0)
"""Probability that an event has a product, by type."""
_CART = KINDS.index(behaviour.ADD_TO_CART)


@dataclass(frozen=True)
class Sessions:
    """Drawn sessions, one element each, in any order.

    Attributes:
        customer: Number of the customer.
        number: Number of the session, unique within its customer; odd with an order.
        anchor: Milliseconds since 1970: time of the order, or start without an order.
        product: Product of the order's first transaction; -1 without an order.
    """

    customer: Ints
    number: Ints
    anchor: Ints
    product: Ints

    @property
    def with_order(self) -> Ints:
        """1 for a session with an order, else 0."""
        return self.number % 2


def draw_sessions(
    settings: Settings,
    draws: Draws,
    people: People,
    calendar: Calendar,
    placed: Orders,
    products: Ints,
) -> Sessions:
    """Draw the sessions without an order, and add one session for each order.

    Args:
        settings: The settings.
        draws: Random numbers.
        people: The customers.
        calendar: The season.
        placed: The orders.
        products: Product of each order's first transaction.
    """
    p = settings.process
    rate = p.sessions_a_year / YEAR * np.exp(p.session_effect * people.visit_interest)

    def shape(index: Ints, day: Floats) -> Floats:
        active = np.where(day < people.dropout[index], 1.0, p.sessions_after_dropout)
        return calendar.factor(day) * active

    window = (np.maximum(people.registered, 0), np.full(len(people.customer), float(settings.days)))
    found = poisson_points(draws, "visit", people.customer, rate, window, shape, calendar.highest)
    millis = np.floor(found.day * SECONDS_A_DAY * 1_000).astype(np.int64)
    began = settings.start_micros // 1_000 + millis
    return Sessions(
        customer=np.concatenate([people.customer[found.index], placed.customer]),
        number=np.concatenate([found.number * 2, placed.number * 2 + 1]),
        anchor=np.concatenate([began, placed.micros // 1_000]),
        product=np.concatenate([np.full(len(began), -1), products]),
    )


def sessions_and_events(
    settings: Settings, draws: Draws, catalogue: Catalogue, of: Sessions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the rows of sessions and their events.

    Args:
        settings: The settings.
        draws: Random numbers.
        catalogue: The products.
        of: The sessions.

    Returns:
        Sessions and events, with the columns of their contracts. A session with an order ends
        with the purchase event, at the time of the order.
    """
    steps = draw_steps(draws, of.customer, of.number)
    at, start, last = _clock(draws, of, steps)
    end_of_period = (settings.start_micros + settings.days * DAY_MICROS) // 1_000
    ends = np.minimum(last + _pause(draws, of.customer, of.number, LAST_DRAW), end_of_period - 1)
    complete = last < end_of_period
    name = digits(of.customer, 8) + "-" + whole(of.number)
    sessions = _sessions(settings, draws, of, name, start, ends)[complete]
    events = _events(draws, catalogue, of, name, steps, at)[complete[steps.session]]
    return numbered(sessions), numbered(events)


def _pause(draws: Draws, customer: Ints, number: Ints, step: Ints | int) -> Ints:
    """Draw the milliseconds until the next step: log-normal with a median of 25 seconds."""
    pause = 25_000 * np.exp(draws.normal("pause", customer, number * (LAST_DRAW + 1) + step))
    return np.asarray(np.clip(pause, 200, _LONGEST_PAUSE_MS), dtype=np.int64)


def _clock(draws: Draws, of: Sessions, steps: Steps) -> tuple[Ints, Ints, Ints]:
    """Return the time of each step, and of each session's first and last, in milliseconds."""
    pause = _pause(draws, of.customer[steps.session], of.number[steps.session], steps.number)
    pause[steps.number == 0] = 0
    total = np.bincount(steps.session, pause, len(of.customer)).astype(np.int64)
    running = np.cumsum(pause)
    before = np.cumsum(total) - total
    start = of.anchor - np.where(of.with_order, total, 0)
    return start[steps.session] + running - before[steps.session], start, start + total


def _sessions(
    settings: Settings, draws: Draws, of: Sessions, name: Text, start: Ints, end: Ints
) -> pd.DataFrame:
    unknown = draws.chance("end unknown", of.customer, _NOT_RECORDED, of.number)
    duration = pd.Series(end - start).astype("Int64")
    return pd.DataFrame(
        {
            CUSTOMER: of.customer,
            behaviour.SESSION_ID: "S" + name,
            entities.CUSTOMER_ID: customer_ids(of.customer),
            behaviour.DEVICE_TYPE: _devices(settings, draws, of),
            behaviour.SESSION_START: times(start * 1_000),
            behaviour.SESSION_END: times(end * 1_000).mask(unknown),
            behaviour.SESSION_DURATION: duration.mask(unknown),
        }
    )


def _devices(settings: Settings, draws: Draws, of: Sessions) -> Text:
    base = np.array(_DEVICE_WEIGHTS) / sum(_DEVICE_WEIGHTS)
    usual = draws.index("usual device", of.customer, _DEVICE_WEIGHTS)
    weights = (1 - _HABIT) * base + _HABIT * np.eye(len(base))[usual]
    day = (of.anchor * 1_000 - settings.start_micros) / DAY_MICROS
    weights[:, _MOBILE] *= level(day, settings.changes("device"))
    edges = np.cumsum(weights, axis=1)
    at = draws.uniform("device", of.customer, of.number) * edges[:, -1]
    chosen = np.minimum((at[:, None] >= edges).sum(axis=1), len(base) - 1)
    unknown = draws.chance("device unknown", of.customer, _NOT_RECORDED, of.number)
    return pick(behaviour.DEVICES, chosen).mask(unknown)


def _events(
    draws: Draws, catalogue: Catalogue, of: Sessions, name: Text, steps: Steps, at: Ints
) -> pd.DataFrame:
    customer, number = of.customer[steps.session], of.number[steps.session]
    draw = number * (LAST_DRAW + 1) + steps.number
    ordered = of.product[steps.session]
    seen = catalogue.drawn(draws, "product seen", customer, draw)
    product = np.where((steps.kind == _CART) & (ordered >= 0), ordered, seen)
    about = draws.chance("about a product", customer, np.array(_PRODUCT_SEEN)[steps.kind], draw)
    lost = draws.chance("visit unknown", customer, _NOT_RECORDED, draw) & (ordered < 0)
    session_name = name.take(steps.session).reset_index(drop=True)
    return pd.DataFrame(
        {
            CUSTOMER: customer,
            behaviour.EVENT_ID: "E" + session_name + "-" + whole(steps.number),
            entities.CUSTOMER_ID: customer_ids(customer),
            behaviour.SESSION_ID: ("S" + session_name).mask(lost),
            entities.PRODUCT_ID: catalogue.ids(product).where(about),
            behaviour.EVENT_TYPE: pick(KINDS, steps.kind),
            behaviour.EVENT_TIMESTAMP: times(at * 1_000),
        }
    )
