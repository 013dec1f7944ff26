"""A chunk of customers with all that they do, as truth and as files."""

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
from goldrun.simulation.rows import DAY_MICROS, ROW, WHO, customer_ids, times
from goldrun.simulation.sessions import sessions_and_events, visits
from goldrun.simulation.spelling import spell
from goldrun.simulation.text import TEXT


@dataclass(frozen=True)
class Sheet:
    """One file to write.

    Attributes:
        layout: How.
        part: Number of the file among those of the chunk.
        text: Its columns, in the order of its lines; null where there is nothing.
        damages: What happens to a line, by its position.
    """

    layout: layouts.Layout
    part: int
    text: pd.DataFrame
    damages: dict[int, Callable[[bytes], bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Chunk:
    """What some customers contribute to the marketplace.

    Attributes:
        rows: Every version of every row by entity: its contract's columns, ``valid_to`` where it
            has versions, and working columns.
        people: Rows of ``layout.PEOPLE``.
        sheets: The files.
        ledger: Rows of ``layout.LEDGER``.
        likely: Records that a fault should spoil, if no other chunk has likelier ones.
    """

    rows: dict[str, pd.DataFrame]
    people: pd.DataFrame
    sheets: list[Sheet]
    ledger: pd.DataFrame
    likely: list[Candidate]


def simulate(settings: Settings, first: int, last: int) -> Chunk:
    """Simulate the customers from number ``first`` up to ``last`` (exclusive).

    The same customers have the same rows whatever the chunk they are in.
    """
    draws = Draws(settings.seed)
    crowd = people(settings, draws, np.arange(first, last))
    rows = activity(settings, draws, crowd)
    sheets: list[Sheet] = []
    entries: list[pd.DataFrame] = []
    likely: list[Candidate] = []
    for name, layout in layouts.LAYOUTS.items():
        spelled = spell(draws, layout, rows[name])
        found = candidates(settings, draws, layout, rows[name], spelled)
        sure, _ = below_share(settings, found)
        planted = plant(settings, sure)
        sheets += _sheets(draws, layout, rows[name], spelled, planted)
        entries.append(ledger(planted))
        likely += lowest(found)
    truth = _people(settings, crowd)
    return Chunk(rows, truth, sheets, pd.concat(entries, ignore_index=True), likely)


def activity(settings: Settings, draws: Draws, crowd: People) -> dict[str, pd.DataFrame]:
    """Every version of every row of some customers, by entity."""
    calendar = Calendar(settings.process.season, settings)
    goods = catalogue(draws)
    placed = orders(settings, draws, crowd, calendar)
    products = first_product(draws, goods, placed)
    seen = visits(settings, draws, crowd, calendar, placed, products)
    sessions, events = sessions_and_events(settings, draws, goods, seen)
    return {
        "customers": customers(settings, draws, crowd),
        "sessions": sessions,
        "transactions": transactions(settings, draws, goods, rates(settings, draws), placed),
        "events": events,
        "interactions": interactions(settings, draws, crowd),
    }


def last_planted(
    settings: Settings, likely: Iterable[Candidate]
) -> tuple[list[Sheet], pd.DataFrame]:
    """Plant what the chunks together have too little of.

    Args:
        settings: The marketplace.
        likely: Those of all chunks.

    Returns:
        Files of nothing but planted records, and their ledger.
    """
    _, missed = below_share(settings, lowest(likely))
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
    """Spread the records over files, in no order."""
    text = pd.concat([spelled, _text(layout, planted)], ignore_index=True)
    who = np.concatenate([rows[WHO].to_numpy(), np.arange(len(planted))])
    row = np.concatenate([rows[ROW].to_numpy(), np.full(len(planted), -1)])
    part = draws.below(f"file/{layout.entity}", who, layout.parts, row)
    place = np.argsort(draws.uniform(f"place/{layout.entity}", who, row), kind="stable")
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
    """The process's truth of each customer."""
    churned = crowd.gone < settings.days
    gone = np.where(churned, crowd.gone, 0)
    return pd.DataFrame(
        {
            entities.CUSTOMER_ID: customer_ids(crowd.who),
            layouts.REGISTERED_AT: times(_micros(settings, crowd.registered)),
            layouts.PURCHASE_RATE: crowd.purchase_rate,
            layouts.DROPOUT_RATE: crowd.dropout_rate,
            layouts.ALIVE_UNTIL: times(_micros(settings, gone)).where(churned),
            layouts.CHURNED: churned,
            layouts.VISIT_INTEREST: crowd.visit_interest,
            layouts.TROUBLE: crowd.trouble,
        }
    )


def _micros(settings: Settings, day: Floats) -> Ints:
    return settings.start_micros + np.rint(day * DAY_MICROS).astype(np.int64)
