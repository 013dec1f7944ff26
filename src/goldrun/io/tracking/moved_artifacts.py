"""Artifacts whose folder moved: MLflow keeps absolute paths, also after the folder was renamed."""

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
"""Columns of MLflow's tables with paths of artifacts."""


def check_artifacts(
    client: MlflowClient, database: Path, experiments: Sequence[Experiment]
) -> None:
    """Raise a TrackingError where experiments keep artifacts in a folder that has moved.

    MLflow would make the old folder anew and write there, and find none of the older files.

    Args:
        client: The store.
        database: Its SQLite file.
        experiments: Its experiments; one without runs has no artifacts to lose.
    """
    for experiment in experiments:
        old = _moved_from(database, experiment)
        if old is not None and client.search_runs([experiment.experiment_id], max_results=1):
            raise TrackingError(
                f"{database}: artifacts of experiment {experiment.name!r} belong into {old}, which "
                f"is not where they are: the folder was moved or copied. Move it back, or set the "
                f"paths right to {database.parent / _RUNS}: mlflow run . --env-manager local "
                "-e migrate_registry (with -P source= and -P lake= of the shop)"
            )


def move_artifacts(database: Path, experiments: Sequence[Experiment]) -> list[str]:
    """Set right the paths of artifacts that moved with their database, in one transaction.

    Args:
        database: The store's SQLite file.
        experiments: Its experiments.

    Returns:
        The old folders. Where the files did not come along nothing is changed.
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
    """The folder ``mlruns`` that an experiment's artifacts have moved from; None if they are there.

    It has moved where the project's folder around it is gone, and where the experiment's folder
    lies beside the database: then an older run has made the old one anew, or this is a copy.
    """
    location = _local(str(experiment.artifact_location))
    if location is None or location.parent.name != _RUNS:
        return None
    root, home = location.parent, database.parent / _RUNS
    if root in {home, Path.cwd() / _RUNS}:
        # Made with the first artifact.
        return None
    came_along = (home / location.name).is_dir()
    return root if came_along or not root.parent.is_dir() else None


def _local(location: str) -> Path | None:
    parsed = urlparse(location)
    if parsed.scheme not in {"", "file"} or not parsed.path.startswith("/"):
        return None
    return Path(unquote(parsed.path))
