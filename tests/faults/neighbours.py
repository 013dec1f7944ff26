"""What others do meanwhile: write, compact, vacuum, lock, delete messages, kill the broker."""

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
from tests.faults.inside import ALL, Inside
from tests.faults.look import wrong_at_rest
from tests.faults.outcome import Outcome, Verdict, of
from tests.faults.world import Ended, World
from tests.kafka import delete_records

log = logging.getLogger("faults")

GROUP = "neighbours"
_KEPT = 0.02
"""Hours: longer than a micro-batch, and short enough for files to be removed meanwhile."""
SMALL = replace(ALL, batch_rows=100)


def neighbours(world: World, inside: Inside) -> Iterator[Outcome]:
    """Let each of them disturb a stream that is at work."""
    for disturb in (_second_stream, _compaction_and_vacuum, _locked_store, _dead_broker, _lost):
        outcome = disturb(world, inside)
        log.info("  %s: %s %s", outcome.fault, outcome.verdict, outcome.detail)
        yield outcome


def _judged(world: World, inside: Inside, fault: str, ended: Ended) -> Outcome:
    if ended.code:
        return Outcome(GROUP, fault, Verdict.WRONG, ended.output)
    return of(GROUP, fault, wrong_at_rest(inside.engine, world))


def _batches(world: World) -> int:
    """How many micro-batches the stream has planned in all."""
    return sum(1 for _ in world.checkpoint.glob("offsets/[0-9]*"))


def _second_stream(world: World, inside: Inside) -> Outcome:
    """Another process streams into the same lake."""
    fault = "a second process streams into the same lake"
    world.send(300)
    with Lake(inside.engine, str(world.lake)).writing("_checkpoints/faults"):
        second = world.drain()
    if second.code != 5:
        return Outcome(GROUP, fault, Verdict.WRONG, f"it was let in: {second.error}")
    outcome = _judged(world, inside, fault, inside.take(world, SMALL))
    return outcome if not outcome.passed else of(GROUP, fault, [], named=second.error)


@contextlib.contextmanager
def _meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do it again and again beside what happens inside."""
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


def _compaction_and_vacuum(world: World, inside: Inside) -> Outcome:
    """OPTIMIZE and VACUUM of one table after the other all the time, in the stream's process.

    VACUUM removes what is older than a minute or so; goldrun's own tables keep a year.
    """
    ctx = inside.context(world)
    tables, done = itertools.cycle(tables_of(ctx)), 0

    def tidy() -> None:
        nonlocal done
        table = next(tables)
        if ctx.lake.exists(table.name):
            done += compact_if_free(ctx.lake, table)
            inside.engine.session.sql(
                f"VACUUM delta.`{ctx.lake.path(table.name)}` RETAIN {_KEPT} HOURS"
            )

    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    inside.engine.session.conf.set(check, "false")
    world.send(400)
    with _meanwhile(tidy):
        ended = inside.take(world, SMALL, ctx)
    inside.engine.session.conf.unset(check)
    fault = "OPTIMIZE and VACUUM of one table after the other, all the time"
    removed = sum(_vacuumed(ctx, table) for table in tables_of(ctx))
    if not done or not removed:
        return Outcome(GROUP, fault, Verdict.NOT_RUN, f"{done} compacted, {removed} files removed")
    return _judged(world, inside, fault, ended)


def _vacuumed(ctx: Context, table: Table) -> int:
    """How many files VACUUM has removed from a table."""
    if not ctx.lake.exists(table.name):
        return 0
    history = ctx.lake.session.sql(f"DESCRIBE HISTORY delta.`{ctx.lake.path(table.name)}`")
    ends = history.where("operation = 'VACUUM END'").collect()
    return sum(int(row["operationMetrics"].get("numDeletedFiles", 0)) for row in ends)


def _locked_store(world: World, inside: Inside) -> Outcome:
    """MLflow's database is locked by somebody else, for longer than a client waits."""
    fault = "MLflow's database is locked during the stream"
    world.send(300)
    seen, before = threading.Event(), _batches(world)

    def lock() -> None:
        if seen.is_set() or _batches(world) == before:
            return
        seen.set()
        with contextlib.closing(sqlite3.connect(world.store, timeout=30)) as store:
            store.execute("BEGIN EXCLUSIVE")
            time.sleep(30)
            store.rollback()

    with _meanwhile(lock):
        first = inside.take(world, SMALL)
    if not seen.is_set():
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "the stream was over before")
    return _judged_again(world, inside, fault, first)


def _judged_again(world: World, inside: Inside, fault: str, first: Ended) -> Outcome:
    """Judge after another start, where the first may have been stopped by name."""
    if first.crashed:
        return Outcome(GROUP, fault, Verdict.WRONG, first.output)
    outcome = _judged(world, inside, fault, inside.take(world))
    named = first.error if first.code else ""
    return of(GROUP, fault, [], named=named) if outcome.passed else outcome


def _dead_broker(world: World, inside: Inside) -> Outcome:
    """The broker is killed and comes back some seconds later."""
    fault = "the broker is killed, and started again"
    world.send(600)
    struck, before = threading.Event(), _batches(world)

    def strike() -> None:
        if struck.is_set() or _batches(world) == before:
            return
        struck.set()
        world.broker.kill()
        time.sleep(4)
        world.broker.start()

    with _meanwhile(strike):
        first = inside.take(world, Limits(batch_rows=100, every=0.1, seconds=60))
    if not struck.is_set():
        return Outcome(GROUP, fault, Verdict.NOT_RUN, "no micro-batch had begun")
    return _judged_again(world, inside, fault, first)


def _lost(world: World, inside: Inside) -> Outcome:
    """Messages are deleted before the stream has read them."""
    fault = "messages are gone before they were read"
    before = [place for place, _ in world.sent()]
    world.send(200)
    newest = max(int(place.rsplit("@", 1)[1]) for place in before if f"{world.topic}/0@" in place)
    delete_records(world.broker, world.topic, {0: newest + 20})
    ended = inside.take(world)
    if ended.code != 13 or "no longer has messages" not in ended.error:
        return Outcome(GROUP, fault, Verdict.WRONG, f"it went on: {ended.output}")
    return of(GROUP, fault, [], named=ended.error)
