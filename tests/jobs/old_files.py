"""Complete files for tests."""

import os
from pathlib import Path

LONG_AGO = 1_000_000_000


def age(file: Path, seconds: float = LONG_AGO) -> Path:
    """Set a file's modification time into the past, so that it counts as complete."""
    os.utime(file, (seconds, seconds))
    return file
