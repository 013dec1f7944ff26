"""A full disk: of the lake with its checkpoint, and of MLflow's store."""

import contextlib
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.faults.compare import find_differences
from tests.faults.in_process import InProcess
from tests.faults.outcome import Outcome, Verdict, outcome_of
from tests.faults.scenario import Scenario

log = logging.getLogger("faults")

GROUP = "full disk"
_MEGABYTES = 64
_FREE_KILOBYTES = (0, 8, 40, 120, 300, 700)
"""Free kilobytes: with each, a different write fails."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of a few megabytes; yield False if the process may not mount."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, check=False)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disks(scenario: Scenario, in_process: InProcess) -> Iterator[Outcome]:
    """Fill the disk: the stream stops with a named error, and continues once there is room."""
    with small_disk(scenario.folder / "disk") as mounted:
        if not mounted:
            fault = "the lake's and MLflow's disks are full"
            yield Outcome(GROUP, fault, Verdict.NOT_RUN, "only root may mount a small disk")
            return
        on_disk = replace(scenario, lake_name="disk/lake")
        on_disk.send(300)
        assert in_process.run(on_disk).code == 0
        for kilobytes in _FREE_KILOBYTES:
            yield _logged(_fill(on_disk, in_process, kilobytes))
    with_small_store = replace(scenario, lake_name="lake-of-a-full-store", store_name="small-store")
    with small_disk(with_small_store.store.parent) as mounted:
        assert mounted
        yield _logged(_full_store(with_small_store, in_process))


def _logged(outcome: Outcome) -> Outcome:
    log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
    return outcome


def _fill(scenario: Scenario, in_process: InProcess, kilobytes: int) -> Outcome:
    fault = f"the lake's disk has room for {kilobytes} kB"
    scenario.send(150)
    with _ballast(scenario.folder / "disk", kilobytes):
        first = in_process.run(scenario)
    if not first.code:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "there was room enough")
    return _retry_with_room(scenario, in_process, fault, first.crashed, first.output)


def _full_store(scenario: Scenario, in_process: InProcess) -> Outcome:
    """A stream whose metrics cannot be logged continues; a run that cannot start is refused."""
    fault = "MLflow's disk is full"
    scenario.send(150)
    assert in_process.run(scenario).code == 0
    scenario.send(150)
    with _ballast(scenario.store.parent, 0):
        first = in_process.run(scenario)
    return _retry_with_room(
        scenario, in_process, fault, first.crashed, first.output if first.code else ""
    )


def _retry_with_room(
    scenario: Scenario, in_process: InProcess, fault: str, crashed: bool, named: str
) -> Outcome:
    if crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, named)
    ended = in_process.run(scenario)
    if ended.code:
        return Outcome(GROUP, fault, Verdict.WRONG, f"after the disk has room: {ended.output}")
    return outcome_of(GROUP, fault, find_differences(in_process.engine, scenario), named=named)


@contextlib.contextmanager
def _ballast(disk: Path, kilobytes: int) -> Iterator[None]:
    """Fill a disk except for some kilobytes."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - kilobytes * 1024))
    try:
        yield
    finally:
        ballast.unlink()
