"""Measure the time until a command answers, and until a session computes.

    make bench-start ROUNDS=5

Medians over the rounds, each in a process of its own. Adds lines to benchmarks/start.md.
"""

import argparse
import logging
import os
import statistics
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, run

from benchmarks.results import add_line, machine, today

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
_SCRIPTS = ("main", "bronze", "gold", "churn", "segmentation", "drift", "stream", "simulate")
_OPEN = (
    "from goldrun.io.engines.choose import open_engine\n"
    "from goldrun.io.engines.registry import ENGINES\n"
    "with open_engine(ENGINES[{engine!r}]) as engine: engine.session.range(1).collect()"
)
WHAT = {
    "nothing (`python -c pass`)": ("-c", "pass"),
    "`import goldrun`": ("-c", "import goldrun"),
    **{f"`pipelines/{name}.py --help`": (f"pipelines/{name}.py", "--help") for name in _SCRIPTS},
    "a session of Sail has answered": ("-c", _OPEN.format(engine="sail")),
    "a session of Spark has answered": ("-c", _OPEN.format(engine="spark")),
}


def seconds(command: tuple[str, ...]) -> float:
    """Run a Python command and return its seconds from start to end."""
    began = time.monotonic()
    environment = os.environ | {"PYTHONPATH": "src:."}
    run([sys.executable, *command], check=True, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    return time.monotonic() - began


def main() -> int:
    """Measure, and add the lines."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    for what, command in WHAT.items():
        taken = statistics.median(seconds(command) for _ in range(given.rounds))
        cells = {"date": today(), "until": what, "rounds": str(given.rounds)}
        cells |= {"seconds": f"{taken:.2f}", "machine": machine()}
        log.info("%s", add_line(RESULTS, cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
