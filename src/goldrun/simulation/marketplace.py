"""Simulate a chunk of customers: true rows and the content of the shop's files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from goldrun.contracts import entities
from goldrun.simulation import layouts
from goldrun.simulation.customers import customers
from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.interactions import interactions
from goldrun.simulation.orders import first_product, orders, transactions
from goldrun.simulation.parameters import Settings
from goldrun.simulation.planting import (
    Candidate,
    Planted,
    below_share,
    candidates,
    ledger,
    lowest,
    plant,
)
from goldrun.simulation.process import Calendar, People, people
from goldrun.simulation.products import catalogue
from goldrun.simulation.rates import rates
from goldrun.simulation.rows import CUSTOMER, DAY_MICROS, ROW, customer_ids, times
from goldrun.simulation.sessions import draw_sessions, sessions_and_events
from goldrun.simulation.spelling import spell
from goldrun.simulation.text import TEXT


@dataclass(frozen=True)
class Sheet:
    """Content of one file.

    Attributes:
        layout: Layout of the file.
        part: Number of the file within the chunk.
        text: Columns of the file in the order of its lines; null is an empty field.
        damages: Functions that make lines malformed, by the line's position.
    """

    layout: layouts.Layout
    part: int
    text: pd.DataFrame
    damages: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """Simulated rows and files of some customers.

    Attributes:
        rows: All versions of all rows by entity: the columns of the contract, ``valid_to`` for
            versioned entities, and working columns.
        people: Rows of ``layouts.PEOPLE``.
        sheets: The files.
        ledger: Rows of ``layouts.LEDGER``.
        candidates: Candidates with the lowest draws, for ``last_planted``.
    """

    rows: dict[str, pd.DataFrame]
    people: pd.DataFrame
    sheets: list[Sheet]
    ledger: pd.DataFrame
    candidates: list[Candidate]


def simulate(settings: Settings, first: int, last: int) -> Chunk:
    """Simulate the customers from number ``first`` up to ``last`` (exclusive).

    The rows of a customer do not depend on the chunk.
    """
    draws = Draws(settings.seed)
    crowd = people(settings, draws, np.arange(first, last))
    rows = activity(settings, draws, crowd)
    sheets: list[Sheet] = []
    entries: list[pd.DataFrame] = []
    remaining: list[Candidate] = []
    for name, layout in layouts.LAYOUTS.items():
        spelled = spell(draws, layout, rows[name])
        found = candidates(settings, draws, layout, rows[name], spelled)
        below, _ = below_share(settings, found)
        planted = plant(settings, below)
        sheets += _sheets(draws, layout, rows[name], spelled, planted)
        entries.append(ledger(planted))
        remaining += lowest(found)
    truth = _people(settings, crowd)
    return Chunk(rows, truth, sheets, pd.concat(entries, ignore_index=True), remaining)


def activity(settings: Settings, draws: Draws, crowd: People) -> dict[str, pd.DataFrame]:
    """Simulate all versions of all rows of the people given, by entity."""
    calendar = Calendar(settings.process.season, settings)
    goods = catalogue(draws)
    placed = orders(settings, draws, crowd, calendar)
    products = first_product(draws, goods, placed)
    drawn = draw_sessions(settings, draws, crowd, calendar, placed, products)
    sessions, events = sessions_and_events(settings, draws, goods, drawn)
    return {
        "customers": customers(settings, draws, crowd),
        "sessions": sessions,
        "transactions": transactions(settings, draws, goods, rates(settings, draws), placed),
        "events": events,
        "interactions": interactions(settings, draws, crowd),
    }


def last_planted(
    settings: Settings, remaining: Iterable[Candidate]
) -> tuple[list[Sheet], pd.DataFrame]:
    """Plant records for the faults that fewer than ``AT_LEAST`` records of all chunks have.

    Args:
        settings: The settings.
        remaining: Candidates of all chunks.

    Returns:
        Files with these planted records only, and their rows of the ledger.
    """
    _, missed = below_share(settings, lowest(remaining))
    planted = plant(settings, missed)
    sheets = []
    for name, layout in layouts.LAYOUTS.items():
        of_entity = [one for one in planted if one.entity == name]
        if of_entity:
            sheets.append(_sheet(layout, 0, _text(layout, of_entity), of_entity))
    return sheets, ledger(planted)


def _sheets(
    draws: Draws,
    layout: layouts.Layout,
    rows: pd.DataFrame,
    spelled: pd.DataFrame,
    planted: list[Planted],
) -> list[Sheet]:
    """Distribute clean and planted records over files in random order."""
    text = pd.concat([spelled, _text(layout, planted)], ignore_index=True)
    customer = np.concatenate([rows[CUSTOMER].to_numpy(), np.arange(len(planted))])
    row = np.concatenate([rows[ROW].to_numpy(), np.full(len(planted), -1)])
    part = draws.below(f"file/{layout.entity}", customer, layout.parts, row)
    place = np.argsort(draws.uniform(f"place/{layout.entity}", customer, row), kind="stable")
    clean: list[Planted | None] = [None] * len(spelled)
    everything = [*clean, *planted]
    sheets = []
    for number in range(layout.parts):
        lines = place[part[place] == number]
        of_lines = [everything[line] for line in lines.tolist()]
        sheets.append(_sheet(layout, number, text.take(lines), of_lines))
    return sheets


def _text(layout: layouts.Layout, planted: list[Planted]) -> pd.DataFrame:
    fields = [one.fields for one in planted]
    return pd.DataFrame(fields, columns=list(layout.header), dtype=TEXT)


def _sheet(
    layout: layouts.Layout, part: int, text: pd.DataFrame, lines: Sequence[Planted | None]
) -> Sheet:
    damages = {i: one.damage for i, one in enumerate(lines) if one and one.damage}
    return Sheet(layout, part, text.reset_index(drop=True), damages)


def _people(settings: Settings, crowd: People) -> pd.DataFrame:
    """Return the rows of ``layouts.PEOPLE``: the true parameters of each customer."""
    churned = crowd.dropout < settings.days
    dropout = np.where(churned, crowd.dropout, 0)
    return pd.DataFrame(
        {
            entities.CUSTOMER_ID: customer_ids(crowd.customer),
            layouts.REGISTERED_AT: times(_micros(settings, crowd.registered)),
            layouts.PURCHASE_RATE: crowd.purchase_rate,
            layouts.DROPOUT_RATE: crowd.dropout_rate,
            layouts.ALIVE_UNTIL: times(_micros(settings, dropout)).where(churned),
            layouts.CHURNED: churned,
            layouts.VISIT_INTEREST: crowd.visit_interest,
            layouts.TROUBLE: crowd.trouble,
        }
    )


def _micros(settings: Settings, day: Floats) -> Ints:
    return settings.start_micros + np.rint(day * DAY_MICROS).astype(np.int64)
