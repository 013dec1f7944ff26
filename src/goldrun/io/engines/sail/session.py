"""A session of Sail: Spark's DataFrames computed in this process, without Java."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from goldrun.errors import ToolchainError
from goldrun.io.engines.connect.session import CONNECT_MODE, is_connect, restored
from goldrun.io.engines.memory import in_bytes, pool_memory

_CHECKPOINTS = "SAIL_EXECUTION__CHECKPOINT__PATH"
_SCRATCH = "GOLDRUN_SAIL_SCRATCH"
"""Where the scratch folder is, as long as a session of ours is open."""
_SETTINGS = {
    "RUST_LOG": "error",
    # Of what it keeps for itself; files of tables are told otherwise.
    "SAIL_PARQUET__COMPRESSION": "lz4",
    "SAIL_PARQUET__STATISTICS_ENABLED": "none",
    # Of both: a dictionary of many values costs more than it saves.
    "SAIL_PARQUET__DICTIONARY_PAGE_SIZE_LIMIT": str(64 << 10),
    "SAIL_PARQUET__WRITE_BATCH_SIZE": "8192",
    # Beyond the limit it works on disk, which has no other limit than the disk.
    "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
    "SAIL_RUNTIME__TEMPORARY_FILES__MAX_SIZE": str(1 << 50),
    # Huge pages are filled with zeros whole, and little of each is used before it is given back.
    # Linux has one switch for a process, its children included, and it stays so.
    "MIMALLOC_ALLOW_THP": "0",
}
_LIMIT = "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE"


@contextlib.contextmanager
def open_sail() -> Iterator[SparkSession]:
    """Start Sail in this process, connect to it, and stop it at the end.

    Checkpoints and what is on its way into a table lie in a temporary folder meanwhile
    (``TMPDIR`` says where such folders are). What it computes with is at most what
    ``pool_memory`` says; the process has a gigabyte or two beside.

    Raises:
        SettingsError: The memory is no size.
        ToolchainError: It does not start.
    """
    with contextlib.ExitStack() as opened:
        scratch = opened.enter_context(
            tempfile.TemporaryDirectory(prefix="goldrun-", ignore_cleanup_errors=True)
        )
        limit = {_LIMIT: str(in_bytes(pool_memory()))}
        # Read when it is loaded, so they are set before. What the user has set stays.
        unset = {n: v for n, v in (_SETTINGS | limit).items() if n not in os.environ}
        ours = {_CHECKPOINTS: Path(scratch).as_uri(), _SCRATCH: scratch}
        opened.enter_context(restored(CONNECT_MODE, *unset, *ours))
        os.environ.update(unset | ours)
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


def is_sail(spark: SparkSession) -> bool:
    """Whether a session is one of Sail's."""
    return _SCRATCH in os.environ and is_connect(spark)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that both Sail and Python read and write, for as long as the block."""
    with tempfile.TemporaryDirectory(dir=os.environ[_SCRATCH]) as folder:
        yield Path(folder)


def lasting_folder() -> Path:
    """A folder of the same kind, for as long as the session: what is read is read later."""
    return Path(tempfile.mkdtemp(dir=os.environ[_SCRATCH]))
