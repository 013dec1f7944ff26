"""The engines that exist. A new engine is a folder beside this file and an entry here."""

import os
from dataclasses import asdict

from goldrun.errors import SettingsError, did_you_mean
from goldrun.io.engines.base import Engine
from goldrun.io.engines.connect.engine import ConnectEngine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.engine import SparkEngine

ENGINES: dict[str, type[Engine]] = {
    engine.name: engine for engine in (SailEngine, SparkEngine, ConnectEngine)
}
"""Engines by name, in the order in which one is chosen if several are possible."""


def engine_named(option: str) -> type[Engine] | None:
    """Look up the engine of the option, else of ``GOLDRUN_ENGINE``; None when both are empty.

    Raises:
        SettingsError: There is no engine of that name.
    """
    name = option or os.environ.get("GOLDRUN_ENGINE", "")
    if not name:
        return None
    if name not in ENGINES:
        raise SettingsError(
            f"engine {name!r}{did_you_mean(name, list(ENGINES))}; write one of {', '.join(ENGINES)}"
        )
    return ENGINES[name]


def engines_with(*capabilities: str) -> list[type[Engine]]:
    """List the engines that declare all of some capabilities, in the order of ``ENGINES``.

    Args:
        capabilities: Names of attributes of ``Capabilities``.
    """
    return [
        engine
        for engine in ENGINES.values()
        if all(asdict(engine.capabilities)[name] for name in capabilities)
    ]


def require(engine: Engine, capability: str, purpose: str) -> None:
    """Raise a SettingsError unless an engine declares a capability.

    Args:
        engine: The engine.
        capability: Name of an attribute of ``Capabilities``.
        purpose: What needs it, as the subject of the message.
    """
    able = engines_with(capability)
    if type(engine) not in able:
        raise SettingsError(
            f"{purpose} needs {capability.replace('_', ' ')}, which engine {engine.name} does not "
            f"have: use engine {' or '.join(one.name for one in able)}"
        )
