"""Run a process and measure its seconds and the memory of it and its children."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

_EVERY = 0.25


@dataclass(frozen=True)
class Ended:
    """A process that ended with exit code 0.

    Attributes:
        seconds: Seconds from its start to its end.
        memory: Largest sum of resident sizes of it and its children, in bytes.
        printed: What it printed.
    """

    seconds: float
    memory: int
    printed: str


class Memory:
    """Watches a process and its children; ``peak`` is the largest sum so far, in bytes."""

    def __init__(self, pid: int | None = None) -> None:
        """Start watching a process, by default this one."""
        self.peak = 0
        self._root = psutil.Process(pid)
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._root.is_running():
            self.peak = max(self.peak, self._resident())
            time.sleep(_EVERY)

    def _resident(self) -> int:
        total = 0
        try:
            for process in (self._root, *self._root.children(recursive=True)):
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            # A process has ended meanwhile; the next measurement follows in a quarter of a second.
            return 0
        return total


def run_module(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run a module of this project to its end.

    Raises:
        SystemExit: It failed; the message has its output.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    memory = Memory(process.pid)
    printed, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{module} failed with {process.returncode}:\n{errors[-4000:]}")
    return Ended(time.monotonic() - began, memory.peak, printed)
