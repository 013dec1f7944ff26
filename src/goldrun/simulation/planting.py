"""Records that silver must refuse or recognise, planted among the clean ones, and their ledger."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np
import pandas as pd

from goldrun.simulation.draws import Draws, Floats, Ints
from goldrun.simulation.faults import Fault, Fields, faults
from goldrun.simulation.layouts import LAYOUTS, LEDGER, TRACE, Layout
from goldrun.simulation.parameters import Settings
from goldrun.simulation.rows import ROW, WHO

AT_LEAST = 2
"""Records that every fault gets, however low its share, where the entity has as many rows."""


@dataclass(frozen=True)
class Candidate:
    """A clean record that a fault may spoil.

    Attributes:
        entity: Its entity.
        fault: Number of the fault among the entity's.
        draw: Uniform draw of the record for the fault; the lowest are spoiled.
        who: Customer.
        row: Number of the record among the customer's.
        fields: Its text by the shop's column.
    """

    entity: str
    fault: int
    draw: float
    who: int
    row: int
    fields: Fields


@dataclass(frozen=True)
class Planted:
    """A record of the ledger.

    Attributes:
        entity: Its entity.
        fields: Its text by the shop's column.
        damage: What happens to its line; None for nothing.
        entry: Its row of the ledger, in the order of the ledger's columns.
    """

    entity: str
    fields: Fields
    damage: Callable[[bytes], bytes] | None
    entry: tuple[object, ...]


def shares(of: Sequence[Fault], dirt: dict[str, float]) -> list[float]:
    """Share of the rows that each fault spoils: its kind's, divided among the kind's faults."""
    counts = {kind: sum(fault.kind == kind for fault in of) for kind in dirt}
    return [dirt.get(fault.kind, 0.0) / counts.get(fault.kind, 1) for fault in of]


def candidates(
    settings: Settings, draws: Draws, layout: Layout, rows: pd.DataFrame, spelled: pd.DataFrame
) -> list[Candidate]:
    """Choose the records of a chunk that may be spoiled.

    Args:
        settings: The marketplace.
        draws: Random numbers.
        layout: The entity's files.
        rows: Its rows in the chunk, with ``WHO`` and ``ROW``.
        spelled: The same rows as text.

    Returns:
        Of each wanted fault, all records whose draw is below its share and, besides, those with
        the lowest draws, which are spoiled if they are among the lowest of all chunks.
    """
    known = faults(layout, settings)
    who, row = rows[WHO].to_numpy(), rows[ROW].to_numpy()
    found = []
    for number, share in enumerate(shares(known, settings.dirt)):
        if share <= 0:
            continue
        draw = draws.uniform(f"dirt/{layout.entity}/{known[number].name}", who, row)
        chosen = np.union1d(np.flatnonzero(draw < share), _lowest(draw))
        texts = _as_fields(spelled.take(chosen))
        found += [
            Candidate(layout.entity, number, float(draw[i]), int(who[i]), int(row[i]), fields)
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
    """Take the ``AT_LEAST`` candidates with the lowest draws of each fault."""
    ordered = sorted(found, key=lambda one: (one.entity, one.fault, one.draw, one.who, one.row))
    taken = []
    for _, of_fault in groupby(ordered, key=lambda one: (one.entity, one.fault)):
        taken += list(islice(of_fault, AT_LEAST))
    return taken


def below_share(
    settings: Settings, found: Iterable[Candidate]
) -> tuple[list[Candidate], list[Candidate]]:
    """Part candidates into those that are spoiled in any case and the others."""
    dirt = settings.dirt
    share = {name: shares(faults(layout, settings), dirt) for name, layout in LAYOUTS.items()}
    sure: list[Candidate] = []
    others: list[Candidate] = []
    for one in found:
        (sure if one.draw < share[one.entity][one.fault] else others).append(one)
    return sure, others


def plant(settings: Settings, chosen: Iterable[Candidate]) -> list[Planted]:
    """Spoil the chosen records."""
    known = {name: faults(layout, settings) for name, layout in LAYOUTS.items()}
    return [_spoiled(one, known[one.entity][one.fault]) for one in chosen]


def _spoiled(one: Candidate, fault: Fault) -> Planted:
    layout = LAYOUTS[one.entity]
    entity = list(LAYOUTS).index(one.entity)
    mark = f"x{entity}{one.fault:03d}{one.who:08d}{one.row:06d}"
    fields = {**one.fields, **fault.changes, TRACE: mark}
    key = None
    if fault.key == "kept":
        key = str(one.fields[layout.key]).strip()
    elif fault.key == "fresh":
        key = fields[layout.key] = f"{str(one.fields[layout.key]).strip()}-{mark}"
    entry = (one.entity, mark, fault.kind, fault.fate, list(fault.reasons), key)
    return Planted(one.entity, fields, fault.damage, entry)


def ledger(planted: Iterable[Planted]) -> pd.DataFrame:
    """The ledger's rows of planted records."""
    entries = [one.entry for one in planted]
    return pd.DataFrame(entries, columns=list(LEDGER.names), dtype=object)
