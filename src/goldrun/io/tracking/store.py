"""Open MLflow's tracking store, check it, and locate its artifacts."""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import mlflow
from filelock import FileLock, Timeout
from mlflow.tracking import MlflowClient

from goldrun.errors import TrackingError
from goldrun.io.tracking.errors import store_explained
from goldrun.io.tracking.moved_artifacts import check_artifacts, move_artifacts

log = logging.getLogger(__name__)

DEFAULT_STORE = "sqlite:///mlflow.db"
SETTING = "MLFLOW_TRACKING_URI"
_SQLITE = "sqlite:///"
_FILE_STORE = "MLFLOW_ALLOW_FILE_STORE"
_MAKING_SECONDS = 120
_AT_START = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
"""Limits at start; with MLflow's defaults a missing server is reported only after minutes."""
_QUIET = {
    "mlflow": logging.WARNING,
    "alembic": logging.WARNING,
    # It logs tracebacks of errors that are also raised, and then reported with a remedy.
    "mlflow.store.db.utils": logging.CRITICAL,
}


def open_store(*, mend: bool = False) -> MlflowClient:
    """Open the store that ``MLFLOW_TRACKING_URI`` names, else ``mlflow.db`` in this folder.

    A local database is created under a lock, so that two processes can start at the same time.

    Args:
        mend: Whether to correct the paths of artifacts that were moved with the project's folder,
            instead of raising an error.

    Raises:
        TrackingError: The store can't be used; the message has cause and remedy.
    """
    for logger, level in _QUIET.items():
        logging.getLogger(logger).setLevel(level)
    uri = os.environ.get(SETTING, "").strip() or DEFAULT_STORE
    file = database_file(uri)
    if file is not None:
        # Absolute, because MLflow caches stores by URI, regardless of the working directory.
        options = uri.partition("?")[1:]
        uri = f"{_SQLITE}{file}{''.join(options)}"
    with store_explained():
        # Before set_tracking_uri, which sets the variable that this check reads.
        _refuse_file_store(uri)
        mlflow.set_tracking_uri(uri)
        if file is not None:
            _check_file(file)
        with alone(file), _short_timeouts():
            client = MlflowClient()
            found = client.search_experiments()
            if file is not None and mend:
                for folder in move_artifacts(file, found):
                    log.info("Artifacts of %s are now looked for beside %s", folder, file)
            if file is not None:
                check_artifacts(client, file, client.search_experiments() if mend else found)
    return client


def check_exists() -> None:
    """Check that a local database exists, for commands that must not make an empty one.

    Raises:
        TrackingError: It does not.
    """
    uri = os.environ.get(SETTING, "").strip() or DEFAULT_STORE
    file = database_file(uri)
    if file is not None and not file.exists():
        raise TrackingError(
            f"MLflow ({uri}): there is no {file}: run the command in the project's folder, or name "
            f"the store in {SETTING}"
        )


def database_file(uri: str) -> Path | None:
    """Return the local SQLite file of a URI; None for any other store."""
    path = uri.removeprefix(_SQLITE).partition("?")[0]
    if not uri.startswith(_SQLITE) or path.startswith(("file:", ":")) or not path:
        return None
    return Path(path).absolute()


def is_default(uri: str) -> bool:
    """Whether ``mlflow ui`` without options in this folder shows the store."""
    return database_file(uri) == database_file(DEFAULT_STORE)


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Return the artifact folder of a new experiment; None for MLflow's default.

    MLflow's default is ``mlruns`` in the current folder, regardless of the database's folder.
    """
    file = database_file(uri)
    if file is None or is_default(uri):
        return None
    return str(file.parent / "mlruns" / experiment)


def _refuse_file_store(uri: str) -> None:
    """Raise a TrackingError for a file store, also one that the default database would hide."""
    if os.environ.get(_FILE_STORE, "").lower() in {"true", "1"}:
        return
    # MLflow's URIs of a file store: a bare path, or file:.
    if uri.startswith("file:") or ":" not in uri:
        raise _file_store(uri)
    old = next(Path("mlruns").glob("[0-9]*/meta.yaml"), None)
    if SETTING not in os.environ and old is not None and not Path("mlflow.db").exists():
        raise _file_store("mlruns")


def _file_store(where: str) -> TrackingError:
    folder = where.removeprefix("file://").removeprefix("file:")
    return TrackingError(
        f"MLflow ({where}): this is a file store, which MLflow no longer writes to: move its runs "
        f"to a database (mlflow migrate-filestore --source {folder} --target {DEFAULT_STORE}) and "
        f"unset {SETTING}, or set {SETTING} to a database or a server"
    )


def _check_file(file: Path) -> None:
    """Raise an error for a file that is not a database; MLflow would retry it for minutes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir():
        raise sqlite3.OperationalError("unable to open database file: it is a folder")
    if file.exists():
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            database.execute("SELECT count(*) FROM sqlite_master")


@contextlib.contextmanager
def alone(file: Path | None) -> Iterator[None]:
    """Lock a local database against other goldrun processes within the context."""
    if file is None or not os.access(file.parent, os.W_OK):
        yield
        return
    try:
        with FileLock(f"{file}.lock", timeout=_MAKING_SECONDS):
            yield
    except Timeout as error:
        raise TrackingError(
            f"{file}: another process has been opening it for {_MAKING_SECONDS} s: wait for it to "
            "end, or end it, then run the same command again"
        ) from error


@contextlib.contextmanager
def _short_timeouts() -> Iterator[None]:
    """Limit retries and timeouts of requests, unless the environment sets them."""
    ours = {name: value for name, value in _AT_START.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            del os.environ[name]
