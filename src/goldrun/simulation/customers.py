"""Customers with their personal data and the versions of their location and segment."""

import numpy as np
import pandas as pd

from goldrun.contracts import entities
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.parameters import YEAR, Settings
from goldrun.simulation.process import SECONDS_A_DAY, People, poisson_points
from goldrun.simulation.rows import CUSTOMER, customer_ids, numbered, times, with_validity
from goldrun.simulation.text import Text, digits, each_once, pick

_FIRST = (
    *(("Anna", "anna"), ("Jürgen", "juergen"), ("Søren", "soren"), ("Zoë", "zoe")),
    *(("Mehmet", "mehmet"), ("Olga", "olga"), ("José", "jose"), ("Emma", "emma")),
    *(("Łukasz", "lukasz"), ("Aoife", "aoife"), ("Chloé", "chloe"), ("Noah", "noah")),
    *(("Ingrid", "ingrid"), ("Peter", "peter"), ("Yuki", "yuki"), ("Amara", "amara")),
)
_LAST = (
    *(("Müller", "mueller"), ("O'Neill", "oneill"), ("Schmidt", "schmidt"), ("García", "garcia")),
    *(("Weiß", "weiss"), ("Nowak", "nowak"), ("Smith", "smith"), ("Çelik", "celik")),
    *(("Dubois", "dubois"), ("Rossi", "rossi"), ("Åberg", "aaberg"), ("Novák", "novak")),
    *(("de Vries", "devries"), ("Ivanova", "ivanova"), ("Brown, Jr.", "brown")),
    *(('"Mac" Donald', "macdonald"),),
)
"""Names with letters, commas and quotes that may break a reader, and their form in an e-mail
address."""
_DOMAINS = ("example.com", "example.org", "example.net")
PHONE_BLOCKS = (
    *(("+49", "30", "23125"), ("+49", "40", "66969"), ("+49", "69", "90009")),
    *(("+49", "221", "4710"), ("+49", "89", "99998"), ("+44", "20", "79460")),
)
"""Country code, area code and first digits of numbers that the regulators reserve for fiction
(Bundesnetzagentur, Ofcom); three more digits follow."""
_PLACES = (
    *("Berlin", "Hamburg", "München", "Köln", "Frankfurt am Main", "Leipzig", "Wien", "Zürich"),
    *("London", "Manchester", "Bristol", "Paris", "Utrecht", "Kraków", "New York", "Boston"),
)
_PLACE_WEIGHTS = (18, 12, 11, 9, 7, 5, 5, 3, 9, 4, 2, 5, 3, 3, 2, 2)
_SEGMENTS = ("consumer", "small_business", "wholesale", "vip")
_SEGMENT_WEIGHTS = (70, 18, 7, 5)
_NOTHING_RECORDED = 0.02
"""Share of customers without e-mail address, of those without telephone number, and of those
without registration date; independent of each other."""

PHONE_BLOCK = "_phone_block"
PHONE_NUMBER = "_phone_number"
"""Working columns: position in ``PHONE_BLOCKS`` and last three digits; ``spelling`` reads them."""


def customers(settings: Settings, draws: Draws, people: People) -> pd.DataFrame:
    """Draw the customers and their changes.

    Args:
        settings: The settings.
        draws: Random numbers.
        people: The customers.

    Returns:
        One row a version of a customer: the columns of the contract, ``valid_to``, and the working
        columns for ``spelling``.
    """
    registered = np.rint(people.registered * SECONDS_A_DAY).astype(np.int64)
    moved, number, second = _moves(settings, draws, people)
    index = np.concatenate([np.arange(len(people.customer)), moved])
    version = np.concatenate([np.zeros(len(people.customer), dtype=np.int64), number])
    updated = np.concatenate([registered, second])
    by_customer = np.argsort(index, kind="stable")
    index, version, updated = index[by_customer], version[by_customer], updated[by_customer]
    customer = people.customer[index]
    rows = pd.DataFrame(
        {
            CUSTOMER: customer,
            entities.CUSTOMER_ID: customer_ids(customer),
            **_persona(draws, customer),
            entities.REGISTRATION_DATE: times(
                settings.start_micros + registered[index] * 1_000_000
            ),
            entities.LOCATION: pick(
                _PLACES, _walk(draws, "place", customer, version, _PLACE_WEIGHTS)
            ),
            entities.CUSTOMER_SEGMENT: pick(
                _SEGMENTS, _walk(draws, "segment", customer, version, _SEGMENT_WEIGHTS)
            ),
            entities.UPDATED_AT: times(settings.start_micros + updated * 1_000_000),
        }
    )
    unknown = draws.chance("no registration", customer, _NOTHING_RECORDED)
    rows[entities.REGISTRATION_DATE] = rows[entities.REGISTRATION_DATE].mask(unknown)
    return numbered(with_validity(rows, CUSTOMER, entities.UPDATED_AT))


def _moves(settings: Settings, draws: Draws, people: People) -> tuple[Ints, Ints, Ints]:
    """Draw position, version number and second of the period of each change of a customer."""
    rate = np.full(len(people.customer), settings.process.moves_a_year / YEAR)
    window = (np.maximum(people.registered, 0), np.full(len(people.customer), float(settings.days)))
    moves = poisson_points(draws, "move", people.customer, rate, window, _always, 1.0)
    before = pd.Series(moves.index).groupby(moves.index).cumcount()
    number = np.asarray(before, dtype=np.int64) + 1
    # Adding the version's number gives versions of a customer distinct times, so a unique order.
    second = np.floor(moves.day * SECONDS_A_DAY).astype(np.int64) + number
    inside = second < settings.days * SECONDS_A_DAY
    return moves.index[inside], number[inside], second[inside]


def _always(index: Ints, day: Floats) -> Floats:
    return np.ones(len(index))


def _walk(
    draws: Draws, stream: str, customer: Ints, version: Ints, weights: tuple[int, ...]
) -> Ints:
    """Draw a position in ``weights`` for each version; consecutive versions differ."""
    first = draws.index(stream, customer, weights)
    step = 1 + draws.below(f"{stream}/step", customer, len(weights) - 1, version)
    steps = pd.Series(np.where(version > 0, step, 0)).groupby(customer).cumsum().to_numpy()
    return np.asarray((first + steps) % len(weights))


def _persona(draws: Draws, customer: Ints) -> dict[str, Text | Ints]:
    first = draws.below("first name", customer, len(_FIRST))
    last = draws.below("last name", customer, len(_LAST))
    name = pick([name for name, _ in _FIRST], first) + " "
    name += pick([name for name, _ in _LAST], last)
    typed = pick([name for _, name in _FIRST], first) + "."
    typed += pick([name for _, name in _LAST], last) + each_once(customer, lambda v: f".{v}@")
    email = typed + pick(_DOMAINS, draws.below("domain", customer, len(_DOMAINS)))
    email = email.mask(draws.chance("no email", customer, _NOTHING_RECORDED))
    return {entities.NAME: name, entities.EMAIL: email, **_phone(draws, customer)}


def _phone(draws: Draws, customer: Ints) -> dict[str, Text | Ints]:
    block = draws.below("phone block", customer, len(PHONE_BLOCKS))
    number = draws.below("phone number", customer, 1_000)
    phone = pick(["".join(parts) for parts in PHONE_BLOCKS], block) + digits(number, 4).str[1:]
    unknown = draws.chance("no phone", customer, _NOTHING_RECORDED)
    return {entities.PHONE: phone.mask(unknown), PHONE_BLOCK: block, PHONE_NUMBER: number}
