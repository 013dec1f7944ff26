"""Print the outcome of every case with every engine: ``make cases``."""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.connect.engine import ConnectEngine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.tracking.runs import Tracker
from tests.cases.runner import BATCH, STREAM, Run, all_runs, differences, run_case
from tests.connect_server import connect_server
from tests.engines import engine_for_few_rows
from tests.project_copy import ROOT

WAYS: dict[str, tuple[type[Engine], str]] = {
    "sail": (SailEngine, BATCH),
    "spark": (SparkEngine, BATCH),
    "stream": (SparkEngine, STREAM),
    "connect": (ConnectEngine, BATCH),
}
"""Each way to run a case: an engine, in batch or as a stream."""


def main() -> int:
    """Run every case in every way; return 1 if an outcome is not as expected."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ways", default=",".join(WAYS), help="which ways, separated by commas")
    options.add_argument("--only", default="", help="part of the names of the cases to run")
    options.add_argument("--child", default="", help=argparse.SUPPRESS)
    given = options.parse_args()
    runs = [run for run in all_runs() if given.only in run.name]
    if given.child:
        print(json.dumps(_in_this_process(given.child, runs)))
        return 0
    found = {way: _in_a_process(way, given.only) for way in given.ways.split(",")}
    _console().print(_table(runs, found))
    wrong = sum(bool(lines) for results in found.values() for lines in results.values())
    tried = sum(len(results) for results in found.values())
    print(f"{tried - wrong} passed, {wrong} failed")
    return int(wrong > 0)


def _in_a_process(way: str, only: str) -> dict[str, list[str]]:
    """Return the results of one way from another process: a process has one engine only."""
    command = [sys.executable, "-m", "tests.cases.run", f"--child={way}", f"--only={only}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}: the process of the cases failed with {done.returncode}")
    results: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return results


def _in_this_process(way: str, runs: list[Run]) -> dict[str, list[str]]:
    kind, how = WAYS[way]
    with tempfile.TemporaryDirectory() as folder, _opened(kind, Path(folder)) as engine:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        tracker = Tracker()
        os.chdir(ROOT)
        return {
            run.name: differences(run, run_case(run, how, engine, tracker, lake))
            for number, run in enumerate(runs)
            if how in run.ways
            for lake in [Path(folder) / f"lake-{number}"]
        }


@contextlib.contextmanager
def _opened(kind: type[Engine], folder: Path) -> Iterator[Engine]:
    if kind is ConnectEngine:
        with connect_server(folder) as remote, open_engine(kind, remote=remote) as engine:
            yield engine
        return
    with engine_for_few_rows(kind) as engine:
        yield engine


def _table(runs: list[Run], found: dict[str, dict[str, list[str]]]) -> Table:
    table = Table(title="Cases", box=box.SIMPLE_HEAD, title_justify="left")
    for heading in ("case", "expected", *found):
        table.add_column(heading, overflow="fold")
    for run in runs:
        got = [_cell(results.get(run.name)) for results in found.values()]
        table.add_row(run.name, expected(run), *got)
    return table


def expected(run: Run) -> str:
    """Return the expected outcome of a run as text."""
    outcome = run.expected
    tables = [
        f"{name.partition('/')[2]}: " + "; ".join(" | ".join(row) for row in rows)
        for name, rows in outcome.tables.items()
    ]
    code = [f"exit {outcome.exit_code}: {outcome.error}"] if outcome.exit_code else []
    return "\n".join([*code, *tables, *([f"quality {outcome.quality}"] * bool(outcome.quality))])


def _cell(lines: list[str] | None) -> str:
    if lines is None:
        return "-"
    return "\n".join(lines) if lines else "as expected"


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160)


if __name__ == "__main__":
    sys.exit(main())
