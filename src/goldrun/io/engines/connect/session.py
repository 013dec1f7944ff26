"""A session on a Spark Connect server: another machine computes, and nothing here needs Java."""

import contextlib
import os
import socket
from collections.abc import Iterator
from urllib.parse import urlparse

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from goldrun.errors import SettingsError, ToolchainError

_PORT = 15002
_PATIENCE = 10
"""Seconds until a server is taken to be unreachable."""
_DELTA = "DeltaSparkSessionExtension"
CONNECT_MODE = "SPARK_CONNECT_MODE_ENABLED"
"""How PySpark remembers that its functions are those of Connect."""


def default_remote() -> str:
    """What ``GOLDRUN_REMOTE`` says; empty when it says nothing."""
    return os.environ.get("GOLDRUN_REMOTE", "")


@contextlib.contextmanager
def open_connect(remote: str = "") -> Iterator[SparkSession]:
    """Open a session on a server and end it afterwards; the server goes on.

    Args:
        remote: Where it is, ``sc://host:15002``; what ``GOLDRUN_REMOTE`` says when empty.

    Raises:
        SettingsError: No server is named.
        ToolchainError: It does not answer, or has no Delta Lake.
    """
    address = remote or default_remote()
    # What follows the host may be a token: it is never repeated.
    host, port, shown = _place(address)
    with contextlib.ExitStack() as opened:
        opened.enter_context(restored(CONNECT_MODE))
        try:
            # PySpark would go on trying for minutes.
            socket.create_connection((host, port), _PATIENCE).close()
            session = SparkSession.builder.remote(address).create()
            opened.callback(session.stop)
            session.conf.set("spark.sql.session.timeZone", "UTC")
            extensions = session.conf.get("spark.sql.extensions", "") or ""
        except (PySparkException, OSError, RuntimeError) as error:
            raise ToolchainError(
                f"{shown} does not answer as a Spark Connect server ({_first_line(error)}): check "
                "that it runs and can be reached"
            ) from error
        if _DELTA not in extensions:
            raise ToolchainError(
                f"{shown} has no Delta Lake (spark.sql.extensions is {extensions!r}): start it "
                "as docs/cluster.md says"
            )
        yield session


def _place(address: str) -> tuple[str, int, str]:
    """Host, port, and the address without what follows them."""
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
    """Put environment variables back, at the end of the block, as they were before it."""
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def is_connect(spark: SparkSession) -> bool:
    """Whether a session is on a Spark Connect server, Sail's among them."""
    return not hasattr(spark, "_jsparkSession")
