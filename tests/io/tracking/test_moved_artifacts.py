"""A project's folder that is renamed takes its runs along, or an error says how."""

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
    """Opens the default store of a folder, as a command there does."""
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
            tracker.log_text("kept", "a.txt")
    mlflow.set_tracking_uri(before)
    return folder, run_id


@pytest.fixture
def moved(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """The project in another folder, the first one gone."""
    folder = tmp_path / "moved"
    shutil.copytree(trained[0], folder)
    _rewrite(folder / "mlflow.db", str(trained[0]), str(tmp_path / "gone"))
    return folder


def _rewrite(database: Path, old: str, new: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as store:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (old, new))
        store.commit()


def test_a_moved_folder_is_refused_before_anything_is_written_to_the_old_one(
    opened: Opened, moved: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrackingError, match=r"was moved or copied\. Move it back") as exc_info:
        opened(moved)
    assert str(tmp_path / "gone" / "mlruns") in str(exc_info.value)
    assert "migrate_registry" in str(exc_info.value)
    assert "alias" not in str(exc_info.value)
    assert not (tmp_path / "gone").exists()


def test_the_paths_are_set_right_once_and_artifacts_are_read_and_written_in_the_new_folder(
    opened: Callable[..., Tracker], moved: Path, trained: tuple[Path, str]
) -> None:
    tracker = opened(moved, mend=True)
    assert tracker.read_artifact(trained[1], "a.txt") == "kept"
    with tracker.run(RUN, EXPERIMENT):
        tracker.log_text("new", "b.txt")
    (kept,) = moved.rglob("b.txt")
    assert kept.is_relative_to(moved / "mlruns")
    assert opened(moved).read_artifact(trained[1], "a.txt") == "kept"


def test_an_old_folder_that_was_made_anew_does_not_hide_the_move(
    opened: Opened, moved: Path, tmp_path: Path
) -> None:
    (tmp_path / "gone" / "mlruns" / "1").mkdir(parents=True)
    with pytest.raises(TrackingError, match="was moved or copied"):
        opened(moved)


def test_files_that_did_not_come_along_are_not_written_off(
    opened: Callable[..., Tracker], moved: Path
) -> None:
    shutil.rmtree(moved / "mlruns")
    with pytest.raises(TrackingError, match="Move it back"):
        opened(moved, mend=True)


def test_a_folder_that_stayed_opens(opened: Opened, trained: tuple[Path, str]) -> None:
    assert opened(trained[0]).read_artifact(trained[1], "a.txt") == "kept"
