"""Every fault, one after the other, against the real stream: recover or stop by name, never wrong.

    make faults                                all of it, an hour or more on two cores
    make faults KILLS=20 ONLY="kills points"   some of it

Writes docs/faults.md and ends with 1 when a promise was broken or a fault could not be made.
"""

import argparse
import logging
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from goldrun.io.kafka_broker import KafkaBroker
from goldrun.io.spark import open_session
from tests.faults.breaks import BREAKS
from tests.faults.damage import checkpoints, damaged_files
from tests.faults.disk import full_disks
from tests.faults.inside import Inside
from tests.faults.kills import broken_defence, named_kills, random_kills
from tests.faults.neighbours import neighbours
from tests.faults.outcome import Outcome
from tests.faults.world import QUICK_JVM, World, world
from tests.kafka import running_broker
from tests.project_copy import ROOT

log = logging.getLogger("faults")

REPORT = ROOT / "docs" / "faults.md"
_SHARE_IN_BATCHES = 0.6


class Series:
    """All series of faults, by the name they can be asked for."""

    def __init__(self, inside: Inside, kills: int) -> None:
        self.inside, self._kills = inside, kills
        self.places: Counter[str] = Counter()
        self.all: dict[str, Callable[[World], Iterator[Outcome]]] = {
            "checkpoint": lambda w: checkpoints(w, inside),
            "neighbours": lambda w: neighbours(w, inside),
            "disk": lambda w: full_disks(w, inside),
            "damage": lambda w: damaged_files(w, inside),
            "points": lambda w: named_kills(w, inside.spark),
            "kills": self._random,
        }

    def _random(self, lost: World) -> Iterator[Outcome]:
        least = round(self._kills * _SHARE_IN_BATCHES)
        outcomes, self.places = random_kills(lost, self.inside.spark, self._kills, least)
        yield from outcomes


def main() -> int:
    """Run what was asked for; 0 when every promise was kept."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", default="", help="names of series, with spaces between")
    options.add_argument("--report", type=Path, default=REPORT)
    given = options.parse_args()
    os.environ.update({name: value for name, value in QUICK_JVM.items() if name not in os.environ})
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="goldrun-faults-") as folder,
        running_broker(Path(folder) / "kafka") as broker,
        open_session("faults", kafka=True) as spark,
    ):
        series = Series(Inside(spark), given.kills)
        outcomes = []
        # Written after each, so that a run that is cut off has said what it saw.
        for outcome in _all(series, broker, Path(folder), given.only.split(), given.seed):
            outcomes.append(outcome)
            took = time.monotonic() - began
            given.report.write_text(_report(outcomes, series.places, took, given))
    broken = [one for one in outcomes if not one.passed]
    for one in broken:
        log.error("%s: %s: %s %s", one.verdict, one.group, one.fault, one.detail)
    log.info("%s of %s faults passed; %s", len(outcomes) - len(broken), len(outcomes), given.report)
    return 1 if broken else 0


def _all(
    series: Series, broker: KafkaBroker, folder: Path, only: list[str], seed: int
) -> Iterator[Outcome]:
    for name, each in series.all.items():
        if not only or name in only:
            log.info("%s", name)
            with world(broker, folder / name, seed) as made:
                yield from each(made)
    if not only or "controls" in only:
        for broken in BREAKS:
            log.info("control: %s", broken)
            with world(broker, folder / broken, seed) as made:
                yield broken_defence(made, series.inside.spark, broken)


def _report(
    outcomes: list[Outcome], places: Counter[str], seconds: float, given: argparse.Namespace
) -> str:
    passed = sum(one.passed for one in outcomes)
    lines = [
        "# Faults",
        "",
        "Written by `make faults`: each fault happens to the real stream (Kafka → bronze → silver",
        "→ gold), which must recover or stop with a named error. Then all tables are compared with",
        "what a computation in plain Python makes of the messages: silver, history, quarantine and",
        "duplicates record by record, gold to the cent. *noticed* is said of a defence that was",
        "switched off on purpose: the comparison must turn red.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores {platform.machine()}, Python "
        f"{platform.python_version()}, PySpark {version('pyspark')}, Delta "
        f"{version('delta-spark')}; seed {given.seed}, {seconds / 60:.0f} minutes, "
        f"{f'only {given.only}' if given.only else 'all series'}: "
        f"**{passed} of {len(outcomes)} passed**.",
        "",
        "| kind | fault | what came of it | said |",
        "|---|---|---|---|",
        *(f"| {o.group} | {o.fault} | {o.verdict} | {_cell(o.detail)} |" for o in outcomes),
    ]
    if places:
        inside = sum(n for place, n in places.items() if place.startswith("in a batch"))
        lines += [
            "",
            f"## Where {sum(places.values())} random kills fell",
            "",
            f"{inside} while a batch was being written.",
            "",
            "| place | kills |",
            "|---|---|",
            *(f"| {place} | {count} |" for place, count in places.most_common()),
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    short = re.sub(r"\S*/goldrun-faults-\w+/", "…/", text)
    return short.replace("|", "\\|").replace("\n", " ")[:300]


if __name__ == "__main__":
    sys.exit(main())
