"""Every fault, one after the other, against the real stream: recover or stop by name, never wrong.

    make faults                                all of it, an hour or more on two cores
    make faults KILLS=20 ONLY="kills points"   some of it

Writes docs/faults/<series>.md and ends with 1 when a promise was broken or a fault could not be
made.
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
from tests.faults.crowning import registry_kills
from tests.faults.damage import CHECKPOINT_FILES, LAKE_FILES, checkpoints, damaged_files
from tests.faults.disk import full_disks
from tests.faults.inside import Inside
from tests.faults.kills import POINTS, Kills, broken_defence, named_kills, random_kills
from tests.faults.neighbours import neighbours
from tests.faults.outcome import Outcome, Verdict
from tests.faults.world import World, quick_jvm, world
from tests.kafka import running_broker
from tests.project_copy import ROOT

log = logging.getLogger("faults")

REPORTS = ROOT / "docs" / "faults"
_SHARE_IN_BATCHES = 0.6
_AT_A_TIME = 2
_UNFINISHED = ", and it was cut off before its end"
_OF_PROCESSES = {"points", "kills", "controls"}


class Series:
    """All series of faults, by the name they can be asked for."""

    def __init__(self, inside: Inside, kills: int) -> None:
        self.inside, self._kills = inside, kills
        self._fallen = [Kills() for _ in range(_AT_A_TIME)]
        self.all: dict[str, Callable[[World], Iterator[Outcome]]] = {
            "checkpoint": lambda w: checkpoints(w, inside),
            "neighbours": lambda w: neighbours(w, inside),
            "disk": lambda w: full_disks(w, inside),
            "damage": lambda w: damaged_files(w, inside, LAKE_FILES),
            "progress": lambda w: damaged_files(w, inside, CHECKPOINT_FILES),
            "registry": lambda w: registry_kills(w.folder),
            "points": self._named,
            "kills": self._random,
            "controls": self._controls,
        }

    def fell(self) -> list[str]:
        """Where the random kills fell, and how long the starts after them took, as Markdown."""
        places = sum((Counter(dict(kills.places)) for kills in self._fallen), Counter[str]())
        starts = [seconds for kills in self._fallen for seconds in kills.starts]
        if not starts:
            return []
        inside = sum(kills.in_batches for kills in self._fallen)
        return [
            "",
            f"## Where {places.total()} random kills fell",
            "",
            f"{inside} while a batch was being written. From a start to its first micro-batch, two "
            f"streams at a time, with what the last one left: {median(starts):.0f} s (median of "
            f"{len(starts)}; {min(starts):.0f} to {max(starts):.0f} s).",
            "",
            "| place | kills |",
            "|---|---|",
            *(f"| {place} | {count} |" for place, count in places.most_common()),
        ]

    def _named(self, lost: World) -> Iterator[Outcome]:
        def some(number: int) -> Iterator[Outcome]:
            with _beside(lost, f"points-{number}", number) as made:
                yield from named_kills(made, self.inside, POINTS[number::_AT_A_TIME])

        return _at_the_same_time([partial(some, number) for number in range(_AT_A_TIME)])

    def _random(self, lost: World) -> Iterator[Outcome]:
        killed = -(-self._kills // _AT_A_TIME)
        in_batches = math.ceil(killed * _SHARE_IN_BATCHES)

        def some(number: int) -> Iterator[Outcome]:
            kills = self._fallen[number]
            with _beside(lost, f"kills-{number}", number) as made:
                yield from random_kills(made, self.inside, kills, killed, in_batches)

        return _at_the_same_time([partial(some, number) for number in range(_AT_A_TIME)])

    def _controls(self, lost: World) -> Iterator[Outcome]:
        def one(broken: str) -> Iterator[Outcome]:
            with _beside(lost, broken) as made:
                yield broken_defence(made, self.inside, broken)

        return _at_the_same_time([partial(one, broken) for broken in BREAKS])


def _beside(first: World, name: str, number: int = 0) -> AbstractContextManager[World]:
    """Another world at the same broker."""
    return world(first.broker, first.folder / name, first.seed + number)


def _at_the_same_time(works: Sequence[Callable[[], Iterator[Outcome]]]) -> Iterator[Outcome]:
    """Do some of the works at a time: the start of one stream leaves much of a machine idle."""
    told: SimpleQueue[Outcome | None] = SimpleQueue()

    def tell(work: Callable[[], Iterator[Outcome]]) -> None:
        for outcome in work():
            log.info("  %s: %s %s", outcome.verdict, outcome.fault, outcome.detail)
            told.put(outcome)

    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        at_work = [pool.submit(tell, work) for work in works]
        for each in at_work:
            each.add_done_callback(lambda _: told.put(None))
        for _ in at_work:
            yield from iter(told.get, None)
    for each in at_work:
        each.result()


def main() -> int:
    """Run what was asked for; 0 when every promise was kept."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="names of series, with spaces between")
    options.add_argument("--reports", type=Path, default=REPORTS, help="folder to write to")
    given = options.parse_args()
    # This process lives for long: its JVM may take its time to become quick.
    lasting = quick_jvm()
    del lasting["JAVA_TOOL_OPTIONS"]
    os.environ |= lasting
    given.reports.mkdir(parents=True, exist_ok=True)
    only = set(given.only.split())
    with (
        tempfile.TemporaryDirectory(prefix="goldrun-faults-") as folder,
        running_broker(Path(folder) / "kafka") as broker,
        open_engine(SparkEngine, "faults", kafka=True) as engine,
    ):
        if not only or only & _OF_PROCESSES:
            _keep_classes(broker, Path(folder))
        series = Series(Inside(engine), given.kills)
        outcomes = list(_all(series, broker, Path(folder), given))
    broken = [one for one in outcomes if not one.passed]
    for one in broken:
        log.error("%s: %s: %s %s", one.verdict, one.group, one.fault, one.detail)
    log.info("%s of %s faults passed", len(outcomes) - len(broken), len(outcomes))
    return 1 if broken else 0


def _keep_classes(broker: KafkaBroker, folder: Path) -> None:
    """Let one stream run to its end, whose JVM leaves its classes to all others."""
    with world(broker, folder / "first", 1) as first:
        first.send(100)
        ended = first.drain(keep_classes=True)
        if ended.code:
            raise SystemExit(f"the stream does not even run undisturbed: {ended.output}")


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
        with world(broker, folder / name, given.seed) as made:
            for outcome in _with_crash(name, each(made)):
                seen.append(outcome)
                yield outcome
                # Written after each, so that a run that is cut off has said what it saw.
                took = time.monotonic() - began
                page.write_text(_report(name, seen, took, given, series.fell()))
        page.write_text(page.read_text().replace(_UNFINISHED, ""))


def _with_crash(name: str, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Tell of a series that could not go on: it must not look as if all had passed."""
    try:
        yield from outcomes
    except Exception as error:
        log.exception("%s could not go on", name)
        yield Outcome(name, "the series itself", Verdict.WRONG, f"{type(error).__name__}: {error}")


def _report(
    name: str,
    outcomes: list[Outcome],
    seconds: float,
    given: argparse.Namespace,
    fell: list[str],
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
        "| kind | fault | what came of it | said |",
        "|---|---|---|---|",
        *(f"| {o.group} | {o.fault} | {o.verdict} | {_cell(o.detail)} |" for o in outcomes),
    ]
    if name == "kills":
        lines += fell
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    short = re.sub(r"\S*/goldrun-faults-\w+/", "…/", text)
    return short.replace("|", "\\|").replace("\n", " ")[:300]


if __name__ == "__main__":
    sys.exit(main())
