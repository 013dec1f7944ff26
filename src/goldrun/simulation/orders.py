"""Orders: when they are placed, what is in them, and what becomes of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from goldrun.contracts import entities, lineage
from goldrun.simulation.draws import Draws, Flags, Floats, Ints
from goldrun.simulation.parameters import Settings
from goldrun.simulation.process import SECONDS_A_DAY, Calendar, People, arrivals, level
from goldrun.simulation.products import Catalogue
from goldrun.simulation.rates import CURRENCIES, HOME, USUAL, Rates
from goldrun.simulation.rows import DAY_MICROS, WHO, customer_ids, numbered, times
from goldrun.simulation.text import Text, digits, pick, whole

PRICE_CENTS = "_price_cents"
AMOUNT_CENTS = "_amount_cents"
TOLD_CURRENCY = "_told_currency"
"""Money as the shop's files tell it: in the customer's currency."""

_CURRENCY_WEIGHTS = (85, 10, 5)
_MAX_LINES = 8
_ONE_MORE_LINE = 0.38
"""Probability that an order has yet another line."""
_PAYMENT_WEIGHTS = (44, 26, 10, 14, 1, 3, 2)
_HABIT = 0.75
"""How often a customer pays the usual way."""
_NOT_RECORDED = 0.01
_DISCOUNTED = 0.15

_COURSES = (
    (entities.COMPLETED, None, 74),
    ("pending", entities.COMPLETED, 12),
    ("pending", "failed", 2),
    ("pending", None, 1),
    (entities.CANCELLED, None, 5),
    (entities.COMPLETED, "refunded", 4),
    ("failed", None, 2),
)
"""First and later status of an order, and how often of a hundred."""
_LATER_MEDIAN_DAYS = 1.5
_LATER_SPREAD = 0.9
"""Log-normal time until the later status."""


@dataclass(frozen=True)
class Orders:
    """Orders in order of customer and time, one element each.

    Attributes:
        index: Position of the customer in the chunk.
        who: Number of the customer.
        number: Number of the order, unique for its customer.
        micros: When, in microseconds since 1970; on a whole second.
        day: The same in days from the period's start.
    """

    index: Ints
    who: Ints
    number: Ints
    micros: Ints
    day: Floats


def orders(settings: Settings, draws: Draws, people: People, calendar: Calendar) -> Orders:
    """Draw when customers order: at their rate times the season, until they drop out."""
    changes = settings.changes("frequency")
    levels = np.cumprod([1.0, *(factor for _, factor in changes)])

    def shape(index: Ints, day: Floats) -> Floats:
        return calendar.factor(day) * level(day, changes)

    window = (np.maximum(people.registered, 0), np.minimum(people.gone, settings.days))
    highest = calendar.highest * float(levels.max())
    found = arrivals(draws, "order", people.who, people.purchase_rate, window, shape, highest)
    second = np.floor(found.day * SECONDS_A_DAY).astype(np.int64)
    micros = settings.start_micros + second * 1_000_000
    day = second / SECONDS_A_DAY
    return Orders(found.index, people.who[found.index], found.number, micros, day)


def first_product(draws: Draws, catalogue: Catalogue, of: Orders) -> Ints:
    """Product of each order's first line."""
    return catalogue.drawn(draws, "line product", of.who, of.number * _MAX_LINES)


def transactions(
    settings: Settings, draws: Draws, catalogue: Catalogue, rates: Rates, placed: Orders
) -> pd.DataFrame:
    """Every version of each order line.

    Args:
        settings: The marketplace.
        draws: Random numbers.
        catalogue: What is sold.
        rates: Rates of exchange.
        placed: The orders.

    Returns:
        Columns of the transactions' contract, ``valid_to``, and the money as the files tell it.
    """
    more = np.log(draws.uniform("lines", placed.who, placed.number)) / np.log(_ONE_MORE_LINE)
    lines = np.minimum(1 + np.floor(more), _MAX_LINES).astype(np.int64)
    order = np.repeat(np.arange(len(lines)), lines)
    position = np.arange(len(order)) - np.repeat(np.cumsum(lines) - lines, lines)
    who, number = placed.who[order], placed.number[order]
    rows = pd.DataFrame({WHO: who})
    name = digits(who, 8) + "-" + whole(number)
    rows[entities.ORDER_ID] = "O" + name
    rows[entities.TRANSACTION_ID] = "T" + name + "-" + whole(position)
    rows[entities.CUSTOMER_ID] = customer_ids(who)
    course, changed = _course(draws, placed)
    line = number * _MAX_LINES + position
    bought = _bought(settings, draws, catalogue, placed.day[order], who, line)
    credit = _credit_notes(draws, placed, course)[order]
    bought = bought.assign(**_money(rates, bought, placed.micros[order], credit))
    rows = pd.concat([rows, bought], axis=1)
    rows[entities.PAYMENT_METHOD] = _payment(draws, who, number)
    rows[entities.TRANSACTION_DATE] = times(placed.micros[order])
    end = settings.start_micros + settings.days * DAY_MICROS
    return _versions(rows, course[order], changed[order], end)


