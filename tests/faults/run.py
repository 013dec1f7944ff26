"""Run every fault against the real stream: it must recover or stop with a named error.

    make faults                                all series, an hour or more on two cores
    make faults KILLS=20 ONLY="kills points"   some series

Writes docs/faults/<series>.md. Exits with 1 if a promise was broken or a fault was not run.
"""

import argparse
import logging
import math
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from statistics import median

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.spark.engine import SparkEngine
from tests.faults.breaks import BREAKS
from tests.faults.damage import CHECKPOINT_FILES, LAKE_FILES, checkpoints, damaged_files
from tests.faults.disk import full_disks
from tests.faults.in_process import InProcess
from tests.faults.kills import POINTS, Kills, broken_defence, named_kills, random_kills
from tests.faults.neighbours import neighbours
from tests.faults.outcome import Outcome, Verdict
from tests.faults.promotion import registry_kills
from tests.faults.scenario import Scenario, quick_jvm, scenario
from tests.kafka import running_broker
from tests.project_copy import ROOT

log = logging.getLogger("faults")

REPORTS = ROOT / "docs" / "faults"
_SHARE_IN_BATCHES = 0.6
_PARALLEL = 2
_UNFINISHED = ", and the run was stopped early"
_WITH_PROCESSES = {"points", "kills", "controls"}
_MEMORY = "3g"
"""Heap of this process's JVM, in which the Spark sessions of streams that have ended stay; and the
limit of Sail in the processes of the series ``registry``."""


