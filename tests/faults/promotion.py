"""The last steps of a training run, killed between registering a version and promoting it.

    python -m tests.faults.promotion

A small model stands for a large one. ``register_and_gate`` of
``goldrun.jobs.promote.register`` registers and promotes it, as in every training run.
``FAULTS_DIE_AT`` is one of ``POINTS``.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.tables import Origin
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import CHAMPION, Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.promote.register import Candidate, MonitoringResult, register_and_gate
from goldrun.registry.gate import HeadToHead
from tests.faults.child import DIE_AT
from tests.faults.outcome import Outcome, outcome_of
from tests.project_copy import ROOT

NAME = "faults"
POINTS = ("tag_version", "promote")
"""Methods of the tracker: before the version has its evidence, before it becomes champion."""
GROUP = "kill -9 in the registry"


def main() -> None:
    """Fit a model, register it with its evidence, promote it."""
    tracker, point = Tracker(), os.environ.get(DIE_AT)
    if point:
        setattr(Tracker, point, lambda *_: os.killpg(0, signal.SIGKILL))
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, [0, 0, 1, 1])
    passed = SimpleNamespace(verdict=Verdict.PASS)
    monitoring = SimpleNamespace(quality_run_id="q", quality=passed, drift_run_id="d", drift=passed)
    lake = SimpleNamespace(origin=lambda _: Origin("a-lake", None), root="lake")
    source = load_source("rate").model_copy(update={"registry_prefix": ""})
    known = tracker.champion(NAME)
    with tracker.run("training", "faults"):
        ctx = Context(cast(Lake, lake), tracker, source, datetime.now(UTC))
        candidate = Candidate(
            model=NAME,
            pipeline=model,
            example=rows,
            predict="predict",
            metrics={"auc": 0.9},
            summary="",
            table_versions={"gold/customer_features": 0},
            training_hash="0" * 64,
            criteria=(Criterion("auc", at_least=0.5),),
            head_to_head=HeadToHead("auc", 0.9, 0.8, known.version) if known else None,
            drift_policy="block",
        )
        register_and_gate(ctx, candidate, cast(MonitoringResult, monitoring))


def registry_kills(folder: Path) -> Iterator[Outcome]:
    """Kill a training run before the promotion: the champion stays, and a rerun promotes."""
    client = MlflowClient(_store(folder))
    _train(folder)
    for point in POINTS:
        before = _champion(client)
        killed = _train(folder, point)
        after_kill = _champion(client)
        again = _train(folder)
        newest = _champion(client)
        tags = client.get_model_version(NAME, str(newest)).tags
        checks = {
            f"the kill failed: {killed}": killed.returncode == -signal.SIGKILL,
            f"the champion was {before} and became {after_kill}": after_kill == before,
            f"the rerun failed: {again.stderr}": again.returncode == 0,
            f"the champion is {newest} instead of {before + 2}": newest == before + 2,
            f"the evidence is incomplete: {tags}": tags.get("goldrun.decision") == "promoted",
        }
        failed = [message for message, holds in checks.items() if not holds]
        yield outcome_of(GROUP, f"before {point} is called", failed)


def _champion(client: MlflowClient) -> int:
    return int(client.get_model_version_by_alias(NAME, CHAMPION).version)


def _store(folder: Path) -> str:
    return f"sqlite:///{folder / 'registry.db'}"


def _train(folder: Path, die_at: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.promotion"],
        # MLflow also writes the model's files here.
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": f"{ROOT}/src:{ROOT}",
            "MLFLOW_TRACKING_URI": _store(folder),
            DIE_AT: die_at,
        },
        capture_output=True,
        check=False,
        start_new_session=True,
        text=True,
    )


if __name__ == "__main__":
    main()
