"""One session of the engine under test, and one whole run of the workflow, for all tests."""

import functools
import logging
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest
from pyspark.sql import SparkSession
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from tests.engines import ENGINE, engine_for_few_rows
from tests.project_copy import ROOT, Done, Project, copy_project

WORKFLOW = "workflow"
"""Group of the tests that read what the workflow has written: one process runs them."""
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """Shares the tests between processes by module, so that no module's fixtures are made twice.

    Modules that read what the workflow has written count as one group: it runs once.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return WORKFLOW if reads_workflow(ROOT / module) else module


@functools.cache
def reads_workflow(module: Path) -> bool:
    """Whether a test of a module takes the fixture of the workflow's run, or of its lake."""
    return re.search(r"[(,\s](?:demo|retail): (?:Done|Context)\b", module.read_text()) is not None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="asks for Spark itself: make test runs it with Spark")
    for item in items:
        if not ENGINE.capabilities.streams and item.get_closest_marker("of_spark"):
            item.add_marker(skip)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModule:
    return ByModule(config, log)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project in another folder."""
    return copy_project(tmp_path_factory.mktemp("clone") / "goldrun")


@pytest.fixture(scope="session", autouse=True)
def _elsewhere(project: Project) -> None:
    """No test writes to the project's own store, artifacts or lake: they run in the copy."""
    os.environ["MLFLOW_TRACKING_URI"] = project.store
    os.environ.setdefault("GOLDRUN_DRIVER_MEMORY", "2g")
    for name in ("MLFLOW_RUN_ID", "GOLDRUN_LAKE"):
        os.environ.pop(name, None)
    os.chdir(project.folder)


@pytest.fixture(autouse=True)
def _log_of_the_package() -> None:
    """Undo what a script run within an earlier test did to the package's logger.

    Its log goes to pytest's handler only, and once: a logger that does not propagate gets that
    handler too, and would send each record twice when a test lets it propagate.
    """
    logger = logging.getLogger("goldrun")
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.INFO)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with engine_for_few_rows() as opened:
        yield opened


@pytest.fixture(scope="session")
def spark(engine: Engine) -> SparkSession:
    return engine.session


@pytest.fixture
def lake(engine: Engine, tmp_path: Path) -> Lake:
    return Lake(engine, str(tmp_path / "lake"))


@pytest.fixture(scope="session")
def tracker() -> Tracker:
    """The copy's store."""
    return Tracker()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without runs, to be copied: to make one takes seconds."""
    file, before = tmp_path_factory.mktemp("store") / "mlflow.db", mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
        Tracker()
        mlflow.set_tracking_uri(before)
    return file


@pytest.fixture(scope="session")
def demo(project: Project) -> Done:
    """What ``make demo`` does after the set-up, in the copy."""
    return project.run(
        *("mlflow", "run", ".", "--env-manager", "local"),
        *("--experiment-name", "goldrun-pipeline"),
    )


@pytest.fixture(scope="session")
def retail(engine: Engine, tracker: Tracker, project: Project, demo: Done) -> Context:
    """The lake and the store that the workflow has written from the shipped files."""
    assert demo.code == 0, demo.output
    lake = Lake(engine, str(project.lake))
    return Context(lake, tracker, load_source("online_retail"), NOW)
