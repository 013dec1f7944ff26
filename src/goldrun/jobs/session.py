"""Open the run, the engine and the lake that a command's options name."""

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

from goldrun.contracts.entity_mapping import Kind
from goldrun.contracts.source import Source
from goldrun.io.delta.errors import storage_explained
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.engines.registry import engines_with
from goldrun.io.settings import default_lake, lake_root, load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context, step
from goldrun.jobs.stored_tables import STORED
from goldrun.medallion.source_columns import check_mapping


@contextlib.contextmanager
def opened(
    given: argparse.Namespace,
    name: str,
    experiment: str,
    *,
    streams: bool = False,
    mend: bool = False,
) -> Iterator[Context]:
    """Open the command's run, so that a failure marks it failed, and the engine within it.

    Args:
        given: The options of every command.
        name: Name of the run.
        experiment: Experiment of the run; a run that ``mlflow run`` has made stays in its own.
        streams: Whether the command is a stream: Kafka's jars are loaded for a topic, and system
            metrics are logged.
        mend: Whether to correct the paths of artifacts that moved with the project's folder.
    """
    source = load_source(given.source, given.path)
    check_mapping(source)
    tracker = Tracker(mend=mend)
    root = lake_root(given.lake, default_lake(given.source))
    kind = _engine_of(given, root)
    kafka = streams and source.kind is Kind.KAFKA
    run = tracker.run(name, experiment, system_metrics=streams)
    with run, _lake(given, kind, root, kafka=kafka) as lake:
        tracker.name_run(f"{name} {source.name}")
        yield Context(lake, tracker, source, datetime.now(UTC))


@contextlib.contextmanager
def opened_lake(given: argparse.Namespace) -> Iterator[tuple[Lake, Source]]:
    """Open the engine and the lake of a command that reads and makes no run.

    Args:
        given: The options of every command.
    """
    source = load_source(given.source, given.path)
    check_mapping(source)
    root = lake_root(given.lake, default_lake(given.source))
    with _lake(given, _engine_of(given, root), root) as lake:
        yield lake, source


def _engine_of(given: argparse.Namespace, root: str) -> type[Engine]:
    # Commands without --engine stream or erase.
    if "engine" not in given:
        return engines_with("streams", "vacuum")[0]
    with storage_explained(root):
        return engine_for(root, given.engine, given.master, given.remote)


@contextlib.contextmanager
def _lake(
    given: argparse.Namespace, kind: type[Engine], root: str, *, kafka: bool = False
) -> Iterator[Lake]:
    remote = given.remote if "engine" in given else ""
    with contextlib.ExitStack() as stack:
        with step(f"starting {kind.name.capitalize()}"):
            engine = stack.enter_context(
                open_engine(kind, master=given.master, remote=remote, kafka=kafka)
            )
        lake = Lake(engine, root, STORED)
        with storage_explained(lake.root):
            yield lake
