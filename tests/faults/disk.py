"""A disk that is full: under the lake, under the checkpoint, under MLflow's store."""

import contextlib
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.faults.inside import Inside
from tests.faults.look import wrong_at_rest
from tests.faults.outcome import Outcome, Verdict, of
from tests.faults.world import World

log = logging.getLogger("faults")

GROUP = "full disk"
_MEGABYTES = 64
_ROOMS = (0, 8, 40, 120, 300, 700)
"""Kilobytes that are left: each ends another write."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Mount a disk of a few megabytes; False where that isn't allowed."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_MEGABYTES}m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, check=False)
    try:
        yield done.returncode == 0
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disks(world: World, inside: Inside) -> Iterator[Outcome]:
    """Fill the disk, see the stream stop by name, make room, see it go on."""
    with small_disk(world.folder / "disk") as mounted:
        if not mounted:
            fault = "the lake's and MLflow's disks are full"
            yield Outcome(GROUP, fault, Verdict.NOT_RUN, "only root may mount a small disk")
            return
        on_disk = replace(world, lake_name="disk/lake")
        on_disk.send(300)
        assert inside.take(on_disk).code == 0
        for kilobytes in _ROOMS:
            yield _told(_fill(on_disk, inside, kilobytes))
    beside = replace(world, lake_name="beside-a-full-store", store_name="small-store")
    with small_disk(beside.store.parent) as mounted:
        assert mounted
        yield _told(_full_store(beside, inside))


def _told(outcome: Outcome) -> Outcome:
    log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
    return outcome


def _fill(world: World, inside: Inside, kilobytes: int) -> Outcome:
    fault = f"the lake's disk has room for {kilobytes} kB"
    world.send(150)
    with _ballast(world.folder / "disk", kilobytes):
        first = inside.take(world)
    if not first.code:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "there was room enough")
    return _then(world, inside, fault, first.crashed, first.output)


def _full_store(world: World, inside: Inside) -> Outcome:
    """Numbers that can't be logged hold up no record; a run that can't begin is refused."""
    fault = "MLflow's disk is full"
    world.send(150)
    assert inside.take(world).code == 0
    world.send(150)
    with _ballast(world.store.parent, 0):
        first = inside.take(world)
    return _then(world, inside, fault, first.crashed, first.output if first.code else "")


def _then(world: World, inside: Inside, fault: str, crashed: bool, named: str) -> Outcome:
    if crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, named)
    ended = inside.take(world)
    if ended.code:
        return Outcome(GROUP, fault, Verdict.WRONG, f"with room again: {ended.output}")
    return of(GROUP, fault, wrong_at_rest(inside.engine, world), named=named)


@contextlib.contextmanager
def _ballast(disk: Path, kilobytes: int) -> Iterator[None]:
    """Leave only so much room on a disk."""
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
