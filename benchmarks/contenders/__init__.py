"""Ways to take the feed's files to gold, each a process of its own that tells its seconds.

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
        """Begin with none."""
        self._seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; what has the same name is added up."""
        began = time.monotonic()
        yield
        self._seconds[name] = self._seconds.get(name, 0.0) + time.monotonic() - began

    def tell(self) -> None:
        """Print them."""
        sys.stdout.write(json.dumps(self._seconds) + "\n")