class Series:
    """All series of faults by name."""

    def __init__(self, in_process: InProcess, kills: int) -> None:
        self.in_process, self._kills = in_process, kills
        self._kills_of_worker = [Kills() for _ in range(_PARALLEL)]
        self.all: dict[str, Callable[[Scenario], Iterator[Outcome]]] = {
            "checkpoint": lambda w: checkpoints(w, in_process),
            "neighbours": lambda w: neighbours(w, in_process),
            "disk": lambda w: full_disks(w, in_process),
            "damage": lambda w: damaged_files(w, in_process, LAKE_FILES),
            "progress": lambda w: damaged_files(w, in_process, CHECKPOINT_FILES),
            "registry": lambda w: registry_kills(w.folder),
            "points": self._named,
            "kills": self._random,
            "controls": self._controls,
        }

    def kill_places(self) -> list[str]:
        """Return the places of the random kills and the times of the restarts, as Markdown."""
        places = sum(
            (Counter(dict(kills.places)) for kills in self._kills_of_worker), Counter[str]()
        )
        starts = [seconds for kills in self._kills_of_worker for seconds in kills.starts]
        if not starts:
            return []
        inside = sum(kills.in_batches for kills in self._kills_of_worker)
        return [
            "",
            f"## Where {places.total()} random kills fell",
            "",
            f"{inside} while a batch was being written. From a start to its first micro-batch, two "
            f"streams at a time, backfill included: {median(starts):.0f} s (median of "
            f"{len(starts)}; {min(starts):.0f} to {max(starts):.0f} s).",
            "",
            "| place | kills |",
            "|---|---|",
            *(f"| {place} | {count} |" for place, count in places.most_common()),
        ]

    def _named(self, first: Scenario) -> Iterator[Outcome]:
        def some(number: int) -> Iterator[Outcome]:
            with _scenario_of(first, f"points-{number}", number) as made:
                yield from named_kills(made, self.in_process, POINTS[number::_PARALLEL])

        return _run_in_parallel([partial(some, number) for number in range(_PARALLEL)])

    def _random(self, first: Scenario) -> Iterator[Outcome]:
        killed = -(-self._kills // _PARALLEL)
        in_batches = math.ceil(killed * _SHARE_IN_BATCHES)

        def some(number: int) -> Iterator[Outcome]:
            kills = self._kills_of_worker[number]
            with _scenario_of(first, f"kills-{number}", number) as made:
                yield from random_kills(made, self.in_process, kills, killed, in_batches)

        return _run_in_parallel([partial(some, number) for number in range(_PARALLEL)])

    def _controls(self, first: Scenario) -> Iterator[Outcome]:
        def one(broken: str) -> Iterator[Outcome]:
            with _scenario_of(first, broken) as made:
                yield broken_defence(made, self.in_process, broken)

        return _run_in_parallel([partial(one, broken) for broken in BREAKS])


def _scenario_of(first: Scenario, name: str, number: int = 0) -> AbstractContextManager[Scenario]:
    """Another scenario with the same broker."""
    return scenario(first.broker, first.folder / name, first.seed + number)


def _run_in_parallel(tasks: Sequence[Callable[[], Iterator[Outcome]]]) -> Iterator[Outcome]:
    """Run some tasks in parallel: the start of one stream leaves much of a machine idle."""
    results: SimpleQueue[Outcome | None] = SimpleQueue()

    def run(task: Callable[[], Iterator[Outcome]]) -> None:
        for outcome in task():
            log.info("  %s: %s %s", outcome.verdict, outcome.fault, outcome.detail)
            results.put(outcome)

    with ThreadPoolExecutor(_PARALLEL) as pool:
        futures = [pool.submit(run, task) for task in tasks]
        for each in futures:
            each.add_done_callback(lambda _: results.put(None))
        for _ in futures:
            yield from iter(results.get, None)
    for each in futures:
        each.result()


def main() -> int:
    """Run the requested series; return 0 if every promise was kept."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="names of series, with spaces between")
    options.add_argument("--reports", type=Path, default=REPORTS, help="folder to write to")
    given = options.parse_args()
    # This process runs for long: its JVM needs the better compilers.
    environment = quick_jvm()
    del environment["JAVA_TOOL_OPTIONS"]
    os.environ |= environment | {"GOLDRUN_DRIVER_MEMORY": _MEMORY}
    given.reports.mkdir(parents=True, exist_ok=True)
    only = set(given.only.split())
    with (
        tempfile.TemporaryDirectory(prefix="goldrun-faults-") as folder,
        running_broker(Path(folder) / "kafka") as broker,
        open_engine(SparkEngine, "faults", kafka=True) as engine,
    ):
        if not only or only & _WITH_PROCESSES:
            _keep_classes(broker, Path(folder))
        series = Series(InProcess(engine), given.kills)
        outcomes = list(_all(series, broker, Path(folder), given))
    broken = [outcome for outcome in outcomes if not outcome.passed]
    for one in broken:
        log.error("%s: %s: %s %s", one.verdict, one.group, one.fault, one.detail)
    log.info("%s of %s faults passed", len(outcomes) - len(broken), len(outcomes))
    return 1 if broken else 0


def _keep_classes(broker: KafkaBroker, folder: Path) -> None:
    """Run one stream to its end, whose JVM archives its classes for all others."""
    with scenario(broker, folder / "first", 1) as first:
        first.send(100)
        ended = first.drain(keep_classes=True)
        if ended.code:
            raise SystemExit(f"the stream fails without a fault: {ended.output}")


def _all(
    series: Series, broker: KafkaBroker, folder: Path, given: argparse.Namespace
) -> Iterator[Outcome]:
    only = given.only.split()
    for name, each in series.all.items():
        if only and name not in only:
            continue
        log.info("%s", name)
        began, seen = time.monotonic(), []
        page = given.reports / f"{name}.md"
        with scenario(broker, folder / name, given.seed) as made:
            for outcome in _with_crash(name, each(made)):
                seen.append(outcome)
                yield outcome
                # Written after each outcome, so that a run that is stopped early leaves a report.
                took = time.monotonic() - began
                page.write_text(_report(name, seen, took, given, series.kill_places()))
        page.write_text(page.read_text().replace(_UNFINISHED, ""))


def _with_crash(name: str, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Add an outcome for a series that raised, which must not count as passed."""
    try:
        yield from outcomes
    except Exception as error:
        log.exception("%s failed", name)
        yield Outcome(name, "the series itself", Verdict.WRONG, f"{type(error).__name__}: {error}")


def _report(
    name: str,
    outcomes: list[Outcome],
    seconds: float,
    given: argparse.Namespace,
    places: list[str],
) -> str:
    passed = sum(one.passed for one in outcomes)
    lines = [
        f"# Faults: {name}",
        "",
        f'Written by `make faults ONLY="{name}"`, which [faults.md](../faults.md) explains.',
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores {platform.machine()}, Python "
        f"{platform.python_version()}, PySpark {version('pyspark')}, Delta "
        f"{version('delta-spark')}; seed {given.seed}, {seconds / 60:.0f} minutes: "
        f"**{passed} of {len(outcomes)} passed**{_UNFINISHED}.",
        "",
        "| kind | fault | outcome | detail |",
        "|---|---|---|---|",
        *(f"| {o.group} | {o.fault} | {o.verdict} | {_cell(o.detail)} |" for o in outcomes),
    ]
    if name == "kills":
        lines += places
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    short = re.sub(r"[^\s(]*/goldrun-faults-\w+/", "…/", text)
    return short.replace("|", "\\|").replace("\n", " ")[:300]


if __name__ == "__main__":
    sys.exit(main())
