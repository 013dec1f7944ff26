"""Runs stay readable after a project's folder is moved, or an error names the remedy."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import pytest

from goldrun.errors import TrackingError
from goldrun.io.tracking.runs import Tracker

RUN, EXPERIMENT = "goldrun-churn", "goldrun-churn"
Opened = Callable[[Path], Tracker]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Open the default store of a folder, as a command there does."""
    before = mlflow.get_tracking_uri()

    def opened_in(folder: Path, *, mend: bool = False) -> Tracker:
        monkeypatch.chdir(folder)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return Tracker(mend=mend)

    yield opened_in
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def trained(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A project with a run that has an artifact, and the run's id."""
    folder = tmp_path_factory.mktemp("trained") / "project"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
    before = mlflow.get_tracking_uri()
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracker = Tracker()
        with tracker.run(RUN, EXPERIMENT) as run_id:
            tracker.log_text("content", "a.txt")
    mlflow.set_tracking_uri(before)
    return folder, run_id


@pytest.fixture
def moved(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """The project in another folder; the original folder does not exist."""
    folder = tmp_path / "moved"
    shutil.copytree(trained[0], folder)
    _rewrite(folder / "mlflow.db", str(trained[0]), str(tmp_path / "original"))
    return folder


def _rewrite(database: Path, old: str, new: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as store:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new))
        store.commit()


def test_a_moved_folder_is_refused_before_a_write_to_the_old_one(
    opened: Opened, moved: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrackingError, match=r"was moved or copied\. Move it back") as exc_info:
        opened(moved)
    assert str(tmp_path / "original" / "mlruns") in str(exc_info.value)
    assert "migrate_registry" in str(exc_info.value)
    assert "alias" not in str(exc_info.value)
    assert not (tmp_path / "original").exists()


def test_the_migration_corrects_the_paths_of_artifacts(
    opened: Callable[..., Tracker], moved: Path, trained: tuple[Path, str]
) -> None:
    tracker = opened(moved, mend=True)
    assert tracker.read_artifact(trained[1], "a.txt") == "content"
    with tracker.run(RUN, EXPERIMENT):
        tracker.log_text("new", "b.txt")
    (artifact,) = moved.rglob("b.txt")
    assert artifact.is_relative_to(moved / "mlruns")
    assert opened(moved).read_artifact(trained[1], "a.txt") == "content"


def test_a_recreated_old_folder_does_not_hide_the_move(
    opened: Opened, moved: Path, tmp_path: Path
) -> None:
    (tmp_path / "original" / "mlruns" / "1").mkdir(parents=True)
    with pytest.raises(TrackingError, match="was moved or copied"):
        opened(moved)


def test_a_move_without_the_artifacts_is_refused(
    opened: Callable[..., Tracker], moved: Path
) -> None:
    shutil.rmtree(moved / "mlruns")
    with pytest.raises(TrackingError, match="Move it back"):
        opened(moved, mend=True)


def test_a_folder_that_was_not_moved_opens(opened: Opened, trained: tuple[Path, str]) -> None:
    assert opened(trained[0]).read_artifact(trained[1], "a.txt") == "content"
