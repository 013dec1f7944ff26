"""Files that tests put where a source looks for them."""

import os
from pathlib import Path

LONG_AGO = 1_000_000_000


def age(file: Path, seconds: float = LONG_AGO) -> Path:
    """Let a file have been written long ago: nobody waits for what may still be written to it."""
    os.utime(file, (seconds, seconds))
    return file
