"""Convert errors of MLflow's store to errors with a remedy."""

import contextlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import mlflow
from alembic.util import CommandError
from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException
from sqlalchemy.exc import SQLAlchemyError

from goldrun.errors import MissingArtifactError, TrackingError

_ANOTHER = "or name another store in MLFLOW_TRACKING_URI"
_RESTORE = f"restore the file from a copy, move it away to begin with an empty store, {_ANOTHER}"
_GONE = re.compile(
    r"No such file or directory|No such artifact|does not exist|could not find|Could not find"
    r"|not found|Failed to download artifacts|error code 404"
)
_LONGEST = 400
_REVISION = re.compile(
    r"found version (?P<old>\w+), but expected|Can't locate revision identified by '(?P<new>\w+)'"
)
_PASSWORD = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class _Failure:
    """A known failure of the store.

    Attributes:
        pattern: Regular expression of the error's text.
        what: Description of the failure; empty to quote the first line of the error.
        remedy: Instruction for the user.
    """

    pattern: str
    what: str
    remedy: str


_KNOWN = (
    _Failure(
        r"file is not a database|disk image is malformed|file is encrypted",
        "the file is no SQLite database, or a damaged one",
        _RESTORE,
    ),
    _Failure(
        r"readonly database|read-only file system|Permission denied",
        "the store or its artifacts can't be written",
        f"give this user the right to write to the file and to its folder, {_ANOTHER}",
    ),
    _Failure(
        r"unable to open database file",
        "the database file can't be opened or made",
        f"make its folder, give this user the right to write to it, {_ANOTHER}",
    ),
    _Failure(
        r"database or disk is full|No space left on device|Disk quota exceeded",
        "its disk is full",
        "make room, then run the same command again",
    ),
    _Failure(
        r"database is locked",
        "database is locked: another process has been writing to it for long",
        "wait for that process to end, then run the same command again",
    ),
    _Failure(
        r"duplicate column name|table \S+ already exists|UNIQUE constraint failed: alembic",
        "its tables are half made: another process is making them, or one was stopped meanwhile",
        f"run the same command again; if that does not help, {_RESTORE}",
    ),
    _Failure(
        r"filesystem tracking backend",
        "this is a file store, which MLflow no longer writes to",
        "move its runs to a database (mlflow migrate-filestore --source FOLDER --target "
        "sqlite:///mlflow.db), or set MLFLOW_TRACKING_URI to a database or a server",
    ),
    _Failure(
        r"must be in the 'active' state",
        "",
        "restore the experiment or run (mlflow experiments restore, mlflow runs restore), or name "
        "another experiment",
    ),
    _Failure(
        r"Run with id=\S+ not found",
        "",
        "MLFLOW_RUN_ID names a run of another store: unset it, or set MLFLOW_TRACKING_URI to the "
        "store that has the run",
    ),
    _Failure(
        r"too many 5\d\d error responses|error code 5\d\d",
        "the server answers with errors of its own",
        "look at the server's log; goldrun can go on once it answers",
    ),
    _Failure(
        r"Max retries exceeded|Failed to establish|Connection refused|Connection aborted"
        r"|Failed to resolve|[Tt]imed out|failed with exception",
        "the server can't be reached",
        "is it running (mlflow server), and is the address right? Start it, or correct "
        "MLFLOW_TRACKING_URI",
    ),
    _Failure(
        r"error code 40[13]|PERMISSION_DENIED|UNAUTHENTICATED",
        "the server refuses access",
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to "
        "what it knows",
    ),
    _Failure(
        r"API request to endpoint|not in a valid JSON format",
        "something answers there, but not as an MLflow server of this version",
        "correct MLFLOW_TRACKING_URI (the address of the server, without a path of its pages)",
    ),
    _Failure(
        r"No module named|Can't load plugin",
        "",
        "install the driver of this kind of database, or use sqlite:///FILE or a server",
    ),
    _Failure(
        r"unsupported URI|Invalid url|Invalid IPv6|Could not parse|Unity Catalog|Databricks"
        r"|Invalid port|Port could not be cast|invalid literal for int",
        "MLFLOW_TRACKING_URI can't be used",
        "write it as sqlite:///FILE, or http://HOST:PORT of an MLflow server",
    ),
)
_UNKNOWN = _Failure("", "", f"correct what the message names, {_ANOTHER}")
STORE_ERRORS = (MlflowException, SQLAlchemyError, CommandError, RequestException, sqlite3.Error)
"""Errors that MLflow's client raises if its store fails."""


@contextlib.contextmanager
def store_explained() -> Iterator[None]:
    """Convert errors of the store, and of missing or damaged files, to a TrackingError."""
    try:
        yield
    except (*STORE_ERRORS, OSError, ValueError, ImportError) as error:
        raise explained(error) from error


@contextlib.contextmanager
def artifacts_explained(what: str) -> Iterator[None]:
    """Convert errors about artifacts of a run or model to a TrackingError.

    Args:
        what: Name of the artifact, for the message.

    Raises:
        MissingArtifactError: The store answers and does not have it.
        TrackingError: The store fails.
    """
    try:
        yield
    except (*STORE_ERRORS, OSError, ValueError) as error:
        if not _GONE.search(_full_text(error)):
            raise explained(error) from error
        where = without_password(str(mlflow.get_tracking_uri()))
        raise MissingArtifactError(
            f"MLflow ({where}): {what} is missing ({_first_line(error)}): restore the folder of "
            "artifacts from a copy or move it back; if it is lost, set registry_prefix in the "
            "source's TOML to begin a new line of models"
        ) from error


def explained(error: BaseException) -> TrackingError:
    """Return a TrackingError that names the store, the failure and the remedy."""
    text = _full_text(error)
    failure = _schema_failure(text) or next(
        (known for known in _KNOWN if re.search(known.pattern, text)), _UNKNOWN
    )
    what = failure.what or _first_line(error)
    where = without_password(str(mlflow.get_tracking_uri()))
    return TrackingError(f"MLflow ({where}): {what}: {failure.remedy}")


def without_password(uri: str) -> str:
    """Remove user and password from a URI, for messages and logs."""
    return _PASSWORD.sub("", uri)


def _schema_failure(text: str) -> _Failure | None:
    """Return a failure if the database was created by an older or newer MLflow, else None."""
    found = _REVISION.search(text)
    if found is None:
        return None
    revision, here = found["old"] or found["new"], f"this is MLflow {mlflow.__version__}"
    versions = resources.files("mlflow.store.db_migrations") / "versions"
    known = any(file.name.startswith(f"{revision}_") for file in versions.iterdir())
    if known or revision == "None":
        what = f"the database was made by an older MLflow ({here})"
        return _Failure("", what, "copy it, then run mlflow db upgrade with its URI")
    what = f"the database was made by a newer MLflow (schema {revision}; {here})"
    return _Failure("", what, f"use it with the MLflow that made it, {_ANOTHER}")


def _full_text(error: BaseException) -> str:
    texts: list[str] = []
    one: BaseException | None = error
    while one is not None:
        texts.append(str(one))
        one = one.__cause__ or one.__context__
    return "\n".join(texts)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = without_password(lines[0] if lines else type(error).__name__)
    return text.rstrip(".:")[:_LONGEST]
