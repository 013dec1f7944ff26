"""Disturbances during a stream: a second writer, compaction, a lock, lost messages, no broker."""

import contextlib
import itertools
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from goldrun.contracts.table import Table
from goldrun.io.delta.compaction import compact_if_free
from goldrun.io.delta.lake import Lake
from goldrun.jobs.context import Context
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.stream.maintenance import tables_of
from tests.faults.compare import find_differences
from tests.faults.in_process import ALL, InProcess
from tests.faults.outcome import Outcome, Verdict, outcome_of
from tests.faults.scenario import Ended, Scenario
from tests.kafka import delete_records

log = logging.getLogger("faults")

GROUP = "neighbours"
_RETENTION_HOURS = 0.02
"""Hours: longer than a micro-batch, and short enough for VACUUM to remove files."""
SMALL = replace(ALL, batch_rows=100)


def neighbours(scenario: Scenario, in_process: InProcess) -> Iterator[Outcome]:
    """Run a stream once with each disturbance."""
    for disturb in (
        _second_stream,
        _compaction_and_vacuum,
        _locked_store,
        _dead_broker,
        _lost_messages,
    ):
        outcome = disturb(scenario, in_process)
        log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
        yield outcome


def _compare(scenario: Scenario, in_process: InProcess, fault: str, ended: Ended) -> Outcome:
    if ended.code:
        return Outcome(GROUP, fault, Verdict.WRONG, ended.output)
    return outcome_of(GROUP, fault, find_differences(in_process.engine, scenario))


def _batches(scenario: Scenario) -> int:
    """Number of micro-batches that the stream has planned."""
    return sum(1 for _ in scenario.checkpoint.glob("offsets/[0-9]*"))


def _second_stream(scenario: Scenario, in_process: InProcess) -> Outcome:
    """Another process streams into the same lake."""
    fault = "a second process streams into the same lake"
    scenario.send(300)
    with Lake(in_process.engine, str(scenario.lake)).writing("_checkpoints/faults"):
        second = scenario.drain()
    if second.code != 5:
        return Outcome(GROUP, fault, Verdict.WRONG, f"the second stream started: {second.error}")
    outcome = _compare(scenario, in_process, fault, in_process.run(scenario, SMALL))
    return outcome if not outcome.passed else outcome_of(GROUP, fault, [], named=second.error)


@contextlib.contextmanager
def _repeating(work: Callable[[], None]) -> Iterator[None]:
    """Call ``work`` repeatedly in a thread while the block runs."""
    over = threading.Event()

    def again() -> None:
        while not over.wait(0.2):
            work()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(again)
        try:
            yield
        finally:
            over.set()
        done.result()


def _compaction_and_vacuum(scenario: Scenario, in_process: InProcess) -> Outcome:
    """OPTIMIZE and VACUUM of all tables in turn, without a pause, in the stream's process.

    VACUUM removes files older than about a minute; goldrun's default retention is a year.
    """
    ctx = in_process.context(scenario)
    tables, done = itertools.cycle(tables_of(ctx)), 0

    def tidy() -> None:
        nonlocal done
        table = next(tables)
        if ctx.lake.exists(table.name):
            done += compact_if_free(ctx.lake, table)
            in_process.engine.session.sql(
                f"VACUUM delta.`{ctx.lake.path(table.name)}` RETAIN {_RETENTION_HOURS} HOURS"
            )

    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    in_process.engine.session.conf.set(check, "false")
    scenario.send(400)
    with _repeating(tidy):
        ended = in_process.run(scenario, SMALL, ctx)
    in_process.engine.session.conf.unset(check)
    fault = "OPTIMIZE and VACUUM of all tables in turn, without a pause"
    removed = sum(_vacuumed(ctx, table) for table in tables_of(ctx))
    if not done or not removed:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, f"{done} compacted, {removed} files removed")
    return _compare(scenario, in_process, fault, ended)


def _vacuumed(ctx: Context, table: Table) -> int:
    """How many files VACUUM has removed from a table."""
    if not ctx.lake.exists(table.name):
        return 0
    history = ctx.lake.session.sql(f"DESCRIBE HISTORY delta.`{ctx.lake.path(table.name)}`")
    ends = history.where("operation = 'VACUUM END'").collect()
    return sum(int(row["operationMetrics"].get("numDeletedFiles", 0)) for row in ends)


def _locked_store(scenario: Scenario, in_process: InProcess) -> Outcome:
    """Another process locks MLflow's database for longer than a client waits."""
    fault = "MLflow's database is locked during the stream"
    scenario.send(300)
    seen, before = threading.Event(), _batches(scenario)

    def lock() -> None:
        if seen.is_set() or _batches(scenario) == before:
            return
        seen.set()
        with contextlib.closing(sqlite3.connect(scenario.store, timeout=30)) as store:
            store.execute("BEGIN EXCLUSIVE")
            time.sleep(30)
            store.rollback()

    with _repeating(lock):
        first = in_process.run(scenario, SMALL)
    if not seen.is_set():
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "the stream ended before the lock")
    return _compare_after_restart(scenario, in_process, fault, first)


def _compare_after_restart(
    scenario: Scenario, in_process: InProcess, fault: str, first: Ended
) -> Outcome:
    """Compare after a restart; the first run may have stopped with a named error."""
    if first.crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, first.output)
    outcome = _compare(scenario, in_process, fault, in_process.run(scenario))
    named = first.error if first.code else ""
    return outcome_of(GROUP, fault, [], named=named) if outcome.passed else outcome


def _dead_broker(scenario: Scenario, in_process: InProcess) -> Outcome:
    """The broker is killed and starts again some seconds later."""
    fault = "the broker is killed, and started again"
    scenario.send(600)
    killed, before = threading.Event(), _batches(scenario)

    def kill_broker() -> None:
        if killed.is_set() or _batches(scenario) == before:
            return
        killed.set()
        scenario.broker.kill()
        time.sleep(4)
        scenario.broker.start()

    with _repeating(kill_broker):
        first = in_process.run(scenario, Limits(batch_rows=100, every=0.1, seconds=60))
    if not killed.is_set():
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "no micro-batch had started")
    return _compare_after_restart(scenario, in_process, fault, first)


def _lost_messages(scenario: Scenario, in_process: InProcess) -> Outcome:
    """Kafka deletes messages before the stream reads them."""
    fault = "messages are deleted before the stream reads them"
    before = [place for place, _ in scenario.sent()]
    scenario.send(200)
    newest = max(
        int(place.rsplit("@", 1)[1]) for place in before if f"{scenario.topic}/0@" in place
    )
    delete_records(scenario.broker, scenario.topic, {0: newest + 20})
    ended = in_process.run(scenario)
    if ended.code != 13 or "no longer has messages" not in ended.error:
        return Outcome(GROUP, fault, Verdict.WRONG, f"the stream continued: {ended.output}")
    return outcome_of(GROUP, fault, [], named=ended.error)
