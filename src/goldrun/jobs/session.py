"""Open the run, the engine and the lake that a command's options name."""

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

from goldrun.contracts.entity_mapping import Kind
from goldrun.io.delta.errors import storage_explained
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.engines.registry import engines_with
from goldrun.io.settings import lake_root, load_source
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
    source = load_source(given.source)
    check_mapping(source)
    tracker = Tracker(mend=mend)
    root = lake_root(given.lake)
    # Commands without --engine stream or erase.
    engine, remote = engines_with("streams", "vacuum")[0], ""
    if "engine" in given:
        remote = given.remote
        with storage_explained(root):
            engine = engine_for(root, given.engine, given.master, remote)
    kafka = streams and source.kind is Kind.KAFKA
    run = tracker.run(name, experiment, system_metrics=streams)
    with run, contextlib.ExitStack() as stack:
        with step(f"starting {engine.name.capitalize()}"):
            opened_engine = stack.enter_context(
                open_engine(engine, master=given.master, remote=remote, kafka=kafka)
            )
        lake = Lake(opened_engine, root, STORED)
        with storage_explained(lake.root):
            yield Context(lake, tracker, source, datetime.now(UTC))
