"""What computes: Spark, a Spark Connect server, or Sail, which needs no Java and has no streams."""

import contextlib
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlparse

from google.protobuf.internal import api_implementation
from pyspark.sql import SparkSession

from goldrun.errors import SettingsError, did_you_mean, listed
from goldrun.io.engines.base import Tables
from goldrun.io.engines.connect.session import default_remote, is_connect, open_connect
from goldrun.io.engines.sail.session import is_sail, open_sail
from goldrun.io.engines.spark.session import default_master, is_submitted, open_session


class Engine(StrEnum):
    """What computes."""

    SPARK = "spark"
    CONNECT = "connect"
    SAIL = "sail"


def engine_named(option: str) -> Engine | None:
    """The engine that the option names, else ``GOLDRUN_ENGINE``; None when neither does.

    Raises:
        SettingsError: There is no such engine.
    """
    name = option or os.environ.get("GOLDRUN_ENGINE", "")
    if not name:
        return None
    try:
        return Engine(name)
    except ValueError as error:
        known = [str(engine) for engine in Engine]
        raise SettingsError(
            f"engine {name!r}{did_you_mean(name, known)}; write one of {', '.join(known)}"
        ) from error


def engine_for(root: str, option: str = "", master: str = "", remote: str = "") -> Engine:
    """Choose the engine of a batch.

    The one that is named; else a server's where one is named; else Spark where a master is named,
    the lake is no folder, or Spark has made tables in it that no other engine can write; else Sail.

    Args:
        root: The lake, as ``lake_root`` has it.
        option: Name of an engine, or nothing.
        master: Spark master, or nothing.
        remote: Spark Connect server, or nothing.

    Raises:
        SettingsError: There is no such engine, or the lake is not for the one that is named.
    """
    named = engine_named(option)
    is_folder = not urlparse(root).scheme
    server = remote or (default_remote() if not master else "")
    if named is Engine.CONNECT or (named is None and server):
        return Engine.CONNECT
    elsewhere = bool(master or default_master() or is_submitted()) or not is_folder
    if named is Engine.SPARK or (named is None and elsewhere):
        return Engine.SPARK
    if not is_folder:
        raise SettingsError(f"{root} is no folder: engine {Engine.SAIL} knows no other lakes")
    of_spark = tables_of_spark(Path(root))
    if named is Engine.SAIL and of_spark:
        raise SettingsError(
            f"{root}: Spark has made {listed(of_spark)}, which engine {Engine.SAIL} can't write: "
            "use engine spark, or another lake"
        )
    return Engine.SPARK if of_spark else Engine.SAIL


@contextlib.contextmanager
def open_engine(
    engine: Engine,
    app: str = "goldrun",
    *,
    master: str = "",
    remote: str = "",
    kafka: bool = False,
) -> Iterator[SparkSession]:
    """Open a session of an engine and stop it at the end.

    Args:
        engine: Which one.
        app: Its name.
        master: Where Spark computes; see ``open_session``.
        remote: Where a server is; see ``open_connect``.
        kafka: Whether Spark must read Kafka.

    Raises:
        SettingsError: A master or a server is named, and the engine has none.
        ToolchainError: It did not start.
    """
    if master and engine is not Engine.SPARK:
        raise SettingsError(f"engine {engine} computes nothing on {master}: use engine spark")
    if remote and engine is not Engine.CONNECT:
        raise SettingsError(f"engine {engine} computes nothing on {remote}: use engine connect")
    if engine is Engine.SPARK:
        session = open_session(app, master=master, kafka=kafka)
    else:
        _allow_deep_plans()
        session = open_connect(remote) if engine is Engine.CONNECT else open_sail()
    with session as opened:
        yield opened


def _allow_deep_plans() -> None:
    """Let plans be nested deeper than the 100 levels that protobuf reads by default.

    A mapping of sixteen sums has as many. Where a version of protobuf has no such switch, an
    expression that is too deep is refused by name (``failures.depth_failure``).
    """
    library = getattr(api_implementation, "_c_module", None)
    allow = getattr(library, "SetAllowOversizeProtos", None)
    if allow is not None:
        allow(True)


def storage_of(spark: SparkSession) -> Tables:
    """What writes the Delta tables of a session."""
    # Each needs libraries that the other does without, and a while to load them.
    if is_sail(spark):
        from goldrun.io.engines.sail.tables import SailTables  # noqa: PLC0415

        return SailTables(spark)
    if is_connect(spark):
        from goldrun.io.engines.connect.tables import ConnectTables  # noqa: PLC0415

        return ConnectTables(spark)
    from goldrun.io.engines.spark.tables import SparkTables  # noqa: PLC0415

    return SparkTables(spark)


def writes_here(spark: SparkSession) -> bool:
    """Whether this machine writes the tables of a session, and not a server."""
    return is_sail(spark) or not is_connect(spark)


def tables_of_spark(root: Path) -> list[str]:
    """Names of the tables in a lake's folder that only Spark can write."""
    from goldrun.io.engines.sail.tables import only_spark_writes  # noqa: PLC0415

    logs = sorted(root.glob("*/*/_delta_log"))
    return [str(log.parent.relative_to(root)) for log in logs if only_spark_writes(str(log.parent))]
