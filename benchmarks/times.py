"""Times that ``make results`` measures: the workflow on the sample, and snapshots of many dates."""

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import snapshots
from benchmarks.churn_page import Aim
from benchmarks.contenders.of_snapshots import EACH, ONE, TOGETHER

log = logging.getLogger("goldrun")

CUSTOMERS, DATES = 1_000_000, 12
AIMS = (
    Aim("seconds of the workflow, as it prints them", "workflow_seconds", at_most=60),
    Aim("the same, from the start of Python to its end", "process_seconds", at_most=60),
    Aim(
        f"features as of {DATES} dates of {CUSTOMERS:,} customers, times one date",
        "dates_to_one",
        at_most=3,
    ),
    Aim("the same, times a pass for each date", "dates_to_passes", at_most=1),
    Aim("the same, GiB of memory", "dates_gib", at_most=6),
)
"""Seconds depend on the machine; the ratios are of one run."""


def measure(root: Path, folder: Path, source: str) -> Mapping[str, float]:
    """Measure every time.

    Args:
        root: The project.
        folder: Folder for a lake and a store of their own.
        source: Name of the sample's source.

    Returns:
        The metrics of ``AIMS``.
    """
    seconds, process = _workflow(root, folder, source)
    log.info("workflow: %.0f s, its process %.1f s", seconds, process)
    written = snapshots.measure(CUSTOMERS, DATES, rounds=1)
    one, together, passes = (written[way][0] for way in (ONE, TOGETHER, EACH))
    return {
        "workflow_seconds": seconds,
        "process_seconds": process,
        "dates_to_one": together.seconds / one.seconds,
        "dates_to_passes": together.seconds / passes.seconds,
        "dates_gib": together.memory / 2**30,
    }


def _workflow(root: Path, folder: Path, source: str) -> tuple[float, float]:
    folder.mkdir()
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "pipelines/main.py", f"--source={source}", f"--lake={folder}/lake"],
        cwd=root,
        check=False,
        env=os.environ | store,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    taken = time.monotonic() - began
    if ended.returncode:
        log.error("%s", ended.stdout)
        raise SystemExit("the workflow has failed")
    (printed,) = re.findall(r"^Finished in (\d+) s$", ended.stdout, re.MULTILINE)
    return float(printed), taken
