"""A session on a Spark Connect server."""

import contextlib
import os
import socket
from collections.abc import Iterator
from urllib.parse import urlparse

from google.protobuf.internal import api_implementation
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from goldrun.errors import SettingsError, ToolchainError
from goldrun.io.delta.commits import note_of
from goldrun.io.engines.spark.session import NOTE

_PORT = 15002
_PATIENCE = 10
"""Seconds after which a server counts as unreachable."""
_DELTA = "DeltaSparkSessionExtension"
CONNECT_MODE = "SPARK_CONNECT_MODE_ENABLED"
"""Environment variable with which PySpark switches its functions to those of Connect."""


def default_remote() -> str:
    """Read ``GOLDRUN_REMOTE``; empty when it is not set."""
    return os.environ.get("GOLDRUN_REMOTE", "")


@contextlib.contextmanager
def open_connect(remote: str = "") -> Iterator[SparkSession]:
    """Open a session on a server and end it after the block; the server goes on.

    Args:
        remote: Address, ``sc://host:15002``; ``GOLDRUN_REMOTE`` when empty.

    Raises:
        SettingsError: No server is named.
        ToolchainError: The server does not answer, or has no Delta Lake.
    """
    allow_deep_plans()
    address = remote or default_remote()
    # Parameters after the host may be a token: no message repeats them.
    host, port, shown = _place(address)
    with contextlib.ExitStack() as opened:
        opened.enter_context(restored(CONNECT_MODE))
        try:
            # PySpark would retry for minutes.
            socket.create_connection((host, port), _PATIENCE).close()
            session = SparkSession.builder.remote(address).create()
            opened.callback(session.stop)
            session.conf.set("spark.sql.session.timeZone", "UTC")
            session.conf.set(NOTE, note_of())
            extensions = session.conf.get("spark.sql.extensions", "") or ""
        except (PySparkException, OSError, RuntimeError) as error:
            raise ToolchainError(
                f"{shown} does not answer as a Spark Connect server ({_first_line(error)}): check "
                "that it runs and can be reached"
            ) from error
        if _DELTA not in extensions:
            raise ToolchainError(
                f"{shown} has no Delta Lake (spark.sql.extensions is {extensions!r}): start it "
                "as docs/cluster.md describes"
            )
        yield session


def _place(address: str) -> tuple[str, int, str]:
    """Split an address into host, port, and the address without parameters."""
    shown = address.split(";", maxsplit=1)[0]
    try:
        parts = urlparse(shown)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        host, port = None, _PORT
    if not address.startswith("sc://") or not host:
        raise SettingsError(
            f"engine connect needs a server, not {shown!r}: give --remote=sc://host:15002, or set "
            "GOLDRUN_REMOTE"
        )
    return host, port, shown


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


@contextlib.contextmanager
def restored(*names: str) -> Iterator[None]:
    """Restore environment variables at the end of the block."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def allow_deep_plans() -> None:
    """Let plans be nested deeper than the 100 levels that protobuf reads by default.

    A mapping of sixteen sums has as many. Where a version of protobuf has no such switch, an
    expression that is too deep is refused by name (``delta.errors.depth_failure``).
    """
    library = getattr(api_implementation, "_c_module", None)
    allow = getattr(library, "SetAllowOversizeProtos", None)
    if allow is not None:
        allow(True)
