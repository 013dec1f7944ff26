"""``kill -9`` at random moments and at named points, and the same with a defence switched off."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from goldrun.errors import ContractError
from tests.faults.breaks import BREAKS
from tests.faults.child import BATCH_BEGINS, BATCH_ENDS
from tests.faults.compare import find_differences, find_repeated_keys
from tests.faults.in_process import InProcess
from tests.faults.outcome import Outcome, Verdict, outcome_of
from tests.faults.scenario import Scenario, Stream

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
the checkpoint; and between the commits of the last snapshot."""
BREAKS_AT = {
    "bronze_appends": "end bronze/transactions",
    "silver_appends": "end silver/transactions",
    "gold_progress_first": "begin gold/customer_daily",
    "no_backfill": "end bronze/transactions",
}
"""The point where a kill must reveal the missing defence."""
_BATCH = 150
_OPTIONS = (f"--batch-rows={_BATCH}", "--every=0.1", "--compact-every=5")
_SHARE_AT_START = 0.35
_SHARE_PYTHON_ALONE = 0.2
_COMPARE_EVERY = 10
_ENDED_ITSELF = "it had ended by itself"


@dataclass
class Kills:
    """Results of the random kills so far.

    Attributes:
        places: Number of kills by place.
        starts: Seconds from each start to its first micro-batch, backfill included.
        batch: Seconds that the last complete micro-batch took; random moments depend on it.
    """

    places: Counter[str] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    batch: float = 8.0

    @property
    def in_batches(self) -> int:
        """Number of kills during a micro-batch."""
        return sum(n for place, n in self.places.items() if place.startswith("in a batch"))


def named_kills(
    scenario: Scenario, in_process: InProcess, points: tuple[str, ...]
) -> Iterator[Outcome]:
    """Kill once at each point; no message may be lost or repeated."""
    for point in points:
        scenario.send(2 * _BATCH)
        ended = scenario.start("--available-now=true", *_OPTIONS, die_at=point).end()
        if ended.code != -9:
            yield Outcome(
                "kill -9 at a point", point, Verdict.WRONG, f"the kill failed: {ended.error}"
            )
            continue
        wrong = find_repeated_keys(in_process.engine, scenario)
        yield outcome_of(
            "kill -9 at a point", point, wrong or _differences_after_drain(scenario, in_process)
        )


def random_kills(
    scenario: Scenario, in_process: InProcess, kills: Kills, least: int, least_in_batches: int
) -> Iterator[Outcome]:
    """Kill repeatedly at random moments.

    After each kill no key may occur twice. After every tenth, and at the end, the stream reads all
    messages and the tables are compared with the truth, which gives an outcome.

    Args:
        scenario: Topic, lake and store.
        in_process: Reads the remaining messages before a comparison.
        kills: Results so far, which this function extends.
        least: Least number of kills.
        least_in_batches: Least number of kills during a micro-batch.
    """
    wrong: list[str] = []
    places = kills.places
    while places.total() < least or kills.in_batches < least_in_batches:
        place = _kill_once(scenario, kills)
        if place.startswith(_ENDED_ITSELF):
            wrong.append(place)
            yield _compare(scenario, in_process, places.total(), wrong)
            return
        places[place] += 1
        log.info("  %s, kill %s: %s", scenario.folder.name, places.total(), place)
        wrong += find_repeated_keys(in_process.engine, scenario)
        if places.total() % _COMPARE_EVERY == 0:
            yield _compare(scenario, in_process, places.total(), wrong)
            wrong = []
    if places.total() % _COMPARE_EVERY:
        yield _compare(scenario, in_process, places.total(), wrong)


def _kill_once(scenario: Scenario, kills: Kills) -> str:
    scenario.send(2 * _BATCH)
    began = time.monotonic()
    stream = scenario.start(*_OPTIONS)
    alone = scenario.chance.random() < _SHARE_PYTHON_ALONE
    if scenario.chance.random() < _SHARE_AT_START:
        time.sleep(scenario.chance.uniform(0, (kills.starts or [15.0])[-1]))
        return _killed(stream, python_alone=alone)
    if not stream.wait_for(BATCH_BEGINS):
        return f"{_ENDED_ITSELF}: {stream.end().error}"
    kills.starts.append(time.monotonic() - began)
    until = time.monotonic() + scenario.chance.uniform(0, 1.5 * kills.batch)
    began = time.monotonic()
    while time.monotonic() < until:
        if BATCH_ENDS in stream.points():
            kills.batch = time.monotonic() - began
            time.sleep(max(0.0, min(until - time.monotonic(), kills.batch)))
            break
        time.sleep(0.02)
    else:
        # The batch did not end in time: assume a longer one, to reach its last commits as well.
        kills.batch = max(kills.batch, 1.5 * (time.monotonic() - began))
    return _killed(stream, python_alone=alone)


def _killed(stream: Stream, *, python_alone: bool) -> str:
    """Kill the stream and return the place; a stream that had ended by itself is reported so."""
    if stream.process.poll() is not None:
        return f"{_ENDED_ITSELF}: {stream.end().error}"
    return stream.kill(python_alone=python_alone)


def _compare(scenario: Scenario, in_process: InProcess, kills: int, wrong: list[str]) -> Outcome:
    fault = f"{scenario.folder.name}: up to kill {kills}"
    return outcome_of(
        "kill -9 at random", fault, wrong or _differences_after_drain(scenario, in_process)
    )


def _differences_after_drain(scenario: Scenario, in_process: InProcess) -> list[str]:
    drained = in_process.run(scenario)
    if drained.code:
        return [f"the stream did not continue: {drained.error}"]
    return find_differences(in_process.engine, scenario)


def broken_defence(scenario: Scenario, in_process: InProcess, broken: str) -> Outcome:
    """Switch a defence off and kill where it is needed: the comparison must find a difference."""
    group, fault = "mutation control", f"{broken}: {(BREAKS[broken].__doc__ or '').strip()}"
    engine = in_process.engine
    scenario.send(_BATCH)
    undisturbed = in_process.run(scenario)
    if undisturbed.code:
        return Outcome(group, fault, Verdict.WRONG, f"failed without a fault: {undisturbed.output}")
    scenario.send(2 * _BATCH)
    stopped = scenario.start(*_OPTIONS, die_at=BREAKS_AT[broken], broken=broken).end()
    if stopped.code != -9:
        return Outcome(group, fault, Verdict.WRONG, f"the kill failed: {stopped.error}")
    ended = scenario.drain(broken=broken)
    wrong = find_repeated_keys(engine, scenario)
    if ended.code not in {0, ContractError.exit_code}:
        return Outcome(group, fault, Verdict.WRONG, f"the stream did not continue: {ended.error}")
    wrong += find_differences(engine, scenario) if ended.code == 0 else [ended.error]
    if not wrong:
        return Outcome(group, fault, Verdict.WRONG, "no difference was found")
    return Outcome(group, fault, Verdict.DETECTED, wrong[0])
