"""``kill -9`` at random moments and at named points, and the same with a defence switched off."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from goldrun.errors import ContractError
from tests.faults.breaks import BREAKS
from tests.faults.child import BATCH_BEGINS, BATCH_ENDS
from tests.faults.inside import Inside
from tests.faults.look import wrong_at_any_time, wrong_at_rest
from tests.faults.outcome import Outcome, Verdict, of
from tests.faults.world import Stream, World

log = logging.getLogger("faults")

POINTS = (
    "begin bronze/transactions",
    "end bronze/transactions",
    "end silver/quarantine",
    "end silver/duplicates",
    "end silver/transactions_history",
    "end silver/transactions",
    "end gold/customer_daily",
    "end gold/customer_products",
    "end gold/customer_places",
    "end gold/user_features",
    "end ops/gold_progress",
    BATCH_ENDS,
    "end silver/customers",
    "end gold/customer_features",
)
"""Around every commit: before the first, between any two, after the last of a micro-batch, before
the checkpoint; and between those with which a stream rounds off."""
BREAKS_AT = {
    "bronze_repeats": "end bronze/transactions",
    "silver_repeats": "end silver/transactions",
    "gold_hurries": "begin gold/customer_daily",
    "nothing_caught_up": "end bronze/transactions",
}
"""Where a kill must show that the defence is needed."""
_BATCH = 150
_OPTIONS = (f"--batch-rows={_BATCH}", "--every=0.1", "--compact-every=5")
_SHARE_AT_START = 0.35
_SHARE_PYTHON_ALONE = 0.2
_LOOK_EVERY = 10
_BY_ITSELF = "it had ended by itself"


@dataclass
class Kills:
    """What random kills have shown so far.

    Attributes:
        places: How many fell where.
        starts: Seconds from each start to its first micro-batch, catching up included.
        batch: Seconds that the last whole micro-batch took: chance draws moments from it.
    """

    places: Counter[str] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    batch: float = 8.0

    @property
    def in_batches(self) -> int:
        """How many fell while a micro-batch was being written."""
        return sum(n for place, n in self.places.items() if place.startswith("in a batch"))


def named_kills(world: World, inside: Inside, points: tuple[str, ...]) -> Iterator[Outcome]:
    """Kill once at each point; all that was sent must be there after each."""
    for point in points:
        world.send(2 * _BATCH)
        ended = world.start("--available-now=true", *_OPTIONS, die_at=point).end()
        if ended.code != -9:
            yield Outcome("kill -9 at a point", point, Verdict.WRONG, f"lived: {ended.error}")
            continue
        wrong = wrong_at_any_time(inside.engine, world)
        yield of("kill -9 at a point", point, wrong or _wrong_once_drained(world, inside))


def random_kills(
    world: World, inside: Inside, kills: Kills, least: int, least_in_batches: int
) -> Iterator[Outcome]:
    """Kill again and again at moments drawn by chance.

    After each kill nothing may stand twice; after every tenth, and at the end, all is taken and
    compared with the truth, which is an outcome.

    Args:
        world: Where.
        inside: What takes the rest after some kills, and looks.
        kills: What they have shown; added to.
        least: How often to kill.
        least_in_batches: How many kills must fall while a batch is being written.
    """
    wrong: list[str] = []
    places = kills.places
    while places.total() < least or kills.in_batches < least_in_batches:
        place = _kill_once(world, kills)
        if place.startswith(_BY_ITSELF):
            wrong.append(place)
            yield _compare(world, inside, places.total(), wrong)
            return
        places[place] += 1
        log.info("  %s, kill %s: %s", world.folder.name, places.total(), place)
        wrong += wrong_at_any_time(inside.engine, world)
        if places.total() % _LOOK_EVERY == 0:
            yield _compare(world, inside, places.total(), wrong)
            wrong = []
    if places.total() % _LOOK_EVERY:
        yield _compare(world, inside, places.total(), wrong)


def _kill_once(world: World, kills: Kills) -> str:
    world.send(2 * _BATCH)
    began = time.monotonic()
    stream = world.start(*_OPTIONS)
    alone = world.chance.random() < _SHARE_PYTHON_ALONE
    if world.chance.random() < _SHARE_AT_START:
        time.sleep(world.chance.uniform(0, (kills.starts or [15.0])[-1]))
        return _killed(stream, python_alone=alone)
    if not stream.wait_for(BATCH_BEGINS):
        return f"{_BY_ITSELF}: {stream.end().error}"
    kills.starts.append(time.monotonic() - began)
    until = time.monotonic() + world.chance.uniform(0, 1.5 * kills.batch)
    began = time.monotonic()
    while time.monotonic() < until:
        if BATCH_ENDS in stream.points():
            kills.batch = time.monotonic() - began
            time.sleep(max(0.0, min(until - time.monotonic(), kills.batch)))
            break
        time.sleep(0.02)
    else:
        # It was not seen to end: so that later kills fall on its later commits too.
        kills.batch = max(kills.batch, 1.5 * (time.monotonic() - began))
    return _killed(stream, python_alone=alone)


def _killed(stream: Stream, *, python_alone: bool) -> str:
    """Kill, and say where it was; what had ended before was not killed."""
    if stream.process.poll() is not None:
        return f"{_BY_ITSELF}: {stream.end().error}"
    return stream.kill(python_alone=python_alone)


def _compare(world: World, inside: Inside, kills: int, wrong: list[str]) -> Outcome:
    fault = f"{world.folder.name}: up to kill {kills}"
    return of("kill -9 at random", fault, wrong or _wrong_once_drained(world, inside))


def _wrong_once_drained(world: World, inside: Inside) -> list[str]:
    drained = inside.take(world)
    if drained.code:
        return [f"it did not go on: {drained.error}"]
    return wrong_at_rest(inside.engine, world)


def broken_defence(world: World, inside: Inside, broken: str) -> Outcome:
    """Switch a defence off and kill where it is needed: something wrong must be seen."""
    group, fault = "mutation control", f"{broken}: {(BREAKS[broken].__doc__ or '').strip()}"
    engine = inside.engine
    world.send(_BATCH)
    whole = inside.take(world)
    if whole.code:
        return Outcome(group, fault, Verdict.WRONG, f"undisturbed: {whole.output}")
    world.send(2 * _BATCH)
    stopped = world.start(*_OPTIONS, die_at=BREAKS_AT[broken], broken=broken).end()
    if stopped.code != -9:
        return Outcome(group, fault, Verdict.WRONG, f"lived: {stopped.error}")
    ended = world.drain(broken=broken)
    wrong = wrong_at_any_time(engine, world)
    if ended.code not in {0, ContractError.exit_code}:
        return Outcome(group, fault, Verdict.WRONG, f"it could not go on: {ended.error}")
    wrong += wrong_at_rest(engine, world) if ended.code == 0 else [ended.error]
    if not wrong:
        return Outcome(group, fault, Verdict.WRONG, "nobody noticed")
    return Outcome(group, fault, Verdict.CAUGHT, wrong[0])
