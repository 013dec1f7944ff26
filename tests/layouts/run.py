"""Draw layouts of files at random, read them, and compare with plain Python: ``make layouts``.

``make layouts WAYS=readers DRAWS=10000`` draws files for readers and mappings in one process;
``commands`` reads them by bronze and silver, every twentieth draw by processes of their own;
``streams`` by batches of Spark and by its file stream.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.tracking.runs import Tracker
from tests.engines import engine_for_few_rows
from tests.layouts import commands, readers, streams
from tests.project_copy import copy_project

PROCESSES = 20
"""Of so many draws through commands, one is read by processes of their own."""
_SHOWN = 20
"""Lines that are printed of a draw."""
_TRACEBACK = "Traceback (most recent call last)"
Differences = dict[str, list[str]]
"""Differences from plain Python by draw; of a draw that ended with an error its traceback."""


@dataclass(frozen=True)
class Way:
    """How files are read.

    Attributes:
        engine: The engine.
        together: Number of draws that are read at once.
        read: Reads draws in an empty folder, and returns their differences.
    """

    engine: type[Engine]
    together: int
    read: Callable[[Engine, range, Path], Differences]


def main() -> int:
    """Draw and compare; return 0 if no draw differs or ends with an error."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ways", default="readers", help=f"of {', '.join(WAYS)}, with commas")
    options.add_argument("--draws", type=int, default=1000, help="how many of each way")
    options.add_argument("--seed", type=int, default=0, help="seed of the first")
    given = options.parse_args()
    seeds = range(given.seed, given.seed + given.draws)
    # Frames have a few rows: to compute them in parts is most of the time.
    os.environ.setdefault("SAIL_EXECUTION__DEFAULT_PARALLELISM", "1")
    wrong = [run_way(name, WAYS[name], seeds) for name in given.ways.split(",")]
    return int(any(wrong))


def run_way(name: str, way: Way, seeds: range) -> int:
    """Read draws, print those that differ and how many; return their number."""
    started, differing, failed = time.monotonic(), 0, 0
    with _scratch() as scratch, engine_for_few_rows(way.engine) as engine:
        for first in seeds[:: way.together]:
            some = range(first, min(first + way.together, seeds.stop))
            found = _read(way, engine, some, scratch / "draws")
            ended = sum(_TRACEBACK in "".join(lines) for lines in found.values())
            failed += ended
            differing += len(found) - ended
            for draw, lines in (found or {f"to {some[-1]}": ["equal"]}).items():
                print("\n  ".join([f"{name}, draw {draw}:", *lines[:_SHOWN]]), flush=True)
    seconds = time.monotonic() - started
    print(
        f"{name}: {len(seeds):,} draws, {differing} differ from plain Python, {failed} ended with "
        f"a traceback, {seconds:.0f} s",
        flush=True,
    )
    return differing + failed


def _read(way: Way, engine: Engine, seeds: range, folder: Path) -> Differences:
    """Read draws; an error of any is a difference of the first."""
    folder.mkdir()
    try:
        return way.read(engine, seeds, folder)
    except Exception:  # noqa: BLE001 - every error of a draw is a finding
        return {str(seeds.start): [traceback.format_exc()]}
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        yield Path(folder)


def _through_commands(engine: Engine, seeds: range, folder: Path) -> Differences:
    (seed,) = seeds
    project = copy_project(folder / "goldrun") if seed % PROCESSES == 0 else None
    lines = commands.differences(engine, folder / "shop", seed, project)
    return {str(seed): lines} if lines else {}


def _as_stream(engine: Engine, seeds: range, folder: Path) -> Differences:
    (seed,) = seeds
    lines = streams.differences(engine, Tracker(), folder / "shop", seed)
    return {str(seed): lines} if lines else {}


WAYS = {
    "readers": Way(SailEngine, readers.TOGETHER, readers.differing),
    "commands": Way(SailEngine, 1, _through_commands),
    "streams": Way(SparkEngine, 1, _as_stream),
}
"""The ways by name: readers and mappings in one process; commands; batches beside a stream."""

if __name__ == "__main__":
    sys.exit(main())
