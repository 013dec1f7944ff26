"""What every script has in common: options, the end of a command, and errors told plainly.

Nothing heavy is loaded here: ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from goldrun.errors import GoldrunError, SettingsError
from goldrun.io.engines.registry import ENGINES
from goldrun.io.engines.spark.session import DEFAULT_MASTER
from goldrun.jobs.names import PIPELINE_EXPERIMENT

if TYPE_CHECKING:
    from goldrun.jobs.context import Context

log = logging.getLogger("goldrun")

AUTO = "auto"
DEBUG = "GOLDRUN_DEBUG"
"""Environment variable that puts a traceback on the console."""
_LONGEST = 200
INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


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
            help=f"{' or '.join(ENGINES)} (default: $GOLDRUN_ENGINE, else what the lake needs)",
        )
        options.add_argument(
            "--remote",
            default="",
            help="Spark Connect server, sc://host:15002 (default: $GOLDRUN_REMOTE)",
        )
    return options


def add_as_of(options: argparse.ArgumentParser, meaning: str) -> None:
    """Add the option ``--as-of``."""
    options.add_argument("--as-of", type=_date_or_auto, default=None, help=meaning)


def add_flag(options: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """Add an option that is ``true`` or ``false``; ``mlflow run`` knows no bare switches."""

    def flag(text: str) -> bool:
        if text.lower() not in {"true", "false", ""}:
            raise SettingsError(f"--{name} {text!r} is neither true nor false: write one of them")
        return text.lower() == "true"

    options.add_argument(f"--{name}", type=flag, default=False, metavar="true|false", help=meaning)


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
    name: str | Callable[[argparse.Namespace], str],
    experiment: str | Callable[[argparse.Namespace], str] = PIPELINE_EXPERIMENT,
    *,
    streams: bool = False,
    mend: bool = False,
) -> int:
    """Parse, open lake and run, do the work; return the exit code.

    Args:
        options: The script's options.
        work: What it does.
        name: Name of its run, or a function of the options that returns it.
        experiment: Experiment of the run, or a function of the options that returns it. A run that
            ``mlflow run`` has made stays in its experiment.
        streams: Whether it may read topics and goes on for long, so that the machine is watched.
        mend: Whether to set right the paths of artifacts that moved with the project's folder.

    Returns:
        0, the ``exit_code`` of the error that was told, or 130 after Ctrl-C.
    """
    log_to_console()
    try:
        given = options.parse_args()
        name = name if isinstance(name, str) else name(given)
        experiment = experiment if isinstance(experiment, str) else experiment(given)
        # Now, not above: it takes seconds to load.
        from goldrun.jobs.session import opened  # noqa: PLC0415

        with opened(given, name, experiment, streams=streams, mend=mend) as ctx:
            work(ctx, given)
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - whatever it is, the console has no stack
        return tell_unexpected(error)
    except KeyboardInterrupt:
        log.error("interrupted: what was written is whole; run it again to go on")
        return INTERRUPTED
    return 0


def tell_unexpected(error: Exception) -> int:
    """Write the traceback of an error that is none of ours to a file, and log where it is.

    It is written to ``logs``, which erasure searches, or to the temporary folder where that can't
    be written. With ``GOLDRUN_DEBUG`` set it is on the console as well.

    Returns:
        1, the exit code of a command that ends so.
    """
    trace = "".join(traceback.format_exception(error))
    file = _write_trace(trace)
    log.error(
        "error: goldrun met an error it does not know: %s; the full trace is in %s. If the input "
        "is as the documentation asks, report it with that file (values in it may be personal)",
        *(_first_line(error), file or "no file, because none can be written: set GOLDRUN_DEBUG=1"),
    )
    if os.environ.get(DEBUG):
        log.error("%s", trace)
    return GoldrunError.exit_code


def _write_trace(trace: str) -> Path | None:
    for folder in (Path("logs"), Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            file = folder / f"trace-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
            file.write_text(trace, encoding="utf-8", errors="replace")
            return file.resolve()
    return None


def _first_line(error: Exception) -> str:
    """Kind and first line; of an engine's error its condition, because the text has values."""
    condition = getattr(error, "getCondition", lambda: None)()
    lines = str(error).strip().splitlines() or ["no text"]
    return f"{type(error).__name__}: {condition or lines[0][:_LONGEST]}"


def log_to_console() -> None:
    """Send goldrun's log to stderr, as bare messages."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("goldrun")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
