"""Cores of the machine that this process may use."""

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""File with a container's limit of processor time on Linux (cgroup v2)."""


def usable_cores(quota: Path = QUOTA) -> int:
    """Number of cores that this process may use, at least 1.

    Args:
        quota: File with a container's limit: microseconds or ``max``, and those of a period.
    """
    # Not every system restricts a process to some of its cores.
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    if quota.is_file():
        allowed, period = quota.read_text(encoding="ascii").split()
        if allowed.isdecimal():
            cores = min(cores, int(allowed) // int(period))
    return max(cores, 1)
