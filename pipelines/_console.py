"""The console of the scripts: goldrun's log, and unexpected errors."""

import contextlib
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from goldrun.errors import GoldrunError

log = logging.getLogger("goldrun")

DEBUG = "GOLDRUN_DEBUG"
"""Environment variable that puts a traceback on the console."""
_LONGEST = 200


def report_unexpected(error: Exception) -> int:
    """Write the traceback of an unexpected error to a file, and log where the file is.

    The file is in ``logs``, which erasure searches, or in the temporary folder where ``logs`` can't
    be written. With ``GOLDRUN_DEBUG`` set the traceback is logged as well.

    Returns:
        1, the exit code of an unexpected error.
    """
    trace = "".join(traceback.format_exception(error))
    file = _write_trace(trace)
    log.error(
        "error: goldrun met an error it does not know: %s; the full trace is in %s. If the input "
        "follows the documentation, report it with that file (values in it may be personal)",
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
    """Type and first line of an error; of an engine's error its condition, without values."""
    condition = getattr(error, "getCondition", lambda: None)()
    lines = str(error).strip().splitlines() or ["no text"]
    return f"{type(error).__name__}: {condition or lines[0][:_LONGEST]}"


def show(lines: Iterable[str]) -> None:
    """Write lines to stdout, and to no log: they may have ids and values of persons."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def log_to_console() -> None:
    """Send goldrun's log to stderr, as bare messages."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("goldrun")
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    root.propagate = False
