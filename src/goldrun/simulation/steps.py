"""Draw the events within sessions: a Markov chain over the types of events."""

from dataclasses import dataclass

import numpy as np

from goldrun.contracts import behaviour
from goldrun.simulation.draws import Draws, Ints

KINDS = (
    "page_view",
    behaviour.SEARCH,
    behaviour.CLICK,
    behaviour.ADD_TO_CART,
    "remove_from_cart",
    "checkout",
    behaviour.PURCHASE,
)
LAST_DRAW = 63
"""Largest number of a draw within a session; a session has fewer steps."""
_MOST_STEPS = 40
_FIRST = (0.7, 0.2, 0.1)
_WITHOUT_ORDER = (
    (0.15, 0.12, 0.18, 0.06, 0.00, 0.00, 0.00, 0.49),
    (0.20, 0.10, 0.40, 0.00, 0.00, 0.00, 0.00, 0.30),
    (0.25, 0.08, 0.10, 0.17, 0.00, 0.00, 0.00, 0.40),
    (0.15, 0.03, 0.07, 0.05, 0.20, 0.15, 0.00, 0.35),
    (0.30, 0.10, 0.10, 0.10, 0.00, 0.00, 0.00, 0.40),
    (0.10, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.80),
    (0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00),
)
_BEFORE_ORDER = ((0.15, 0.12, 0.18, 0.00, 0.00, 0.00, 0.00, 0.55),) * 7
"""Probability of each next type, in the order of ``KINDS``, and of the end of the chain: for
sessions without an order, and before the cart and checkout of sessions with one."""
_EDGES = np.cumsum(np.array([_WITHOUT_ORDER, _BEFORE_ORDER]), axis=2)[:, :, :-1]
_END = len(KINDS)
_PURCHASE_STEPS = tuple(map(KINDS.index, (behaviour.ADD_TO_CART, "checkout", behaviour.PURCHASE)))


@dataclass(frozen=True)
class Steps:
    """Steps of sessions, sorted by session and step.

    Attributes:
        session: Position of the session.
        number: Number of the step, from 0.
        kind: Position of the event type in ``KINDS``.
    """

    session: Ints
    number: Ints
    kind: Ints


def draw_steps(draws: Draws, customer: Ints, number: Ints) -> Steps:
    """Draw the steps of each session.

    Args:
        draws: Random numbers.
        customer: Customer of each session.
        number: Number of the session; odd with an order. The steps of such a session end with
            cart, checkout and purchase.
    """
    with_order = number % 2
    state = draws.index("first step", customer, _FIRST, number)
    length = np.zeros(len(customer), dtype=np.int64)
    going = np.arange(len(customer))
    parts: list[tuple[Ints, Ints, Ints]] = []
    for step in range(_MOST_STEPS):
        parts.append((going, np.full(len(going), step), state[going]))
        length[going] += 1
        at = draws.uniform("next step", customer[going], number[going] * (LAST_DRAW + 1) + step)
        edges = _EDGES[with_order[going], state[going]]
        state[going] = (at[:, None] >= edges).sum(axis=1)
        going = going[state[going] != _END]
        if not going.size:
            break
    buyers = np.flatnonzero(with_order)
    parts += [
        (buyers, length[buyers] + i, np.full(len(buyers), kind))
        for i, kind in enumerate(_PURCHASE_STEPS)
    ]
    session, step_number, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_session = np.argsort(session, kind="stable")
    return Steps(session[by_session], step_number[by_session], kind[by_session])
