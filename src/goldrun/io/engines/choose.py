"""The choice of an engine from options, environment and lake, and its opening."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlparse

from goldrun.errors import SettingsError, listed
from goldrun.io.engines.base import Engine, Options
from goldrun.io.engines.connect.session import default_remote
from goldrun.io.engines.registry import ENGINES, engine_named, engines_with
from goldrun.io.engines.spark.session import default_master, is_submitted


def engine_for(root: str, option: str = "", master: str = "", remote: str = "") -> type[Engine]:
    """Choose the engine of a batch.

    The named engine; else one that computes on servers if a server is named; else one that
    computes on masters if a master is named; else the first engine of the registry that can
    write the lake and needs no server.

    Args:
        root: The lake, a folder or a URI.
        option: Name of an engine, or empty.
        master: Spark master, or empty.
        remote: Spark Connect server, or empty.

    Raises:
        SettingsError: There is no engine of that name, or it can't write the lake.
    """
    if named := engine_named(option):
        if obstacle := _obstacle(named, root):
            raise SettingsError(obstacle)
        return named
    if remote or (default_remote() and not master):
        return engines_with("servers")[0]
    if master or default_master() or is_submitted():
        return engines_with("masters")[0]
    local = [engine for engine in ENGINES.values() if not engine.capabilities.servers]
    return next(engine for engine in local if not _obstacle(engine, root))


def _obstacle(engine: type[Engine], root: str) -> str:
    """Why an engine can't write a lake, with the remedy; empty if it can."""
    if urlparse(root).scheme:
        if engine.capabilities.object_stores:
            return ""
        able = _names(engines_with("object_stores"))
        return f"{root} is no folder, which engine {engine.name} needs: use engine {able}"
    if tables := engine.unwritable_tables(Path(root)):
        return (
            f"{root}: Spark has made {listed(tables)}, which engine {engine.name} can't write: "
            "use engine spark, or another lake"
        )
    return ""


def open_engine(
    engine: type[Engine],
    app: str = "goldrun",
    *,
    master: str = "",
    remote: str = "",
    kafka: bool = False,
) -> AbstractContextManager[Engine]:
    """Open an engine for the length of a block.

    Args:
        engine: The class of the engine.
        app: Name of the application.
        master: Spark master, or empty.
        remote: Spark Connect server, or empty.
        kafka: Whether the session needs the Kafka connector.

    Raises:
        SettingsError: A master or a server is named, on which the engine does not compute.
        ToolchainError: The engine does not start.
    """
    for place, capability in ((master, "masters"), (remote, "servers")):
        able = engines_with(capability)
        if place and engine not in able:
            raise SettingsError(
                f"engine {engine.name} does not compute on {place}: use engine {_names(able)}"
            )
    return engine.open(Options(app, master, remote, kafka))


def _names(engines: Sequence[type[Engine]]) -> str:
    return " or ".join(engine.name for engine in engines)
