"""A session of Sail, whose server runs in this process."""

import contextlib
import os
from collections.abc import Iterator

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from goldrun.errors import ToolchainError
from goldrun.io.engines.connect.session import CONNECT_MODE, allow_deep_plans, restored
from goldrun.io.engines.cores import usable_cores
from goldrun.io.engines.memory import in_bytes, pool_memory
from goldrun.io.engines.sail.scratch import Scratch

_CHECKPOINTS = "SAIL_EXECUTION__CHECKPOINT__PATH"
_SETTINGS = {
    "RUST_LOG": "error",
    # Of scratch files; those of tables have settings of their own.
    "SAIL_PARQUET__COMPRESSION": "lz4",
    "SAIL_PARQUET__STATISTICS_ENABLED": "none",
    # Of both: a dictionary of many values costs more than it saves.
    "SAIL_PARQUET__DICTIONARY_PAGE_SIZE_LIMIT": str(64 << 10),
    "SAIL_PARQUET__WRITE_BATCH_SIZE": "8192",
    # Beyond the limit of memory operators spill to disk, without a limit.
    "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
    "SAIL_RUNTIME__TEMPORARY_FILES__MAX_SIZE": str(1 << 50),
    # Sail removes a session that is idle for 15 minutes; a model may be fitted for longer.
    "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(365 * 24 * 3600),
    # Huge pages are zeroed whole although little of each is used. Linux has one switch for a
    # process and its children, and the first value stays.
    "MIMALLOC_ALLOW_THP": "0",
}
_LIMIT = "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE"
_PARTS = "SAIL_EXECUTION__DEFAULT_PARALLELISM"


@contextlib.contextmanager
def open_sail(scratch: Scratch) -> Iterator[SparkSession]:
    """Start Sail in this process, connect to it, and stop it at the end of the block.

    Its operators hold at most ``pool_memory``; the process uses a gigabyte or two beside.

    Args:
        scratch: Folder of its checkpoints.

    Raises:
        SettingsError: The setting of the memory is no size.
        ToolchainError: Sail does not start.
    """
    allow_deep_plans()
    with contextlib.ExitStack() as opened:
        limit = {_LIMIT: str(in_bytes(pool_memory()))}
        if usable_cores() == 1:
            # Sail's default is the number of cores. In one part it can't plan a union of frames
            # that are sorted in different ways.
            limit[_PARTS] = "2"
        # Sail reads them when it is loaded. What the user has set stays.
        unset = {n: v for n, v in (_SETTINGS | limit).items() if n not in os.environ}
        ours = {_CHECKPOINTS: scratch.root.as_uri()}
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
            # Otherwise PySpark looks for IPython at each call, which is a fifth of a short run.
            session.conf.set("spark.python.sql.dataFrameDebugging.enabled", "false")
        except (ImportError, OSError, RuntimeError, PySparkException) as error:
            raise ToolchainError(f"Sail did not start ({error}): use engine spark") from error
        yield session
