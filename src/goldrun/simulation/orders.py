"""Orders, their transactions and the statuses of these."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from goldrun.contracts import entities, lineage
from goldrun.simulation.draws import Draws, Flags, Floats, Ints
from goldrun.simulation.parameters import Settings
from goldrun.simulation.process import SECONDS_A_DAY, Calendar, People, level, poisson_points
from goldrun.simulation.products import Catalogue
from goldrun.simulation.rates import CURRENCIES, HOME, USUAL, Rates
from goldrun.simulation.rows import CUSTOMER, DAY_MICROS, customer_ids, numbered, times
from goldrun.simulation.text import Text, digits, pick, whole

PRICE_CENTS = "_price_cents"
AMOUNT_CENTS = "_amount_cents"
ONE_PIECE = 10**entities.PIECES.scale
"""One piece in units of the last digit of a quantity, in which true rows have it."""
FILE_CURRENCY = "_file_currency"
"""Working columns: money as in the shop's files, in the customer's currency."""

_CURRENCY_WEIGHTS = (85, 10, 5)
_MAX_TRANSACTIONS = 8
_ONE_MORE = 0.38
"""Probability that an order has another transaction."""
_PAYMENT_WEIGHTS = (44, 26, 10, 14, 1, 3, 2)
_HABIT = 0.75
"""Probability of the customer's usual payment method."""
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
"""First and later status of an order, and its weight in percent."""
_LATER_MEDIAN_DAYS = 1.5
_LATER_SPREAD = 0.9
"""Parameters of the log-normal time until the later status."""


@dataclass(frozen=True)
class Orders:
    """Drawn orders, one element each, sorted by customer and time.

    Attributes:
        index: Position of the customer in the chunk.
        customer: Number of the customer.
        number: Number of the order, unique within its customer.
        micros: Time in microseconds since 1970; a whole second.
        day: Time in days from the start of the period.
    """

    index: Ints
    customer: Ints
    number: Ints
    micros: Ints
    day: Floats


def orders(settings: Settings, draws: Draws, people: People, calendar: Calendar) -> Orders:
    """Draw the orders of customers: a process of purchase rate times season, until dropout."""
    changes = settings.changes("frequency")
    levels = np.cumprod([1.0, *(factor for _, factor in changes)])

    def shape(index: Ints, day: Floats) -> Floats:
        return calendar.factor(day) * level(day, changes)

    window = (np.maximum(people.registered, 0), np.minimum(people.dropout, settings.days))
    highest = calendar.highest * float(levels.max())
    customer, rate = people.customer, people.purchase_rate
    found = poisson_points(draws, "order", customer, rate, window, shape, highest)
    second = np.floor(found.day * SECONDS_A_DAY).astype(np.int64)
    micros = settings.start_micros + second * 1_000_000
    day = second / SECONDS_A_DAY
    return Orders(found.index, customer[found.index], found.number, micros, day)


def first_product(draws: Draws, catalogue: Catalogue, of: Orders) -> Ints:
    """Return the product of each order's first transaction."""
    return catalogue.drawn(draws, "line product", of.customer, of.number * _MAX_TRANSACTIONS)


def transactions(
    settings: Settings, draws: Draws, catalogue: Catalogue, rates: Rates, placed: Orders
) -> pd.DataFrame:
    """Draw the transactions of all orders.

    Args:
        settings: The settings.
        draws: Random numbers.
        catalogue: The products.
        rates: Exchange rates.
        placed: The orders.

    Returns:
        One row a version of a transaction: the columns of the contract, ``valid_to``, and money
        in the currency of the files.
    """
    more = np.log(draws.uniform("lines", placed.customer, placed.number)) / np.log(_ONE_MORE)
    counts = np.minimum(1 + np.floor(more), _MAX_TRANSACTIONS).astype(np.int64)
    order = np.repeat(np.arange(len(counts)), counts)
    position = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    customer, number = placed.customer[order], placed.number[order]
    rows = pd.DataFrame({CUSTOMER: customer})
    name = digits(customer, 8) + "-" + whole(number)
    rows[entities.ORDER_ID] = "O" + name
    rows[entities.TRANSACTION_ID] = "T" + name + "-" + whole(position)
    rows[entities.CUSTOMER_ID] = customer_ids(customer)
    course, changed = _course(draws, placed)
    draw = number * _MAX_TRANSACTIONS + position
    items = _items(settings, draws, catalogue, placed.day[order], customer, draw)
    credit = _credit_notes(draws, placed, course)[order]
    items = items.assign(**_money(rates, items, placed.micros[order], credit))
    rows = pd.concat([rows, items], axis=1)
    rows[entities.PAYMENT_METHOD] = _payment(draws, customer, number)
    rows[entities.TRANSACTION_DATE] = times(placed.micros[order])
    end = settings.start_micros + settings.days * DAY_MICROS
    return _versions(rows, course[order], changed[order], end)


