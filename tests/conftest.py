"""One session of the engine under test, and one whole run of the workflow, for all tests."""

import functools
import gc
import logging
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest
from filelock import FileLock
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_limits
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
"""Group of the tests that read the workflow's tables: one process runs them."""
_TERM = r"(?:(?:not )?\w+|\((?:\w+ or )*\w+\))"
MARKS = re.compile(rf"{_TERM}(?: and {_TERM})*")
"""Expressions of marks whose terms are marks, ``not`` with a mark, and choices of marks."""
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class ByModule(LoadScopeScheduling):  # type: ignore[misc]
    """Distributes the tests over processes by module, so that each module's fixtures run once.

    Modules that read the workflow's tables form one group, so that the workflow runs once.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return WORKFLOW if reads_workflow(ROOT / module) else module


@functools.cache
def reads_workflow(module: Path) -> bool:
    """Whether a test of a module uses the fixture of the workflow's run or of its lake."""
    return re.search(r"[(,\s](?:demo|retail): (?:Done|Context)\b", module.read_text()) is not None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module that lacks a mark which every chosen test has."""
    if not MARKS.fullmatch(config.option.markexpr):
        return None
    if not collection_path.name.startswith("test_"):
        return None
    text = collection_path.read_text()
    terms = config.option.markexpr.split(" and ")
    needed = (term.strip("()").split(" or ") for term in terms if not term.startswith("not "))
    return None if all(any(mark in text for mark in marks) for marks in needed) else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    skip = pytest.mark.skip(reason="needs Spark: the same target runs it with Spark")
    for item in items:
        if not ENGINE.capabilities.streams and item.get_closest_marker("of_spark"):
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Leave the objects of the imported modules out of later garbage collections."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Let the interpreter's last collection see them again, so that libraries report no leaks."""
    gc.unfreeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByModule:
    return ByModule(config, log)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project in another folder."""
    return copy_project(tmp_path_factory.mktemp("clone") / "goldrun")


@pytest.fixture(scope="module")
def clone(project: Project, empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A clone of the copy, with a store of its own, which the tests of a module may change."""
    return project.clone(tmp_path_factory.mktemp("clone") / "goldrun", empty_store)


@pytest.fixture(scope="session", autouse=True)
def _run_in_the_copy(project: Project) -> None:
    """Run the tests in the copy, so that none writes to the project's own store or lake."""
    os.environ["MLFLOW_TRACKING_URI"] = project.store
    os.environ.setdefault("GOLDRUN_DRIVER_MEMORY", "2g")
    for name in ("MLFLOW_RUN_ID", "GOLDRUN_LAKE"):
        os.environ.pop(name, None)
    os.chdir(project.folder)


@pytest.fixture(scope="session", autouse=True)
def _one_thread_of_each_process() -> Iterator[None]:
    """Fit models with one thread, in this process and in those that it starts.

    There are as many processes as cores, and OpenMP's threads spin while they wait for a core.
    """
    with pytest.MonkeyPatch.context() as patched, threadpool_limits(limits=1):
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            patched.setenv(name, "1")
        yield


@pytest.fixture(autouse=True)
def _log_of_the_package() -> None:
    """Undo changes that a script in an earlier test made to the package's logger.

    Records go to pytest's handler only, and once: a logger that does not propagate has that
    handler too, and sends each record twice when a test lets it propagate.
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
def tracker(project: Project, empty_store: Path) -> Tracker:
    """The tracker of the copy's store."""
    if not (project.folder / "mlflow.db").exists():
        shutil.copy(empty_store, project.folder / "mlflow.db")
    return Tracker()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without runs, to copy: creating one takes seconds, so that processes share it."""
    base = tmp_path_factory.getbasetemp()
    file = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "empty-store.db"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            _create_store(tmp_path_factory.mktemp("store") / "mlflow.db").rename(file)
    return file


def _create_store(file: Path) -> Path:
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{file}")
        Tracker()
        mlflow.set_tracking_uri(before)
    return file


@pytest.fixture(scope="session")
def demo(project: Project) -> Done:
    """Run the workflow in the copy, as ``make demo`` does after the set-up."""
    return project.run(
        *("mlflow", "run", ".", "--env-manager", "local"),
        *("--experiment-name", "goldrun-pipeline"),
    )


@pytest.fixture(scope="session")
def retail(engine: Engine, tracker: Tracker, project: Project, demo: Done) -> Context:
    """The lake and the store that the workflow writes from the shipped files."""
    assert demo.code == 0, demo.output
    lake = Lake(engine, str(project.lake))
    return Context(lake, tracker, load_source("online_retail"), NOW)
