"""How much memory computations may have: what the environment says, else what is sensible."""

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
"""Of the machine's memory: what Sail's operators may hold, each at most its equal part of it."""
LIMITS = tuple(
    Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory/memory.limit_in_bytes")
)
"""Where Linux tells a container how much of the machine it has, now and before (cgroup v1)."""


def driver_memory() -> str:
    """The heap of a local Spark: ``GOLDRUN_DRIVER_MEMORY``, else 4g.

    Raises:
        SettingsError: It is no number with a unit.
    """
    return _told() or _HEAP


def pool_memory() -> str:
    """What Sail may hold: ``GOLDRUN_DRIVER_MEMORY``, else three fifths of the machine's memory.

    Raises:
        SettingsError: It is no number with a unit.
    """
    return _told() or f"{int(machine_memory() * SHARE) >> 20}m"


def in_bytes(memory: str) -> int:
    """How many bytes such a size means."""
    number, unit = _SIZE.findall(memory)[0]
    return int(number) << 10 * (1 + "kmgt".index(unit.lower()))


def machine_memory(limits: Sequence[Path] = LIMITS) -> int:
    """Bytes of memory of the machine, or of the container when that has less.

    Args:
        limits: Files with the container's: a number of bytes, or ``max`` for none.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    told = [limit.read_text(encoding="ascii").strip() for limit in limits if limit.is_file()]
    return min([machine, *[int(text) for text in told if text.isdecimal()]])


def peak_memory() -> int:
    """The most bytes that this process has had in memory since it began."""
    # macOS counts bytes, Linux kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _told() -> str | None:
    told = os.environ.get(SETTING)
    if told and not _SIZE.fullmatch(told):
        raise SettingsError(f"{SETTING} {told!r} is no size such as 4g or 1500m")
    return told or None
