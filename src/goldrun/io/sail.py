"""A session of Sail: Spark's DataFrames computed in this process, without Java."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse

import psutil
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from goldrun.errors import SettingsError, ToolchainError

_SCRATCH = "SAIL_EXECUTION__CHECKPOINT__PATH"
_SETTINGS = {
    "RUST_LOG": "error",
    # All that it writes is read once and thrown away: tables are written by delta-rs.
    "SAIL_PARQUET__COMPRESSION": "lz4",
    # What does not fit is sorted and grouped on disk.
    "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
}
_MEMORY = "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE"
_UNITS = {"k": 10, "m": 20, "g": 30, "t": 40}
_REMOTE = "SPARK_CONNECT_MODE_ENABLED"
"""How PySpark remembers that its functions are those of Connect."""


@contextlib.contextmanager
def open_sail() -> Iterator[SparkSession]:
    """Start Sail in this process, connect to it, and stop it at the end.

    Checkpoints and what is on its way into a table lie in a temporary folder meanwhile
    (``TMPDIR`` says where such folders are).

    Raises:
        ToolchainError: It does not start.
    """
    with contextlib.ExitStack() as opened:
        scratch = opened.enter_context(
            tempfile.TemporaryDirectory(prefix="goldrun-", ignore_cleanup_errors=True)
        )
        opened.callback(_restore, {_REMOTE: os.environ.get(_REMOTE), _SCRATCH: None})
        # Read when it is loaded, so they are set before.
        os.environ[_SCRATCH] = Path(scratch).as_uri()
        for name, value in (_SETTINGS | {_MEMORY: str(memory_allowed())}).items():
            os.environ.setdefault(name, value)
        try:
            from pysail.spark import SparkConnectServer  # noqa: PLC0415

            server = SparkConnectServer()
            server.start()
            opened.callback(server.stop)
            host, port = server.listening_address
            session = SparkSession.builder.remote(f"sc://{host}:{port}").create()
            opened.callback(session.stop)
            session.conf.set("spark.sql.session.timeZone", "UTC")
        except (ImportError, OSError, RuntimeError, PySparkException) as error:
            raise ToolchainError(f"Sail did not start ({error}): use engine spark") from error
        yield session


def memory_allowed() -> int:
    """Bytes that rows may take while they are sorted, grouped and joined.

    ``GOLDRUN_DRIVER_MEMORY`` says how many, as ``6g`` or ``512m``; else half of the machine's. The
    process takes some gigabytes beside them.

    Raises:
        SettingsError: It says something else.
    """
    said = os.environ.get("GOLDRUN_DRIVER_MEMORY", "").strip().lower()
    if not said:
        return int(psutil.virtual_memory().total) // 2
    number, unit = said[:-1], said[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise SettingsError(
            f"GOLDRUN_DRIVER_MEMORY {said!r} is no amount of memory: write it as 6g or 512m"
        )
    return int(number) << _UNITS[unit]


def _restore(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def is_sail(spark: SparkSession) -> bool:
    """Whether a session is one of Sail's."""
    return _SCRATCH in os.environ and not hasattr(spark, "_jsparkSession")


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that both Sail and Python read and write, for as long as the block."""
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        yield Path(folder)


def lasting_folder() -> Path:
    """A folder of the same kind, for as long as the session: what is read is read later."""
    return Path(tempfile.mkdtemp(dir=_scratch()))


def _scratch() -> str:
    return unquote(urlparse(os.environ[_SCRATCH]).path)
