"""Detect and correct artifact paths after a move: MLflow stores absolute paths."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlparse

from mlflow.entities import Experiment
from mlflow.tracking import MlflowClient

from goldrun.errors import TrackingError

_RUNS = "mlruns"
_PATHS = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}
"""Columns with artifact paths, by table of MLflow's database."""


def check_artifacts(
    client: MlflowClient, database: Path, experiments: Sequence[Experiment]
) -> None:
    """Raise a TrackingError if the artifacts of an experiment were moved to another folder.

    MLflow would create the old folder again, write there, and not find the older files.

    Args:
        client: Client of the store.
        database: SQLite file of the store.
        experiments: Experiments of the store; those without runs are not checked.
    """
    for experiment in experiments:
        old = _moved_from(database, experiment)
        if old is not None and client.search_runs([experiment.experiment_id], max_results=1):
            raise TrackingError(
                f"{database}: artifacts of experiment {experiment.name!r} belong into {old}, which "
                f"is not where they are: the folder was moved or copied. Move it back, or set the "
                f"paths right to {database.parent / _RUNS}: mlflow run . --env-manager local "
                "--experiment-name goldrun-pipeline -e migrate_registry (with -P source= and "
                "-P lake= of the shop)"
            )


def move_artifacts(database: Path, experiments: Sequence[Experiment]) -> list[str]:
    """Correct the paths of artifacts that were moved with their database, in one transaction.

    Args:
        database: The store's SQLite file.
        experiments: Experiments of the store.

    Returns:
        The old folders; empty, with nothing changed, if the files are not beside the database.
    """
    moved = {_moved_from(database, experiment) for experiment in experiments} - {None}
    new = database.parent / _RUNS
    old = sorted(str(folder) for folder in moved) if new.is_dir() else []
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as store:
        for folder in old:
            _replace_prefix(store, folder, str(new))
        store.commit()
    return old


def _replace_prefix(store: sqlite3.Connection, old: str, new: str) -> None:
    for table, columns in _PATHS.items():
        for column in columns:
            for before, after in ((f"{old}/", f"{new}/"), (f"file://{old}/", f"file://{new}/")):
                store.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                    f"WHERE substr({column}, 1, ?) = ?",
                    (after, len(before) + 1, len(before), before),
                )


def _moved_from(database: Path, experiment: Experiment) -> Path | None:
    """Return the folder ``mlruns`` that an experiment's artifacts were moved from, or None.

    They were moved if the parent of the recorded folder is missing, or if the experiment's folder
    is beside the database: then the recorded one was created again by a run, or this is a copy.
    """
    location = _local(str(experiment.artifact_location))
    if location is None or location.parent.name != _RUNS:
        return None
    root, home = location.parent, database.parent / _RUNS
    if root in {home, Path.cwd() / _RUNS}:
        # The folder is created with the first artifact.
        return None
    is_beside = (home / location.name).is_dir()
    return root if is_beside or not root.parent.is_dir() else None


def _local(location: str) -> Path | None:
    parsed = urlparse(location)
    if parsed.scheme not in {"", "file"} or not parsed.path.startswith("/"):
        return None
    return Path(unquote(parsed.path))
