"""Damage to files of the lake and the checkpoint: truncated, emptied, flipped, deleted, older."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.faults.compare import find_differences
from tests.faults.in_process import InProcess
from tests.faults.outcome import Outcome, Verdict, outcome_of
from tests.faults.scenario import Scenario

log = logging.getLogger("faults")

GROUP = "damaged files"
_FLIPPED = 0x10
_SALES = "silver/transactions"


def truncated(file: Path) -> None:
    """Only the first half remains."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def emptied(file: Path) -> None:
    """The file is empty."""
    file.write_bytes(b"")


def flipped(file: Path) -> None:
    """One bit in the middle is flipped."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= _FLIPPED
    file.write_bytes(bytes(content))


def deleted(file: Path) -> None:
    """The file is deleted."""
    file.unlink()


_HOW = (truncated, emptied, flipped, deleted)


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
    Target("data file of gold", "gold/customer_daily/*.parquet", (truncated, flipped)),
)
CHECKPOINT_FILES = (
    Target("offsets of the checkpoint", "_checkpoints/*/offsets/[0-9]*"),
    Target("commits of the checkpoint", "_checkpoints/*/commits/[0-9]*"),
    Target("metadata of the checkpoint", "_checkpoints/*/metadata"),
)


def damaged_files(
    scenario: Scenario, in_process: InProcess, targets: tuple[Target, ...]
) -> Iterator[Outcome]:
    """Damage one file at a time in a copy of a lake with some batches, then continue the stream.

    A stream that stops with a named error must continue after the remedy that the error names.
    """
    _prepare(scenario, in_process)
    for number, (target, how) in enumerate((t, h) for t in targets for h in t.how):
        copy = replace(scenario, lake_name=f"damaged-{number}")
        shutil.copytree(scenario.lake, copy.lake)
        outcome = _damage(copy, in_process, target, how)
        log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
        shutil.rmtree(copy.lake)
        in_process.forget_tables()
        yield outcome


def _prepare(scenario: Scenario, in_process: InProcess) -> None:
    """Prepare a lake with a few batches, and messages that the stream has not read."""
    scenario.send(300)
    _run_to_the_end(scenario, in_process)
    # A short log has no checkpoint by itself: write one, and let a commit follow it.
    spark = in_process.engine.session
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.forTable(  # type: ignore[union-attr]
        spark._jsparkSession, str(scenario.lake / _SALES)
    ).checkpoint()
    scenario.send(300)
    _run_to_the_end(scenario, in_process)
    scenario.send(200)


def _run_to_the_end(scenario: Scenario, in_process: InProcess) -> None:
    ended = in_process.run(scenario)
    if ended.code:
        raise AssertionError(ended.output)


def _damage(
    scenario: Scenario, in_process: InProcess, target: Target, how: Callable[[Path], None]
) -> Outcome:
    fault = f"{target.name}: {(how.__doc__ or '').strip()}"
    found = sorted(
        scenario.lake.glob(target.pattern), key=lambda file: (file.stat().st_mtime, file)
    )
    if not found:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, f"there is no {target.pattern}")
    original = found[-1].read_bytes()
    how(found[-1])
    ended = in_process.run(scenario)
    if ended.crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, ended.output)
    named = ended.error if ended.code else ""
    if named:
        if f"delete {scenario.checkpoint}" in named:
            shutil.rmtree(scenario.checkpoint)
        elif "restore the file" in named:
            found[-1].write_bytes(original)
        ended = in_process.run(scenario)
        if ended.code:
            return Outcome(GROUP, fault, Verdict.WRONG, f"after the remedy: {ended.output}")
    return outcome_of(GROUP, fault, find_differences(in_process.engine, scenario), named=named)


def checkpoints(scenario: Scenario, in_process: InProcess) -> Iterator[Outcome]:
    """Continue the stream with an older checkpoint, and without one."""
    group = "checkpoint"
    scenario.send(300)
    _run_to_the_end(scenario, in_process)
    older = scenario.folder / "older-checkpoint"
    shutil.copytree(scenario.checkpoint, older)
    scenario.send(300)
    _run_to_the_end(scenario, in_process)
    shutil.rmtree(scenario.checkpoint)
    shutil.copytree(older, scenario.checkpoint)
    scenario.send(100)
    yield _continue(scenario, in_process, group, "an older one is put back")
    shutil.rmtree(scenario.checkpoint)
    yield _continue(scenario, in_process, group, "it is deleted")


def _continue(scenario: Scenario, in_process: InProcess, group: str, fault: str) -> Outcome:
    ended = in_process.run(scenario)
    outcome = (
        Outcome(group, fault, Verdict.WRONG, ended.output)
        if ended.code
        else outcome_of(group, fault, find_differences(in_process.engine, scenario))
    )
    log.info("  %s: %s %s", fault, outcome.verdict, outcome.detail)
    return outcome
