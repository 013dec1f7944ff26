"""Write a simulated marketplace in chunks: the shop's files and the tables of the truth."""

import logging
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from goldrun.contracts import lineage
from goldrun.contracts.rates import RATES
from goldrun.errors import SettingsError
from goldrun.io.sources import file_writer
from goldrun.simulation import layouts
from goldrun.simulation.draws import Draws
from goldrun.simulation.marketplace import Sheet, last_planted, simulate
from goldrun.simulation.parameters import Settings
from goldrun.simulation.planting import Candidate
from goldrun.simulation.rates import rates
from goldrun.simulation.rows import current, superseded

log = logging.getLogger("goldrun")

_RATES = "rates.csv"
_PARAMETERS = "truth/parameters.json"
_MADE = (_RATES, _PARAMETERS, "truth/*/part-*.parquet", *(f"{e}/part-*" for e in layouts.LAYOUTS))
_CHUNK = 20_000
"""Number of customers of a chunk for a period of one year: about half a million rows."""
_MOST_PROCESSES = 4


@dataclass(frozen=True)
class Written:
    """Counts of the written records of one or all chunks.

    Attributes:
        rows: Number of records by entity.
        planted: Number of records that are in the ledger, by entity.
        candidates: See ``marketplace.Chunk``.
    """

    rows: Counter[str]
    planted: Counter[str]
    candidates: list[Candidate]


def write_marketplace(
    settings: Settings,
    out: Path,
    *,
    overwrite: bool = False,
    chunk: int | None = None,
    processes: int | None = None,
) -> Written:
    """Simulate all customers and write the files and the truth.

    Args:
        settings: The settings.
        out: Folder of the files.
        overwrite: Whether to remove an earlier simulation from it first.
        chunk: Number of customers of a chunk; it affects only the distribution of rows over files.
        processes: Largest number of processes; None for the number of cores.

    Returns:
        The counts of all chunks, without candidates.

    Raises:
        SettingsError: The folder has files already.
    """
    _prepare(out, overwrite)
    size = chunk or max(1, min(_CHUNK, _CHUNK * 365 // settings.days))
    starts = range(0, settings.customers, size)
    work = partial(_write_chunk, settings, out, size)
    total = Written(Counter(), Counter(), [])
    for number, written in enumerate(_spread(work, len(starts), processes)):
        _add(total, written)
        done = min((number + 1) * size, settings.customers)
        log.info("  ▸ %s of %s customers", f"{done:,}", f"{settings.customers:,}")
    sheets, planted = last_planted(settings, total.candidates)
    _add(total, _write(out, sheets, planted, len(starts)))
    _write_settings(settings, out)
    return Written(total.rows, total.planted, [])


def _prepare(out: Path, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out: {out} is a file; name a folder")
    if overwrite and out.is_dir():
        file_writer.clear(out, _MADE)
    if out.is_dir() and any(out.iterdir()):
        raise SettingsError(
            f"--out: {out} has files already; name another folder, or remove an earlier simulation "
            "with --overwrite=true, which does not remove other files and fails if there are any"
        )


def _spread(work: "partial[Written]", count: int, processes: int | None) -> Iterator[Written]:
    """Write the chunks, in several processes if there are several chunks, and yield in order."""
    workers = min(processes or os.cpu_count() or 1, count, _MOST_PROCESSES)
    if workers == 1:
        yield from map(work, range(count))
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(work, range(count))


def _write_chunk(settings: Settings, out: Path, size: int, number: int) -> Written:
    """Simulate one chunk of customers; write its truth, its files and its ledger of faults."""
    first = number * size
    chunk = simulate(settings, first, min(first + size, settings.customers))
    for name, layout in layouts.LAYOUTS.items():
        rows, table = chunk.rows[name], layout.table
        file_writer.write_parquet(_truth(out, name, number), current(rows, table), table)
        if table.versioned_by:
            older = superseded(rows, table)
            file_writer.write_parquet(
                _truth(out, f"{name}_history", number), older, layouts.history_of(table)
            )
    file_writer.write_parquet(_truth(out, "people", number), chunk.people, layouts.PEOPLE)
    written = _write(out, chunk.sheets, chunk.ledger, number)
    return Written(written.rows, written.planted, chunk.candidates)


def _write(out: Path, sheets: Iterable[Sheet], ledger: pd.DataFrame, number: int) -> Written:
    rows: Counter[str] = Counter()
    for sheet in sheets:
        layout, text = sheet.layout, sheet.text
        part = number * layout.parts + sheet.part
        path = out / layout.entity / f"part-{part:05d}{layout.suffix}"
        if layout.format == "csv":
            file_writer.write_csv(path, text, sheet.damages)
        elif len(text):
            file_writer.write_json(path, text, layout.bare, layout.required, sheet.damages)
        rows[layout.entity] += len(text)
    file_writer.write_parquet(_truth(out, "ledger", number), ledger, layouts.LEDGER)
    return Written(rows, Counter(ledger[lineage.ENTITY]), [])


def _write_settings(settings: Settings, out: Path) -> None:
    lines = [",".join(line) for line in rates(settings, Draws(settings.seed)).lines()]
    file_writer.write_lines(out / _RATES, [",".join(RATES.names), *lines])
    # Written last: it marks the folder as complete.
    file_writer.write_lines(out / _PARAMETERS, [settings.model_dump_json(indent=2)])


def _truth(out: Path, table: str, number: int) -> Path:
    return out / "truth" / table / f"part-{number:05d}.parquet"


def _add(total: Written, more: Written) -> None:
    total.rows.update(more.rows)
    total.planted.update(more.planted)
    total.candidates.extend(more.candidates)