def _items(
    settings: Settings, draws: Draws, catalogue: Catalogue, day: Floats, customer: Ints, draw: Ints
) -> pd.DataFrame:
    product = catalogue.drawn(draws, "line product", customer, draw)
    # The customer's factor on quantities gives spend a heavy tail (households and resellers).
    bulk = 0.6 * draws.normal("bulk", customer)
    pieces = np.floor(np.exp(0.2 + bulk + 0.5 * draws.normal("pieces", customer, draw)))
    currency = draws.index("currency", customer, _CURRENCY_WEIGHTS)
    cents = catalogue.cents[product] / np.array(USUAL)[currency]
    cents = cents * level(day, settings.changes("spend"))
    discount = draws.below("discount", customer, 2, draw) * 10 + 10
    discount[~draws.chance("discounted", customer, _DISCOUNTED, draw)] = 0
    price = np.maximum(np.rint(cents), 1).astype(np.int64)
    quantity = np.clip(pieces, 1, 5_000).astype(np.int64)
    return pd.DataFrame(
        {
            entities.PRODUCT_ID: catalogue.ids(product),
            entities.QUANTITY: quantity,
            PRICE_CENTS: price,
            AMOUNT_CENTS: (price * quantity * (100 - discount) + 50) // 100,
            FILE_CURRENCY: currency,
        }
    )


def _credit_notes(draws: Draws, placed: Orders, course: Ints) -> Flags:
    """Choose half of the cancelled orders as credit notes: negative quantity and amount."""
    cancelled = np.array([first == entities.CANCELLED for first, *_ in _COURSES])
    return cancelled[course] & draws.chance("credit note", placed.customer, 0.5, placed.number)


def _money(
    rates: Rates, items: pd.DataFrame, micros: Ints, credit: Flags
) -> dict[str, Text | Ints]:
    sign = np.where(credit, -1, 1)
    currency = items[FILE_CURRENCY].to_numpy()
    amount = items[AMOUNT_CENTS].to_numpy() * sign
    return {
        entities.QUANTITY: items[entities.QUANTITY].to_numpy() * sign * ONE_PIECE,
        AMOUNT_CENTS: amount,
        FILE_CURRENCY: pick(CURRENCIES, currency),
        entities.PRICE: rates.to_home(items[PRICE_CENTS].to_numpy(), currency, micros),
        entities.AMOUNT: rates.to_home(amount, currency, micros),
        entities.CURRENCY: pick([HOME], np.zeros(len(items), dtype=np.int64)),
    }


def _payment(draws: Draws, customer: Ints, number: Ints) -> Text:
    usual = draws.index("usual payment", customer, _PAYMENT_WEIGHTS)
    now = draws.index("payment", customer, _PAYMENT_WEIGHTS, number)
    chosen = np.where(draws.chance("pays as usual", customer, _HABIT, number), usual, now)
    unknown = draws.chance("payment unknown", customer, _NOT_RECORDED, number)
    return pick(entities.PAYMENT_METHODS, chosen).mask(unknown)


def _course(draws: Draws, placed: Orders) -> tuple[Ints, Ints]:
    """Draw each order's position in ``_COURSES`` and the time of its later status (micros)."""
    course = draws.index(
        "course", placed.customer, [weight for *_, weight in _COURSES], placed.number
    )
    spread = np.exp(_LATER_SPREAD * draws.normal("settled", placed.customer, placed.number))
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
