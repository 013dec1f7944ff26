"""Ways to build gold from the feed's files, each in a process that reports its seconds.

A contender is called with the folder of the files, a folder for its tables and the date of the
features. The last line that it prints is JSON: seconds by step.
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator


class Steps:
    """The seconds of a contender's steps."""

    def __init__(self) -> None:
        """Start with no steps."""
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; seconds of the same name are added."""
        began = time.monotonic()
        yield
        self._seconds[name] = self._seconds.get(name, 0.0) + time.monotonic() - began

    def report(self) -> None:
        """Print the seconds by step as JSON."""
        sys.stdout.write(json.dumps(self._seconds) + "\n")
