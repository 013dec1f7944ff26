"""Random sequences of what happens to a shop: each ends in the tables of a lake built today.

``make sequences SEQUENCES=20 SEED=1000`` runs 20 sequences, each of 5 steps after two files.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from goldrun.io.tracking.runs import Tracker
from tests.engines import engine_for_few_rows
from tests.sequences.sequence import Outcome, run_sequence


def main() -> int:
    """Run the sequences; return 0 if no table of any differs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sequences", type=int, default=200, help="how many")
    options.add_argument("--steps", type=int, default=5, help="steps of each, after two files")
    options.add_argument("--seed", type=int, default=0, help="seed of the first")
    given = options.parse_args()
    started = time.monotonic()
    # Tables have a few rows: to compute them in parts is a third of the time.
    os.environ.setdefault("SAIL_EXECUTION__DEFAULT_PARALLELISM", "1")
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch}/mlflow.db"
        seeds = range(given.seed, given.seed + given.sequences)
        found = list(_outcomes(Path(scratch), seeds, given.steps))
    steps = sum((one.kinds() for one in found), Counter[str]())
    seconds = time.monotonic() - started
    each = f"{seconds / max(len(found), 1):.1f} s a sequence"
    print(f"\n{len(found)} sequences, {steps.total()} steps in {seconds:.0f} s, {each}")
    for kind, count in sorted(steps.items()):
        print(f"  {kind:<16} {count:>5}")
    differing = [one for one in found if one.differences]
    print(f"{len(differing)} sequences differ from a lake built from the same files")
    return 1 if differing else 0


def _outcomes(scratch: Path, seeds: range, length: int) -> Iterator[Outcome]:
    """Run one sequence for each seed, and print its steps where its lake differs."""
    with engine_for_few_rows() as engine:
        tracker = Tracker()
        for seed in seeds:
            folder = scratch / str(seed)
            folder.mkdir()
            started = time.monotonic()
            outcome = run_sequence(engine, tracker, folder, seed, length)
            shutil.rmtree(folder)
            seconds = time.monotonic() - started
            print(f"seed {seed}: {_described(outcome)} ({seconds:.0f} s)", flush=True)
            yield outcome


def _described(outcome: Outcome) -> str:
    if not outcome.differences:
        return "equal"
    steps = [f"    {kind}: {what}" for kind, what in outcome.steps]
    differences = [f"    {table}: {what}" for table, what in outcome.differences.items()]
    return "\n".join(["DIFFERENT", *steps, "  ends in", *differences])


if __name__ == "__main__":
    sys.exit(main())