def _bought(
    settings: Settings, draws: Draws, catalogue: Catalogue, day: Floats, who: Ints, line: Ints
) -> pd.DataFrame:
    product = catalogue.drawn(draws, "line product", who, line)
    # Some customers buy for a household, some for a shop: this is the heavy tail of spend.
    bulk = 0.6 * draws.normal("bulk", who)
    pieces = np.floor(np.exp(0.2 + bulk + 0.5 * draws.normal("pieces", who, line)))
    currency = draws.index("currency", who, _CURRENCY_WEIGHTS)
    told = catalogue.cents[product] / np.array(USUAL)[currency]
    told = told * level(day, settings.changes("spend"))
    discount = draws.below("discount", who, 2, line) * 10 + 10
    discount[~draws.chance("discounted", who, _DISCOUNTED, line)] = 0
    price = np.maximum(np.rint(told), 1).astype(np.int64)
    quantity = np.clip(pieces, 1, 5_000).astype(np.int64)
    return pd.DataFrame(
        {
            entities.PRODUCT_ID: catalogue.ids(product),
            entities.QUANTITY: quantity,
            PRICE_CENTS: price,
            AMOUNT_CENTS: (price * quantity * (100 - discount) + 50) // 100,
            TOLD_CURRENCY: currency,
        }
    )


def _credit_notes(draws: Draws, placed: Orders, course: Ints) -> Flags:
    """Half of the cancelled orders come as a credit note: pieces and money taken back."""
    cancelled = np.array([first == entities.CANCELLED for first, *_ in _COURSES])
    return cancelled[course] & draws.chance("credit note", placed.who, 0.5, placed.number)


def _money(
    rates: Rates, bought: pd.DataFrame, micros: Ints, credit: Flags
) -> dict[str, Text | Ints]:
    sign = np.where(credit, -1, 1)
    currency = bought[TOLD_CURRENCY].to_numpy()
    amount = bought[AMOUNT_CENTS].to_numpy() * sign
    return {
        entities.QUANTITY: bought[entities.QUANTITY].to_numpy() * sign,
        AMOUNT_CENTS: amount,
        TOLD_CURRENCY: pick(CURRENCIES, currency),
        entities.PRICE: rates.to_home(bought[PRICE_CENTS].to_numpy(), currency, micros),
        entities.AMOUNT: rates.to_home(amount, currency, micros),
        entities.CURRENCY: pick([HOME], np.zeros(len(bought), dtype=np.int64)),
    }


def _payment(draws: Draws, who: Ints, number: Ints) -> Text:
    usual = draws.index("usual payment", who, _PAYMENT_WEIGHTS)
    now = draws.index("payment", who, _PAYMENT_WEIGHTS, number)
    chosen = np.where(draws.chance("pays as usual", who, _HABIT, number), usual, now)
    unknown = draws.chance("payment unknown", who, _NOT_RECORDED, number)
    return pick(entities.PAYMENT_METHODS, chosen).mask(unknown)


def _course(draws: Draws, placed: Orders) -> tuple[Ints, Ints]:
    """Position of each order in ``_COURSES``, and when its later status would come."""
    course = draws.index("course", placed.who, [weight for *_, weight in _COURSES], placed.number)
    spread = np.exp(_LATER_SPREAD * draws.normal("settled", placed.who, placed.number))
    delay = np.floor(_LATER_MEDIAN_DAYS * SECONDS_A_DAY * spread).astype(np.int64) + 1
    return course, placed.micros + delay * 1_000_000


def _versions(rows: pd.DataFrame, course: Ints, changed: Ints, end: int) -> pd.DataFrame:
    later = pick([later for _, later, _ in _COURSES], course)
    has_later = later.notna().to_numpy(bool) & (changed < end)
    when = times(changed)
    early, late = rows.copy(), rows.copy()
    early[entities.TRANSACTION_STATUS] = pick([first for first, *_ in _COURSES], course)
    early[entities.UPDATED_AT] = rows[entities.TRANSACTION_DATE]
    early[lineage.VALID_TO] = when.where(has_later)
    late[entities.TRANSACTION_STATUS] = later
    late[entities.UPDATED_AT] = when
    return numbered(pd.concat([early, late[has_later]], ignore_index=True))
