"""Which way a customer takes through the shop: a Markov chain over the types of events."""

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
"""Draws of a visit are numbered 0 to this; its steps are fewer."""
_MOST_STEPS = 40
_FIRST = (0.7, 0.2, 0.1)
_TO_NOWHERE = (
    (0.15, 0.12, 0.18, 0.06, 0.00, 0.00, 0.00, 0.49),
    (0.20, 0.10, 0.40, 0.00, 0.00, 0.00, 0.00, 0.30),
    (0.25, 0.08, 0.10, 0.17, 0.00, 0.00, 0.00, 0.40),
    (0.15, 0.03, 0.07, 0.05, 0.20, 0.15, 0.00, 0.35),
    (0.30, 0.10, 0.10, 0.10, 0.00, 0.00, 0.00, 0.40),
    (0.10, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.80),
    (0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00),
)
_TO_AN_ORDER = ((0.15, 0.12, 0.18, 0.00, 0.00, 0.00, 0.00, 0.55),) * 7
"""Probability of each next type, in the order of ``KINDS``, and of no further one: without
an order, and before the basket is filled and paid."""
_EDGES = np.cumsum(np.array([_TO_NOWHERE, _TO_AN_ORDER]), axis=2)[:, :, :-1]
_END = len(KINDS)
_BUYING = tuple(map(KINDS.index, (behaviour.ADD_TO_CART, "checkout", behaviour.PURCHASE)))


@dataclass(frozen=True)
class Steps:
    """Steps of visits, in order of visit and step.

    Attributes:
        visit: Position of the visit.
        number: Number of the step, from 0.
        kind: Position of its type in ``KINDS``.
    """

    visit: Ints
    number: Ints
    kind: Ints


def journeys(draws: Draws, who: Ints, number: Ints) -> Steps:
    """Draw the steps of each visit.

    Args:
        draws: Random numbers.
        who: Customer of each visit.
        number: Number of the visit; odd where it ends in an order, which appends the filling of the
            basket, checkout and purchase.
    """
    with_order = number % 2
    state = draws.index("first step", who, _FIRST, number)
    length = np.zeros(len(who), dtype=np.int64)
    going = np.arange(len(who))
    parts: list[tuple[Ints, Ints, Ints]] = []
    for step in range(_MOST_STEPS):
        parts.append((going, np.full(len(going), step), state[going]))
        length[going] += 1
        at = draws.uniform("next step", who[going], number[going] * (LAST_DRAW + 1) + step)
        edges = _EDGES[with_order[going], state[going]]
        state[going] = (at[:, None] >= edges).sum(axis=1)
        going = going[state[going] != _END]
        if not going.size:
            break
    buyers = np.flatnonzero(with_order)
    parts += [
        (buyers, length[buyers] + i, np.full(len(buyers), kind)) for i, kind in enumerate(_BUYING)
    ]
    visit, step_number, kind = (np.concatenate(column) for column in zip(*parts, strict=True))
    by_visit = np.argsort(visit, kind="stable")
    return Steps(visit[by_visit], step_number[by_visit], kind[by_visit])
