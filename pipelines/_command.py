"""What every script has in common: options, a session, a run, progress, and errors told plainly."""

import argparse
import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from goldrun.contracts.source import Kind, Source
from goldrun.errors import GoldrunError, SettingsError
from goldrun.io.engines import Engine, engine_for, open_engine
from goldrun.io.failures import storage_explained
from goldrun.io.lake import Lake
from goldrun.io.settings import lake_root, load_source
from goldrun.io.spark import DEFAULT_MASTER
from goldrun.io.tracking import Tracker

log = logging.getLogger("goldrun")

PIPELINE_EXPERIMENT = "goldrun-pipeline"
AUTO = "auto"
INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


@dataclass(frozen=True)
class Context:
    """What a step works with; everything that could differ between two runs comes from here.

    Attributes:
        lake: The tables.
        tracker: Runs and registry.
        source: The shop.
        now: When the step began, UTC.
        columns: File columns that each entity reads, once they were asked for.
    """

    lake: Lake
    tracker: Tracker
    source: Source
    now: datetime
    columns: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)


def parser(description: str | None, *, only_spark: bool = False) -> argparse.ArgumentParser:
    """Options that every script takes, ``--engine`` only where there is a choice."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument(
        "--source",
        default="online_retail",
        help="name of a file in pipelines/sources, or a path to a TOML file",
    )
    options.add_argument(
        "--lake",
        default="",
        help="folder or URI of the tables (default: $GOLDRUN_LAKE, else lake)",
    )
    options.add_argument(
        "--master",
        default="",
        help=f"Spark master, spark://host:7077 (default: $GOLDRUN_MASTER, else {DEFAULT_MASTER})",
    )
    if not only_spark:
        options.add_argument(
            "--engine",
            default="",
            help=f"{' or '.join(Engine)} (default: $GOLDRUN_ENGINE, else what the lake needs)",
        )
    return options


def add_as_of(options: argparse.ArgumentParser, meaning: str) -> None:
    """Add the option ``--as-of``."""
    options.add_argument("--as-of", type=_date_or_auto, default=None, help=meaning)


def add_flag(options: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """Add an option that is ``true`` or ``false``; ``mlflow run`` knows no bare switches."""
    options.add_argument(f"--{name}", type=_flag, default=False, metavar="true|false", help=meaning)


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false", ""}:
        raise SettingsError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _date_or_auto(text: str) -> date | None:
    if text in {"", AUTO}:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"--as-of {text!r} is not a date: write it as 2011-09-10, or {AUTO}"
        ) from error


def run_script(
    options: argparse.ArgumentParser,
    work: Callable[[Context, argparse.Namespace], object],
    name: str,
    experiment: str = PIPELINE_EXPERIMENT,
    *,
    streams: bool = False,
) -> int:
    """Parse, open lake and run, do the work; return the exit code.

    Args:
        options: The script's options.
        work: What it does.
        name: Name of its run.
        experiment: Where the run goes, unless ``mlflow run`` has made it already.
        streams: Whether it may read topics and goes on for long, so that the machine is watched.

    Returns:
        0, the ``exit_code`` of the error that was told, or 130 after Ctrl-C.
    """
    log_to_console()
    try:
        arguments = options.parse_args()
        source = load_source(arguments.source)
        tracker = Tracker()
        root, master = lake_root(arguments.lake), arguments.master
        chosen = "engine" in arguments
        opened = open_run_and_session(
            *(tracker, name, experiment, root, master),
            engine=engine_for(root, arguments.engine, master) if chosen else Engine.SPARK,
            kafka=streams and source.kind is Kind.KAFKA,
            system_metrics=streams,
        )
        with opened as lake:
            work(Context(lake, tracker, source, datetime.now(UTC)), arguments)
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code
    except KeyboardInterrupt:
        log.error("interrupted: what was written is whole; run it again to go on")
        return INTERRUPTED
    return 0


@contextlib.contextmanager
def open_run_and_session(
    tracker: Tracker,
    name: str,
    experiment: str,
    lake: str,
    master: str,
    *,
    engine: Engine = Engine.SPARK,
    kafka: bool = False,
    system_metrics: bool = False,
) -> Iterator[Lake]:
    """Open the script's run, so that a failure marks it failed, and in it the session."""
    run = tracker.run(name, experiment, system_metrics=system_metrics)
    with run, contextlib.ExitStack() as opened:
        with step(f"starting {engine.capitalize()}"):
            spark = opened.enter_context(open_engine(engine, master=master, kafka=kafka))
        found = Lake(spark, lake)
        with storage_explained(found.root):
            yield found


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say which step runs, and how long it took."""
    started = time.monotonic()
    log.info("  ▸ %s …", what)
    yield
    log.info("    done in %.1f s", time.monotonic() - started)


def log_to_console() -> None:
    """Send goldrun's log to stderr, as bare messages."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("goldrun")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
