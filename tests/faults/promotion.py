"""A promotion, killed before each of its writes: alias and ledger agree after the next command.

    python -m tests.faults.promotion

It decides on a version with complete evidence, on a real lake and store, as at the end of a
training run. ``FAULTS_DIE_AT`` is the number of the write before which it is killed.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlflow import MlflowClient

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.registry import ENGINES
from goldrun.io.tracking import registered_models
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.names import CHURN
from goldrun.jobs.promote import ledger
from goldrun.jobs.promote.champions import champion_of
from goldrun.jobs.promote.decide import decide_on
from goldrun.registry.standing import recorded_champion
from tests.faults.child import DIE_AT
from tests.faults.outcome import Outcome, outcome_of
from tests.jobs.promote.versions import NAME, SHOP, proposal, registered
from tests.project_copy import ROOT

WRITES = (
    "the tag of the intent",
    "the intent",
    "the tag after it",
    "the alias",
    "the tags of the version",
    "the tag of the end",
    "the end",
    "the tag after it",
)
"""The writes of a promotion, in order."""
GROUP = "kill -9 in a promotion"
_TRANSACTIONS = lineage.bronze_table("transactions")


@dataclass(frozen=True)
class Standing:
    """Champion by the alias and by the ledger."""

    alias: int | None
    recorded: int | None


def main() -> None:
    """Print the champion as the first command finds it, then promote a new version."""
    sail = ENGINES["sail"]
    with open_engine(sail) as engine:
        lake = Lake(engine, "lake")
        lake.create(_TRANSACTIONS)
        ctx = Context(lake, Tracker(), SHOP, datetime.now(UTC))
        champion = champion_of(ctx, CHURN)
        recorded = recorded_champion(ledger.read_entries(ctx, NAME))
        print(json.dumps([champion and champion.version, recorded]), flush=True)
        origin = lake.origin(_TRANSACTIONS.name)
        assert origin is not None
        evidence = registered(ctx, lake=origin.id)
        _die_at(os.environ.get(DIE_AT, ""))
        with ctx.tracker.run("promote", "faults"):
            decide_on(ctx, proposal(evidence))


def _die_at(number: str) -> None:
    """Kill this process before the given write, of all that a promotion makes."""
    if not number:
        return
    left = iter(range(int(number)))

    def dying(original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            if next(left, None) is None:
                os.killpg(0, signal.SIGKILL)
            return original(*args, **kwargs)

        return call

    for place, name in (
        (registered_models, "set_tag"),
        (Lake, "append"),
        (Tracker, "promote"),
        (Tracker, "tag_version"),
    ):
        setattr(place, name, dying(getattr(place, name)))


def registry_kills(folder: Path, rounds: int = 7) -> Iterator[Outcome]:
    """Kill a promotion before each of its writes, so many times each.

    Before the intent is stored the champion stays; from then on the next command finishes the
    promotion. Alias and ledger agree after that command, each time.
    """
    champion = _champion_after(_promote(folder))
    for _ in range(rounds):
        for number, write in enumerate(WRITES):
            killed = _promote(folder, die_at=str(number))
            newest = _newest(folder)
            expected = champion if number < 2 else newest
            again = _promote(folder)
            found = _printed(again)
            checks = {
                f"the kill failed: {killed}": killed.returncode == -signal.SIGKILL,
                f"the next command failed: {again.stderr[-400:]}": again.returncode == 0,
                f"{found} and not version {expected}": found == Standing(expected, expected),
            }
            failed = [message for message, holds in checks.items() if not holds]
            champion = _newest(folder)
            yield outcome_of(GROUP, f"before {write}", failed)


def _champion_after(promoted: "subprocess.CompletedProcess[str]") -> int:
    if promoted.returncode:
        raise RuntimeError(f"the first promotion failed: {promoted.stderr}")
    return 1


def _printed(ended: "subprocess.CompletedProcess[str]") -> Standing | None:
    lines = [line for line in ended.stdout.splitlines() if line.startswith("[")]
    return Standing(*json.loads(lines[0])) if lines else None


def _newest(folder: Path) -> int:
    client = MlflowClient(f"sqlite:///{folder / 'registry.db'}")
    return max(int(v.version) for v in client.search_model_versions(f"name='{NAME}'"))


def _promote(folder: Path, die_at: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.promotion"],
        # The lake and the files of the runs are here.
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": f"{ROOT}/src:{ROOT}",
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'registry.db'}",
            DIE_AT: die_at,
        },
        capture_output=True,
        check=False,
        start_new_session=True,
        text=True,
    )


if __name__ == "__main__":
    main()
