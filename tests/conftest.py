"""One tiny Spark session, and one lake of the whole Online Retail data, for all tests."""

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
from pipelines import bronze, gold, silver
from pipelines._command import Context

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes to the project's own store or lake."""
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"
    os.environ.pop("MLFLOW_RUN_ID", None)
    os.environ.pop("GOLDRUN_LAKE", None)
    os.chdir(ROOT)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with open_session("tests") as session:
        yield session


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"))


@pytest.fixture(scope="session")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """A store whose artifacts stay out of the project too."""
    tracker = Tracker()
    artifacts = tmp_path_factory.mktemp("artifacts")
    for name in ("goldrun-pipeline", "goldrun-churn", "goldrun-segmentation"):
        tracker.client.create_experiment(name, artifact_location=str(artifacts / name))
    logging.getLogger("goldrun").setLevel(logging.INFO)
    return tracker


@pytest.fixture(scope="session")
def retail(
    spark: SparkSession, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory
) -> Context:
    """Bronze, silver and gold of the shipped files, written by the pipelines."""
    lake = Lake(spark, str(tmp_path_factory.mktemp("retail")))
    ctx = Context(lake, tracker, load_source("online_retail"), NOW)
    with tracker.run("retail", "goldrun-pipeline"):
        bronze.run(ctx)
        silver.run(ctx)
        gold.run(ctx)
    return ctx
