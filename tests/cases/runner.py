"""Small inputs with a known outcome, each run as a user runs it: files in, tables out.

A case is a folder beside this file: input files, source TOMLs, and ``expected.toml`` with the
expected outcome, which is the same for every engine and the stream.
"""

import argparse
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
from deltalake import DeltaTable

from goldrun.contracts.ops import QUALITY_METRICS
from goldrun.errors import GoldrunError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from pipelines import bronze, gold, quality, silver

CASES = Path(__file__).parent
BATCH, STREAM = "batch", "stream"
_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_KNOWN = {"source", "earlier", "options", "exit_code", "error", "quality", "ways", "tables"}

Rows = tuple[tuple[str, ...], ...]
"""Rows of a table as text, sorted."""


@dataclass(frozen=True)
class Outcome:
    """The actual or expected outcome of a run.

    Attributes:
        exit_code: Exit code of the first command that failed; 0 if none did.
        error: Its message, or a part of it; empty if none failed.
        quality: Verdict of data quality; empty if it was not measured or is not compared.
        tables: Rows of each table, by its name.
    """

    exit_code: int = 0
    error: str = ""
    quality: str = ""
    tables: Mapping[str, Rows] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One source of one case.

    Attributes:
        case: Name of the folder.
        fault: The earlier wrong outcome, in a sentence.
        source: Name of the TOML in the folder.
        ways: ``batch``, ``stream`` or both.
        columns: Columns to compare, by table.
        expected: The expected outcome.
        earlier: Name of the TOML that the same lake was built with before; empty if there is none.
        options: Options of a command by its name, beside the default ones; batch only.
    """

    case: str
    fault: str
    source: str
    ways: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    expected: Outcome
    earlier: str = ""
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Case and source."""
        return f"{self.case}/{self.source.removesuffix('.toml')}"


def all_runs() -> list[Run]:
    """Return every run of every case, ordered by name."""
    files = sorted(CASES.glob("*/expected.toml"))
    return [run for file in files for run in _runs_of(file)]


def _runs_of(file: Path) -> Iterator[Run]:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    for raw in content["runs"]:
        if unknown := set(raw) - _KNOWN:
            raise ValueError(f"{file}: {sorted(unknown)} is none of {sorted(_KNOWN)}")
        tables = raw.get("tables", {})
        yield Run(
            case=file.parent.name,
            fault=content["fault"],
            source=raw["source"],
            ways=tuple(raw.get("ways", (BATCH,) if "options" in raw else (BATCH, STREAM))),
            columns={name: tuple(table["columns"]) for name, table in tables.items()},
            expected=Outcome(
                raw.get("exit_code", 0),
                raw.get("error", ""),
                raw.get("quality", ""),
                {name: _sorted(table["rows"]) for name, table in tables.items()},
            ),
            earlier=raw.get("earlier", ""),
            options=raw.get("options", {}),
        )


def run_case(run: Run, way: str, engine: Engine, tracker: Tracker, lake: Path) -> Outcome:
    """Run bronze, silver, gold and quality on a case, and read the outcome.

    Args:
        run: The run.
        way: ``batch`` or ``stream``.
        engine: The engine to test.
        tracker: The tracking store.
        lake: A folder that does not exist yet.
    """
    failed: GoldrunError | None = None
    try:
        source = load_source(str(CASES / run.case / run.source))
        ctx = Context(Lake(engine, str(lake)), tracker, source, _NOW)
        for command in (*_earlier_commands(ctx, run), *_commands(ctx, run, way)):
            with tracker.run(run.name, "goldrun-pipeline"):
                command()
    except GoldrunError as error:
        failed = error
    return Outcome(
        failed.exit_code if failed else 0,
        str(failed) if failed else "",
        _verdict(lake),
        {name: _rows(lake / name, columns) for name, columns in run.columns.items()},
    )


def _earlier_commands(ctx: Context, run: Run) -> Iterator[Callable[[], object]]:
    """Yield the commands that build the lake with the earlier settings."""
    if run.earlier:
        mended = ctx.source.name
        source = load_source(str(CASES / run.case / run.earlier))
        source = source.model_copy(update={"name": mended})
        for minute, script in enumerate((bronze, silver, gold)):
            before = replace(ctx, source=source, now=_NOW - timedelta(hours=1, minutes=-minute))
            yield partial(script.work, before, script.options().parse_args([]))


def _commands(ctx: Context, run: Run, way: str) -> Iterator[Callable[[], object]]:
    """Yield the commands that the expected outcome needs."""
    fails = run.expected.exit_code != 0
    scripts = [] if way == STREAM else [bronze, silver]
    if run.earlier and "bronze" not in run.options:
        scripts = [silver]
    if way == BATCH and (fails or any(name.startswith("gold/") for name in run.columns)):
        scripts.append(gold)
    if fails or run.expected.quality:
        scripts.append(quality)
    if way == STREAM:
        ticks = (_NOW + timedelta(minutes=minute) for minute in count())
        yield lambda: stream.run(ctx, Limits(available_now=True), lambda: next(ticks))
    for minute, script in enumerate(scripts):
        name = script.__name__.removeprefix("pipelines.")
        given: argparse.Namespace = script.options().parse_args(list(run.options.get(name, ())))
        later = replace(ctx, now=_NOW + timedelta(hours=1, minutes=minute))
        yield partial(script.work, later, given)


def differences(run: Run, got: Outcome) -> list[str]:
    """Return the differences between actual and expected outcome, one line each."""
    expected = run.expected
    found = []
    if got.exit_code != expected.exit_code:
        found.append(f"exit code {got.exit_code} instead of {expected.exit_code}: {got.error}")
    if expected.error not in got.error:
        found.append(f"{got.error!r} instead of {expected.error!r}")
    if expected.quality and got.quality != expected.quality:
        found.append(f"quality {got.quality or 'not measured'} instead of {expected.quality}")
    for name, rows in expected.tables.items():
        if got.tables[name] != rows:
            found.append(f"{name}: {shown(got.tables[name])} instead of {shown(rows)}")
    return found


def shown(rows: Rows) -> str:
    """Format rows on one line."""
    return "; ".join(" | ".join(row) for row in rows) or "no row"


def _verdict(lake: Path) -> str:
    """Return the newest verdict of data quality in a lake; empty if there is none."""
    folder = lake / QUALITY_METRICS.name
    if not folder.exists():
        return ""
    measured = DeltaTable(str(folder)).to_pandas().sort_values("measured_at")
    return str(measured["verdict"].iloc[-1])


def _rows(table: Path, columns: Sequence[str]) -> Rows:
    if not (table / "_delta_log").exists():
        return ()
    frame = DeltaTable(str(table)).to_pyarrow_table(columns=list(columns)).to_pylist()
    return _sorted([[_text(row[name]) for name in columns] for row in frame])


def _sorted(rows: Sequence[Sequence[str]]) -> Rows:
    return tuple(sorted(tuple(row) for row in rows))


def _text(value: Any) -> str:
    """Format a value as in ``expected.toml``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        at = pd.Timestamp(value)
        return str(at.tz_convert("UTC").tz_localize(None) if at.tzinfo else at)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list):
        return ", ".join(sorted(map(_text, value)))
    return str(value)
