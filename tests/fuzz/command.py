"""A command of the project, run in this process with the session that the tests share."""

import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from goldrun.errors import GoldrunError
from goldrun.io.engines.base import Engine
from goldrun.jobs.names import PIPELINE_EXPERIMENT
from pipelines import _command

UNKNOWN = "does not know"
"""Part of the message for an error that is not one of goldrun's."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, what it logged, and the error that it logged last."""

    command: str
    code: int
    output: str

    @property
    def error(self) -> str:
        return (
            re.split("^(?:.*\\.py: )?error: ", self.output, flags=re.M)[-1].strip()
            if self.code
            else ""
        )


def exit_codes() -> set[int]:
    """Return the exit codes of all error classes."""
    kinds: list[type[GoldrunError]] = [GoldrunError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return {kind.exit_code for kind in kinds}


def run_command(engine: Engine, folder: Path, name: str, options: Sequence[str] = ()) -> Ended:
    """Run ``python pipelines/<name>.py`` as if in a folder with its own ``models/``."""

    @contextlib.contextmanager
    def shared(*_: object, **__: object) -> Iterator[Engine]:
        yield engine

    script: Any = importlib.import_module(f"pipelines.{name}")
    errors = io.StringIO()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with (
            patch("goldrun.jobs.session.open_engine", shared),
            patch("goldrun.io.settings.project_root", lambda: folder),
            # Plots have their own tests, and take most of the time.
            patch("goldrun.io.tracking.runs.Tracker.log_figure"),
            patch.object(sys, "argv", [f"{name}.py", *options]),
            contextlib.redirect_stderr(errors),
        ):
            code = _run(script, name)
    finally:
        os.chdir(before)
    return Ended(name, code, errors.getvalue())


def _run(script: Any, name: str) -> int:
    try:
        return _command.run_script(
            script.options(),
            script.work,
            name,
            f"fuzz-{PIPELINE_EXPERIMENT}",
            streams=name == "stream",
        )
    except SystemExit as ended:
        return int(ended.code or 0)
