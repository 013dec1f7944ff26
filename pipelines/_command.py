"""The frame of every script: options, context, exit code."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from goldrun.errors import GoldrunError
from goldrun.jobs.names import PIPELINE_EXPERIMENT
from pipelines._console import log, log_to_console, report_unexpected

if TYPE_CHECKING:
    from goldrun.jobs.context import Context

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""


def run_script(
    options: argparse.ArgumentParser,
    work: Callable[[Context, argparse.Namespace], object],
    name: str | Callable[[argparse.Namespace], str],
    experiment: str | Callable[[argparse.Namespace], str] = PIPELINE_EXPERIMENT,
    *,
    streams: bool = False,
    mend: bool = False,
) -> int:
    """Parse the options, open the lake and a run, do the work; return the exit code.

    Args:
        options: The script's options.
        work: The job to call with the context and the parsed options.
        name: Name of its run, or a function of the options that returns it.
        experiment: Experiment of the run, or a function of the options that returns it. A run that
            ``mlflow run`` has made stays in its experiment.
        streams: Whether the job is a stream: Kafka's jars are loaded for a topic, and system
            metrics are logged.
        mend: Whether to correct the paths of artifacts that moved with the project's folder.

    Returns:
        0, the ``exit_code`` of the logged error, or 130 after Ctrl-C.
    """

    def run(given: argparse.Namespace) -> None:
        called = name if isinstance(name, str) else name(given)
        place = experiment if isinstance(experiment, str) else experiment(given)
        # Imported here: it takes seconds to load, and --help does not need it.
        from goldrun.jobs.session import opened  # noqa: PLC0415

        with opened(given, called, place, streams=streams, mend=mend) as ctx:
            work(ctx, given)

    return run_alone(options, run)


def run_alone(
    options: argparse.ArgumentParser, work: Callable[[argparse.Namespace], object]
) -> int:
    """Parse the options and do work that needs no lake and no run; return the exit code.

    Args:
        options: The script's options.
        work: What to call with the parsed options.

    Returns:
        As ``run_script``.
    """
    log_to_console()
    # Before MLflow is imported: it reports usage by default.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        work(options.parse_args())
    except GoldrunError as error:
        log.error("error: %s", error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - any error ends without a traceback on the console
        return report_unexpected(error)
    except KeyboardInterrupt:
        log.error("interrupted: every commit is complete; run the command again to continue")
        return INTERRUPTED
    return 0
