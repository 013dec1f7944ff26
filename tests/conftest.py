"""One tiny Spark session, and one whole run of the workflow, for all tests."""

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from goldrun.io.lake import Lake
from goldrun.io.settings import load_source
from goldrun.io.spark import open_session
from goldrun.io.tracking import Tracker
from pipelines._command import Context
from tests.project_copy import ROOT, Done, Project, copy_project

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project in another folder."""
    return copy_project(tmp_path_factory.mktemp("clone") / "goldrun")


@pytest.fixture(scope="session", autouse=True)
def _own_store(project: Project) -> None:
    """No test writes to the project's own store or lake."""
    os.environ["MLFLOW_TRACKING_URI"] = project.store
    for name in ("MLFLOW_RUN_ID", "GOLDRUN_LAKE"):
        os.environ.pop(name, None)
    os.chdir(ROOT)
    logging.getLogger("goldrun").setLevel(logging.INFO)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with open_session("tests") as session:
        yield session


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"))


@pytest.fixture(scope="session")
def tracker(project: Project) -> Tracker:
    """The copy's store; artifacts of new experiments stay out of the project too."""
    tracker = Tracker()
    for name in ("goldrun-pipeline", "goldrun-churn", "goldrun-segmentation"):
        if tracker.client.get_experiment_by_name(name) is None:
            place = project.folder / "mlruns" / name
            tracker.client.create_experiment(name, artifact_location=str(place))
    return tracker


@pytest.fixture(scope="session")
def demo(project: Project, tracker: Tracker) -> Done:
    """What ``make demo`` does after the set-up, in the copy."""
    return project.run(
        *("mlflow", "run", ".", "--env-manager", "local"),
        *("--experiment-name", "goldrun-pipeline"),
    )


@pytest.fixture(scope="session")
def retail(spark: SparkSession, tracker: Tracker, project: Project, demo: Done) -> Context:
    """The lake and the store that the workflow has written from the shipped files."""
    assert demo.code == 0, demo.said
    lake = Lake(spark, str(project.lake))
    return Context(lake, tracker, load_source("online_retail"), NOW)
