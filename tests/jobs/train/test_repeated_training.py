"""Equal files, settings and environment give an equal churn model, each time, with any engine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from goldrun.features.catalog.purchase_features import RECENCY_DAYS
from goldrun.io.engines.base import Engine
from goldrun.jobs.context import Context
from goldrun.learning.churn.classifier import fit_churn
from tests.jobs.conftest import own_store
from tests.jobs.train.fingerprint import (
    SETTINGS,
    Fingerprint,
    arrays_in,
    sha256,
    small_shop,
    trained,
)
from tests.project_copy import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ctx(
    engine: Engine, empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Context]:
    place = tmp_path_factory.mktemp("shop")
    with own_store(place, empty_store) as tracker:
        yield small_shop(engine, tracker, place)


@pytest.fixture(scope="module")
def first(ctx: Context) -> Fingerprint:
    return trained(ctx)


@pytest.mark.spark_too
def test_a_second_training_gives_equal_arrays_predictions_parameters_and_metrics(
    ctx: Context, first: Fingerprint
) -> None:
    assert {"churn.seed", "churn.candidate", "candidate trees: churn.features"} <= set(
        first.parameters
    )
    assert {"auc", "auc_low", "brier", "candidate trees: auc"} <= set(first.metrics)
    assert len(set(first.candidates.values())) == 4
    assert trained(ctx) == first


@pytest.mark.of_spark
def test_another_engine_gives_the_same_from_the_same_files(
    first: Fingerprint, empty_store: Path, tmp_path: Path
) -> None:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    given = {"PYTHONPATH": f"{ROOT}/src:{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.train.fingerprint", str(tmp_path)],
        env=os.environ | given | {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert Fingerprint(**json.loads(done.stdout.splitlines()[-1])) == first


@pytest.mark.parametrize("name", SETTINGS.each())
def test_one_other_label_gives_other_arrays(name: str) -> None:
    settings, random = SETTINGS.each()[name], np.random.default_rng(0)
    values = random.integers(1, 90, (300, len(settings.features))).astype(float)
    frame = pd.DataFrame(values, columns=list(settings.features))
    labels = (frame[RECENCY_DAYS] > 45).astype(int)
    other = labels.where(labels.index != 17, 1 - labels)
    one, two = (sha256(arrays_in(fit_churn(settings, frame, each))) for each in (labels, other))
    assert one != two
