"""Memory of computations: from the environment, else from the machine."""

import os
import re
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from goldrun.errors import SettingsError

SETTING = "GOLDRUN_DRIVER_MEMORY"
_SIZE = re.compile(r"([1-9]\d*)([kmgt])", re.IGNORECASE)
_HEAP = "4g"
SHARE = 0.6
"""Share of the machine's memory that Sail's operators may hold together."""
LIMITS = tuple(
    Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory/memory.limit_in_bytes")
)
"""Files with a container's limit of memory on Linux (cgroup v2, cgroup v1)."""


def driver_memory() -> str:
    """Heap of a local Spark: ``GOLDRUN_DRIVER_MEMORY``, else 4g.

    Raises:
        SettingsError: The setting is no number with a unit.
    """
    return _setting() or _HEAP


def pool_memory() -> str:
    """Limit of Sail: ``GOLDRUN_DRIVER_MEMORY``, else three fifths of the machine's memory.

    Raises:
        SettingsError: The setting is no number with a unit.
    """
    return _setting() or f"{int(machine_memory() * SHARE) >> 20}m"


def in_bytes(memory: str) -> int:
    """Convert a size such as ``4g`` to bytes."""
    number, unit = _SIZE.findall(memory)[0]
    return int(number) << 10 * (1 + "kmgt".index(unit.lower()))


def machine_memory(limits: Sequence[Path] = LIMITS) -> int:
    """Bytes of memory of the machine, or of the container if it has less.

    Args:
        limits: Files with a container's limit: a number of bytes, or ``max`` for none.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = [limit.read_text(encoding="ascii").strip() for limit in limits if limit.is_file()]
    return min([machine, *[int(text) for text in found if text.isdecimal()]])


def peak_memory() -> int:
    """Peak resident memory of this process, in bytes."""
    # macOS counts bytes, Linux kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _setting() -> str | None:
    size = os.environ.get(SETTING)
    if size and not _SIZE.fullmatch(size):
        raise SettingsError(f"{SETTING} {size!r} is no size: write one such as 4g or 1500m")
    return size or None
