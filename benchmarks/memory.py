"""Simulate a marketplace and take it from raw files to champions within a limit of memory.

    make bench-memory CUSTOMERS=100000 LIMIT=8     # what a machine of 8 GiB has

Computations get the share of the limit that they get on a machine of that size. Adds a line to
benchmarks/memory.md; fails when the processes together held more than the limit.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.processes import Memory
from benchmarks.results import add_line, machine, today
from goldrun.io.engines.memory import SETTING, SHARE

log = logging.getLogger(__name__)

RESULTS = Path(__file__).with_suffix(".md")
_SHIPPED = Path("pipelines/sources/marketplace.toml")


def simulate(customers: int, folder: Path) -> Path:
    """Write the marketplace's files and settings to a folder; return the settings' file."""
    options = (f"--customers={customers}", "--dirt=all", f"--out={folder / 'data'}")
    _finish(_script("simulate", *options))
    settings = folder / _SHIPPED.name
    shipped = _SHIPPED.read_text(encoding="utf-8")
    settings.write_text(shipped.replace("data/marketplace", str(folder / "data")), encoding="utf-8")
    return settings


def run_workflow(settings: Path, limit: float) -> tuple[float, float]:
    """Run everything on the simulated files.

    Args:
        settings: The source's TOML file; lake and store lie beside it.
        limit: Memory of the machine to imitate, in GiB.

    Returns:
        Seconds, and the largest sum of the resident sizes of all processes, in GiB.
    """
    folder = settings.parent
    environment = os.environ | {
        SETTING: f"{int(limit * SHARE * 1024)}m",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
    }
    began = time.monotonic()
    process = _script("main", f"--source={settings}", f"--lake={folder / 'lake'}", env=environment)
    memory = Memory(process.pid)
    _finish(process)
    return time.monotonic() - began, memory.peak / 2**30


def _script(name: str, *options: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    command = [sys.executable, f"pipelines/{name}.py", *options]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)


def _finish(process: "subprocess.Popen[str]") -> None:
    _, output = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args!r} failed with {process.returncode}:\n{output[-4000:]}")


def main() -> int:
    """Measure and add the line; return 1 if the memory exceeds the limit."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    given = _options().parse_args()
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = simulate(given.customers, folder)
    seconds, peak = run_workflow(settings, given.limit)
    cells = {"date": today(), "customers": f"{given.customers:,}", "seconds": f"{seconds:.0f}"}
    cells |= {"memory": f"{peak:.1f} GiB", "limit": f"{given.limit:g} GiB", "machine": machine()}
    log.info("%s", add_line(RESULTS, cells))
    shutil.rmtree(folder)
    return int(peak > given.limit)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=100_000)
    options.add_argument("--limit", type=float, default=8, help="memory in GiB")
    options.add_argument("--folder", type=Path, default=Path("bench-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
