"""Files of the lake and of the checkpoint cut off, emptied, flipped, deleted, or put back older."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.inside import Inside
from tests.faults.look import wrong_at_rest
from tests.faults.outcome import Outcome, Verdict, of
from tests.faults.world import World

log = logging.getLogger("faults")

GROUP = "damaged files"
_FLIPPED = 0x10
_SALES = "silver/transactions"


def cut_off(file: Path) -> None:
    """Only the first half is left."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    """Nothing is left."""
    file.write_bytes(b"")


def flipped(file: Path) -> None:
    """One bit in the middle is another."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= _FLIPPED
    file.write_bytes(bytes(content))


def deleted(file: Path) -> None:
    """It is gone."""
    file.unlink()


_HOW = (cut_off, emptied, flipped, deleted)


@dataclass(frozen=True)
class Target:
    """A file to damage: the newest that a pattern finds in the lake."""

    name: str
    pattern: str
    how: tuple[Callable[[Path], None], ...] = _HOW


LAKE_FILES = (
    Target("commit in Delta's log", f"{_SALES}/_delta_log/0*.json"),
    Target("checkpoint in Delta's log", f"{_SALES}/_delta_log/*.checkpoint*.parquet"),
    Target("_last_checkpoint", f"{_SALES}/_delta_log/_last_checkpoint"),
    Target("checksum of a Delta version", f"{_SALES}/_delta_log/0*.crc"),
    Target("data file of silver", f"{_SALES}/*.parquet"),
    Target("data file of gold", "gold/customer_daily/*.parquet", (cut_off, flipped)),
)
CHECKPOINT_FILES = (
    Target("offsets of the checkpoint", "_checkpoints/*/offsets/[0-9]*"),
    Target("commits of the checkpoint", "_checkpoints/*/commits/[0-9]*"),
    Target("metadata of the checkpoint", "_checkpoints/*/metadata"),
)


def damaged_files(world: World, inside: Inside, targets: tuple[Target, ...]) -> Iterator[Outcome]:
    """Damage one file at a time in a copy of a lake that has seen some messages, then go on.

    A stream that refuses by name must go on once it was done what the message says.
    """
    _prepare(world, inside)
    for number, (target, how) in enumerate((t, h) for t in targets for h in t.how):
        copy = replace(world, lake_name=f"damaged-{number}")
        shutil.copytree(world.lake, copy.lake)
        outcome = _damage(copy, inside, target, how)
        log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
        shutil.rmtree(copy.lake)
        yield outcome


def _prepare(world: World, inside: Inside) -> None:
    """A lake with a few batches behind it and messages before it."""
    world.send(300)
    _take(world, inside)
    # So that a short log has a checkpoint too, and a commit after it.
    spark = inside.engine.session
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(  # type: ignore[union-attr]
        spark._jsparkSession, str(world.lake / _SALES)
    ).checkpoint()
    world.send(300)
    _take(world, inside)
    world.send(200)


def _take(world: World, inside: Inside) -> None:
    ended = inside.take(world)
    if ended.code:
        raise AssertionError(ended.output)


def _damage(world: World, inside: Inside, target: Target, how: Callable[[Path], None]) -> Outcome:
    fault = f"{target.name}: {(how.__doc__ or '').strip()}"
    found = sorted(world.lake.glob(target.pattern), key=lambda file: (file.stat().st_mtime, file))
    if not found:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, f"there is no {target.pattern}")
    sound = found[-1].read_bytes()
    how(found[-1])
    ended = inside.take(world)
    if ended.crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, ended.output)
    named = ended.error if ended.code else ""
    if named:
        if f"delete {world.checkpoint}" in named:
            shutil.rmtree(world.checkpoint)
        elif "restore the file" in named:
            found[-1].write_bytes(sound)
        ended = inside.take(world)
        if ended.code:
            return Outcome(GROUP, fault, Verdict.WRONG, f"mended, still: {ended.output}")
    return of(GROUP, fault, wrong_at_rest(inside.engine, world), named=named)


def checkpoints(world: World, inside: Inside) -> Iterator[Outcome]:
    """Go on without the stream's checkpoint, and with an older one."""
    group = "checkpoint"
    world.send(300)
    _take(world, inside)
    older = world.folder / "older-checkpoint"
    shutil.copytree(world.checkpoint, older)
    world.send(300)
    _take(world, inside)
    shutil.rmtree(world.checkpoint)
    shutil.copytree(older, world.checkpoint)
    world.send(100)
    yield _go_on(world, inside, group, "an older one is put back")
    shutil.rmtree(world.checkpoint)
    yield _go_on(world, inside, group, "it is deleted")


def _go_on(world: World, inside: Inside, group: str, fault: str) -> Outcome:
    ended = inside.take(world)
    outcome = (
        Outcome(group, fault, Verdict.WRONG, ended.output)
        if ended.code
        else of(group, fault, wrong_at_rest(inside.engine, world))
    )
    log.info("  %s: %s %s", fault, outcome.verdict, outcome.detail)
    return outcome
