"""Plant records that silver must quarantine or recognise as duplicates, and list them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
import pandas as pd

from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.faults import Fault, Fields, faults
from goldrun.simulation.layouts import LAYOUTS, LEDGER, TRACE, Layout
from goldrun.simulation.parameters import Settings
from goldrun.simulation.rows import CUSTOMER, ROW

AT_LEAST = 2
"""Fewest records with each fault, whatever its share, if the entity has as many rows."""


@dataclass(frozen=True)
class Candidate:
    """A clean record that may be copied with a fault.

    Attributes:
        entity: Entity of the record.
        fault: Number of the fault within the entity.
        draw: Uniform draw for record and fault; the lowest are chosen.
        customer: Number of the customer.
        row: Number of the record within the customer.
        fields: Text by the shop's column.
    """

    entity: str
    fault: int
    draw: float
    customer: int
    row: int
    fields: Fields


@dataclass(frozen=True)
class Planted:
    """A planted record.

    Attributes:
        entity: Entity of the record.
        fields: Text by the shop's column.
        damage: Function that makes the written line malformed; None for none.
        entry: Row of the ledger, in the order of its columns.
    """

    entity: str
    fields: Fields
    damage: Callable[[bytes], bytes] | None
    entry: tuple[object, ...]


def shares(of: Sequence[Fault], dirt: dict[str, float]) -> list[float]:
    """Return the share of rows of each fault: the share of its kind over the kind's faults."""
    counts = {kind: sum(fault.kind == kind for fault in of) for kind in dirt}
    return [dirt.get(fault.kind, 0.0) / counts.get(fault.kind, 1) for fault in of]


def candidates(
    settings: Settings, draws: Draws, layout: Layout, rows: pd.DataFrame, spelled: pd.DataFrame
) -> list[Candidate]:
    """Choose the records of a chunk that may be planted with a fault.

    Args:
        settings: The settings.
        draws: Random numbers.
        layout: Layout of the entity's files.
        rows: Rows of the entity in the chunk, with ``CUSTOMER`` and ``ROW``.
        spelled: The same rows as text.

    Returns:
        For each fault with a share above 0, the records whose draw is below the share and those
        with the ``AT_LEAST`` lowest draws; the latter may be needed to reach ``AT_LEAST``.
    """
    known = faults(layout, settings)
    customer, row = rows[CUSTOMER].to_numpy(), rows[ROW].to_numpy()
    found = []
    for number, share in enumerate(shares(known, settings.dirt)):
        if share <= 0:
            continue
        draw = draws.uniform(f"dirt/{layout.entity}/{known[number].name}", customer, row)
        chosen = np.union1d(np.flatnonzero(draw < share), _lowest(draw))
        texts = _as_fields(spelled.take(chosen))
        found += [
            Candidate(layout.entity, number, float(draw[i]), int(customer[i]), int(row[i]), fields)
            for i, fields in zip(chosen.tolist(), texts, strict=True)
        ]
    return found


def _lowest(draw: Floats) -> Ints:
    if len(draw) <= AT_LEAST:
        return np.arange(len(draw))
    return np.argpartition(draw, AT_LEAST)[:AT_LEAST]


def _as_fields(spelled: pd.DataFrame) -> list[Fields]:
    as_objects = spelled.astype(object).where(spelled.notna(), None)
    return [dict(zip(spelled.columns, values, strict=True)) for values in as_objects.to_numpy()]


def lowest(found: Iterable[Candidate]) -> list[Candidate]:
    """Return the ``AT_LEAST`` candidates with the lowest draws of each fault."""
    ordered = sorted(
        found, key=lambda one: (one.entity, one.fault, one.draw, one.customer, one.row)
    )
    chosen = []
    for _, of_fault in groupby(ordered, key=lambda one: (one.entity, one.fault)):
        chosen += list(islice(of_fault, AT_LEAST))
    return chosen


def below_share(
    settings: Settings, found: Iterable[Candidate]
) -> tuple[list[Candidate], list[Candidate]]:
    """Split candidates by whether their random number is below the share of their fault.

    A fault's share is that of its kind in the settings, divided by the number of faults of the
    kind. Only ``last_planted`` gives the others a fault, to reach ``AT_LEAST``.
    """
    dirt = settings.dirt
    share = {name: shares(faults(layout, settings), dirt) for name, layout in LAYOUTS.items()}
    below: list[Candidate] = []
    others: list[Candidate] = []
    for one in found:
        (below if one.draw < share[one.entity][one.fault] else others).append(one)
    return below, others


def plant(settings: Settings, chosen: Iterable[Candidate]) -> list[Planted]:
    """Return copies of the chosen records with their faults."""
    known = {name: faults(layout, settings) for name, layout in LAYOUTS.items()}
    return [_spoiled(one, known[one.entity][one.fault]) for one in chosen]


def _spoiled(one: Candidate, fault: Fault) -> Planted:
    layout = LAYOUTS[one.entity]
    entity = list(LAYOUTS).index(one.entity)
    mark = f"x{entity}{one.fault:03d}{one.customer:08d}{one.row:06d}"
    fields = {**one.fields, **fault.changes, TRACE: mark}
    key = None
    if fault.key == "kept":
        key = str(one.fields[layout.key]).strip()
    elif fault.key == "fresh":
        key = fields[layout.key] = f"{str(one.fields[layout.key]).strip()}-{mark}"
    entry = (one.entity, mark, fault.kind, fault.fate, list(fault.reasons), key)
    return Planted(one.entity, fields, fault.damage, entry)


def ledger(planted: Iterable[Planted]) -> pd.DataFrame:
    """Return the rows of ``truth/ledger`` of planted records."""
    entries = [one.entry for one in planted]
    return pd.DataFrame(entries, columns=list(LEDGER.names), dtype=object)
