"""The current row of each key: a model of the rules in Python, compared with random lakes.

Each key of a lake is one example: its rows, in up to three files, are read in several runs.
Some rows wait for their customer and come out of quarantine last. Runs end before any of their
commits and begin again. Whatever happens, each record must have the fate that the model gives it.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.medallion.mapping import text_of
from tests.jobs.old_files import LONG_AGO, age

KEYS = 40
DAY = datetime(2024, 5, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
HEADER = "n,id,who,amount,at"
SHOP = """
timezone = "UTC"
max_reject_share = 1
unknown_customers = "quarantine"
[customers]
path = "{folder}/customers"
[customers.columns]
customer_id = "id"
[transactions]
path = "{folder}/lines"
[transactions.columns]
transaction_id = "id"
customer_id = "who"
quantity = "1"
price = "1"
amount = "amount"
transaction_status = "'completed'"
"""
TIMES = {
    True: 'transaction_date = "\'2024-05-01T00:00:00Z\'"\nupdated_at = "at"\n',
    False: 'transaction_date = "at"\n',
}
"""Mapping of ``at`` in a source with ``updated_at``, and in one without."""


@dataclass(frozen=True, order=True)
class Line:
    """A line of a file; the order of its fields is the order of ingestion."""

    run: int
    file: str
    row: int
    n: int
    key: str
    who: str
    amount: int
    hour: int

    @property
    def content(self) -> tuple[str, int, int]:
        return self.who, self.amount, self.hour

    @property
    def at(self) -> datetime:
        return DAY + timedelta(hours=self.hour)


Fate = tuple[object, ...]


def fates_of_key(lines: Sequence[Line], *, mapped: bool) -> dict[int, Fate]:
    """The model: the fate of each accepted line of one key, by its number."""

    def version(line: Line) -> int:
        return line.hour if mapped else 0

    fates: dict[int, Fate] = {}
    ordered: list[Line] = []
    for _, of_file in groupby(sorted(lines), key=lambda line: line.file):
        of_key = list(of_file)
        contents = {(version(line), line.content) for line in of_key}
        if len(contents) > len({version(line) for line in of_key}):
            fates |= {line.n: ("rejected",) for line in of_key}
        else:
            ordered += of_key
    versions: list[Line] = []
    for line in sorted(ordered, key=lambda line: (version(line), line)):
        if versions and versions[-1].content == line.content:
            fates[line.n] = ("duplicate", versions[-1].n)
        else:
            versions.append(line)
    for position, line in enumerate(versions):
        after = [later.at for later in versions[position + 1 :]]
        span = (line.at, max(line.at, min(after))) if after else ()
        fates[line.n] = ("superseded", *span) if after else ("current",)
    return fates


def example(chance: random.Random, runs: int) -> list[Line]:
    """Draw the lines of a lake: forty keys, few times and contents, so that many are equal."""
    # The runs that read the files a, b and c.
    schedules = chance.sample([*product(range(runs), repeat=3)], 6)
    lines: list[Line] = []
    for number in range(KEYS):
        schedule = chance.choice(schedules)
        for _ in range(chance.randint(1, 6)):
            name = chance.randrange(3)
            file = "".join(map(str, schedule)) + "abc"[name]
            who = chance.choice(["known", "known", "late"])
            amount, hour = chance.randint(1, 2), chance.randrange(3)
            n = len(lines)
            lines.append(Line(schedule[name], file, n, n, f"k{number}", who, amount, hour))
            if chance.random() < 0.3:
                lines.append(replace(lines[-1], row=n + 1, n=n + 1))
    return lines


class PowerCutError(Exception):
    """An error that the pipeline does not handle."""


@contextmanager
def cut_before(commit: int) -> Iterator[None]:
    """Stop the process before it makes this commit, counted from 0."""
    left = commit

    with pytest.MonkeyPatch.context() as patched:
        for method in ("upsert", "append_unless_empty", "delete_rows"):
            whole = getattr(Lake, method)

            def counted(self: Lake, *given: Any, whole: Any = whole) -> Any:
                nonlocal left
                if left == 0:
                    raise PowerCutError
                left -= 1
                return whole(self, *given)

            patched.setattr(Lake, method, counted)
        yield


class Shop:
    """A lake with the files that it is computed from."""

    def __init__(self, engine: Engine, tracker: Tracker, place: Path, *, mapped: bool) -> None:
        self.folder, self.moment = place, NOW
        for each in ("customers", "lines"):
            (place / each).mkdir(parents=True)
        toml = place / "shop.toml"
        toml.write_text(SHOP.format(folder=place) + TIMES[mapped])
        source = load_source(str(toml))
        self.ctx = Context(Lake(engine, str(place / "lake")), tracker, source, NOW)

    def add_file(self, lines: Sequence[Line]) -> None:
        for name in {line.file for line in lines}:
            of_key = [line for line in lines if line.file == name]
            text = [f"{i.n},{i.key},{i.who},{i.amount},{i.at:%FT%TZ}" for i in of_key]
            self.write("lines", f"{name}.csv", HEADER, *text)

    def write(self, folder: str, name: str, *text: str) -> None:
        file = self.folder / folder / name
        file.write_text("\n".join(text) + "\n")
        age(file, LONG_AGO)

    def run(self, *, replay: bool = False, cut: int | None = None) -> None:
        """Run bronze and silver, one day after the previous run; an interrupted run is repeated."""
        self.moment += timedelta(days=1)
        ctx = replace(self.ctx, now=self.moment)
        bronze.run(ctx)
        if cut is not None:
            with cut_before(cut), suppress(PowerCutError):
                silver.run(ctx, replay=replay)
            if replay:
                silver.run(ctx)
        silver.run(ctx, replay=replay)

    def fates(self) -> dict[int, Fate]:
        """Return the fate of each record by its number in the files."""
        lake = self.ctx.lake
        raw = lake.read("bronze/transactions").select(lineage.RECORD_ID, text_of("n")).collect()
        number = {row[0]: int(row[1]) for row in raw}

        def rows(table: str, *names: str) -> list[tuple[Any, ...]]:
            times = [
                F.unix_seconds(n) if n in (lineage.VALID_FROM, lineage.VALID_TO) else n
                for n in names
            ]
            found = lake.read(table).select(lineage.RECORD_ID, *times).collect()
            return [tuple(row) for row in found]

        history = rows(
            lineage.history_table(TRANSACTIONS).name, lineage.VALID_FROM, lineage.VALID_TO
        )
        moments = [
            (r, *(datetime.fromtimestamp(each, UTC) for each in ends)) for r, *ends in history
        ]
        found: list[tuple[int, Fate]] = []
        found += [(number[r], ("current",)) for (r,) in rows(TRANSACTIONS.name)]
        found += [(number[r], ("superseded", *ends)) for r, *ends in moments]
        repeats = rows(lineage.DUPLICATES.name, lineage.KEPT_RECORD_ID)
        found += [(number[r], ("duplicate", number[kept])) for r, kept in repeats if r in number]
        waiting = rows(lineage.QUARANTINE.name, lineage.STATE, lineage.REASONS)
        for r, state, reasons in waiting:
            if state == "open":
                word = "rejected" if list(reasons) == ["key_not_unique"] else reasons[0]
                found.append((number[r], (word,)))
        assert len(found) == len(dict(found)), "a record has two fates"
        return dict(found)


def expected(lines: Sequence[Line], *, mapped: bool, with_late: bool) -> dict[int, Fate]:
    fates: dict[int, Fate] = {}
    for key in {line.key for line in lines}:
        of_key = [line for line in lines if line.key == key]
        accepted = [line for line in of_key if with_late or line.who == "known"]
        fates |= {line.n: ("customer_unknown",) for line in of_key if line not in accepted}
        fates |= fates_of_key(accepted, mapped=mapped)
    return fates


@dataclass(frozen=True)
class Difference:
    """A key whose records have different fates in the lake and in the model."""

    lines: list[Line]
    found: dict[int, Fate | None]
    expected: dict[int, Fate | None]


def differences(
    shop: Shop, lines: Sequence[Line], *, mapped: bool, with_late: bool
) -> list[Difference]:
    """Compare the lake with the model, key by key, so that the first difference is readable."""
    found, right = shop.fates(), expected(lines, mapped=mapped, with_late=with_late)
    groups = [sorted(i for i in lines if i.key == key) for key in sorted({i.key for i in lines})]
    known = {line.n for line in lines}
    strangers = {n: fate for n, fate in found.items() if n not in known}
    compared = [
        Difference(g, {i.n: found.get(i.n) for i in g}, {i.n: right[i.n] for i in g})
        for g in groups
    ] + [Difference([], dict(strangers), {})]
    return [each for each in compared if each.found != each.expected]


def differences_of_a_lake(shop: Shop, seed: int, *, mapped: bool, runs: int) -> list[Difference]:
    """Compare a random lake with the model before and after a late customer is read."""
    chance = random.Random(seed)
    lines = example(chance, runs)
    shop.write("customers", "1.csv", "id", "known")
    for run in range(runs):
        shop.add_file([line for line in lines if line.run == run])
        shop.run(cut=chance.choice([None, *range(8)]) if run else None)
    before = differences(shop, lines, mapped=mapped, with_late=False)
    shop.write("customers", "2.csv", "id", "late")
    shop.run(replay=True, cut=chance.choice([None, *range(12)]))
    return before + differences(shop, lines, mapped=mapped, with_late=True)


given_seed = given(seed=st.integers(0, 2**32))
once = settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize(
    "mapped",
    [
        pytest.param(False, marks=pytest.mark.slow, id="by ingestion"),
        pytest.param(True, id="by updated_at"),
    ],
)
@once
@given_seed
def test_each_record_has_the_fate_of_the_model(
    engine: Engine,
    tracker: Tracker,
    tmp_path_factory: pytest.TempPathFactory,
    mapped: bool,
    seed: int,
) -> None:
    place = tmp_path_factory.mktemp("shop")
    shop = Shop(engine, tracker, place, mapped=mapped)
    assert differences_of_a_lake(shop, seed, mapped=mapped, runs=2) == []


@pytest.mark.slow
@pytest.mark.parametrize("mapped", [False, True], ids=["by ingestion", "by updated_at"])
@settings(once, max_examples=25)
@given_seed
def test_many_random_lakes_agree_with_the_model(
    engine: Engine,
    tracker: Tracker,
    tmp_path_factory: pytest.TempPathFactory,
    mapped: bool,
    seed: int,
) -> None:
    place = tmp_path_factory.mktemp("shop")
    shop = Shop(engine, tracker, place, mapped=mapped)
    assert differences_of_a_lake(shop, seed, mapped=mapped, runs=3) == []
