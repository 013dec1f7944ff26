"""A session of Sail: Spark's DataFrames computed in this process, without Java."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession

from goldrun.errors import ToolchainError

_SCRATCH = "SAIL_EXECUTION__CHECKPOINT__PATH"
_SETTINGS = {
    "RUST_LOG": "error",
    # All that it writes is read once and thrown away: tables are written by delta-rs.
    "SAIL_PARQUET__COMPRESSION": "lz4",
}
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
    scratch = tempfile.mkdtemp(prefix="goldrun-")
    remote_before = os.environ.get(_REMOTE)
    # Read when it is loaded, so they are set before.
    os.environ[_SCRATCH] = Path(scratch).as_uri()
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from pysail.spark import SparkConnectServer  # noqa: PLC0415

        server = SparkConnectServer()
        server.start()
    except (ImportError, OSError, RuntimeError) as error:
        shutil.rmtree(scratch)
        raise ToolchainError(f"Sail did not start ({error}): use engine spark") from error
    host, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://{host}:{port}").create()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    try:
        yield session
    finally:
        session.stop()
        server.stop()
        os.environ.pop(_SCRATCH)
        if remote_before is None:
            os.environ.pop(_REMOTE, None)
        shutil.rmtree(scratch, ignore_errors=True)


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
