"""A stream that records each point it passes, so that a test can kill it at a known point.

    python -m tests.faults.child --source=... --lake=...

Runs ``pipelines/stream.py`` as it is, with these additions from the environment:

- ``FAULTS_TRACE``: a file that gets a line at each point passed.
- ``FAULTS_DIE_AT``: a point at which the whole process group is killed as by ``kill -9``.
- ``FAULTS_BREAK``: a defence to switch off (see ``tests/faults/breaks.py``).
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from goldrun.io.delta.lake import Lake
from goldrun.jobs.stream.micro_batch import MicroBatches
from pipelines import stream
from pipelines._command import run_script
from tests.faults.breaks import BREAKS

TRACE, DIE_AT, BREAK = "FAULTS_TRACE", "FAULTS_DIE_AT", "FAULTS_BREAK"
LOADED, BATCH_BEGINS, BATCH_ENDS = "loaded", "begin batch", "end batch"
_DIES_IN_BATCH = 1
_WRITES = ("append", "append_unless_empty", "upsert", "replace_rows", "replace")


class Trace:
    """Notes every point that is passed, and dies where it was asked to."""

    def __init__(self) -> None:
        self._file = os.open(os.environ[TRACE], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._last_stop = os.environ.get(DIE_AT)
        self._batches = 0

    def at(self, point: str) -> None:
        os.write(self._file, f"{point}\n".encode())
        self._batches += point == BATCH_BEGINS
        if self._batches >= _DIES_IN_BATCH and point == self._last_stop:
            os.killpg(0, signal.SIGKILL)


def trace_calls(owner: type, method: str, trace: Trace, named: Callable[..., str]) -> None:
    """Trace the beginning and the end of every call of a method."""
    whole = getattr(owner, method)

    def traced(*arguments: Any, **named_arguments: Any) -> Any:
        what = named(*arguments)
        trace.at(f"begin {what}")
        result = whole(*arguments, **named_arguments)
        trace.at(f"end {what}")
        return result

    setattr(owner, method, traced)


def main() -> int:
    """Run the stream with the additions that the environment requests."""
    if broken := os.environ.get(BREAK):
        BREAKS[broken]()
    trace = Trace()
    for method in _WRITES:
        trace_calls(Lake, method, trace, lambda _, table, *__: table.name)
    trace_calls(MicroBatches, "handle", trace, lambda *_: "batch")
    trace.at(LOADED)
    return run_script(stream.options(), stream.work, "stream", streams=True)


if __name__ == "__main__":
    sys.exit(main())
