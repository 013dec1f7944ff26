"""Files of random layouts become the tables that plain Python makes of them.

``make layouts`` draws as many as it is told, by readers, commands and streams.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from tests.layouts import commands, readers, streams
from tests.layouts.commands import Drawn
from tests.layouts.fates import Tables, expected_tables
from tests.layouts.files import File, write_files
from tests.layouts.oracle import Outcome, outcomes, with_context
from tests.layouts.rows import draw_rows
from tests.layouts.shop import BY_LINE, FORMS, JOINED, JSON, TIME, Shop, draw_shop
from tests.project_copy import Project

QUICK = (range(21, 29), range(29, 37), range(31, 39))
"""Draws that are read each time, by shop: of nested orders, of filled cells, and of a join."""
QUICK_COMMANDS = 43


@pytest.mark.parametrize("numbers", QUICK)
def test_readers_and_mappings_agree_with_plain_python(
    engine: Engine, tmp_path: Path, numbers: range
) -> None:
    assert readers.differing(engine, numbers, tmp_path) == {}


def test_the_quick_draws_need_everything_that_a_shop_declares(tmp_path: Path) -> None:
    needed: set[str] = set()
    for numbers in QUICK:
        inbox = tmp_path / str(numbers.start)
        inbox.mkdir()
        for shop, files in readers.draw(numbers, inbox)[1].values():
            needed.update(*(needs(shop, file) for file in files))
    assert needed == {*FORMS, "fill down", "line numbers", "join", "elements", "JSON by line"}


def needs(shop: Shop, file: File) -> set[str]:
    """What it takes to read a file: its form, and what its records have from elsewhere."""
    records = zip(file.lines, with_context(shop, file.lines), strict=True)
    known = [(line, record) for line, record in records if line is not None]
    time = shop.key(TIME)
    facts = {
        "fill down": any(record[time] != line[time] for line, record in known),
        "line numbers": shop.identified == BY_LINE,
        "join": any(f"{JOINED}.Who" in record for _, record in known),
        "elements": shop.nested,
        # No other JSON has a malformed record.
        "JSON by line": shop.layout.form == JSON and None in file.lines,
    }
    return {shop.layout.form, *(fact for fact, holds in facts.items() if holds)}


def test_commands_agree_with_plain_python(engine: Engine, tmp_path: Path) -> None:
    assert commands.differences(engine, tmp_path / "shop", QUICK_COMMANDS, None) == []


def test_the_quick_commands_write_every_table_in_two_runs(tmp_path: Path) -> None:
    drawn = Drawn(random.Random(QUICK_COMMANDS), tmp_path / "shop")
    runs = [drawn.write_next() for _ in range(2)]
    tables = expected_tables(drawn.shop, runs, readers.NOW)
    assert drawn.runs == []
    assert drawn.shop.fills
    assert drawn.shop.joined
    assert tables.silver
    assert tables.history
    assert tables.duplicates
    assert tables.quarantine


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_a_thousand_draws_agree_with_plain_python(
    engine: Engine, tmp_path: Path, first: int
) -> None:
    assert readers.differing(engine, range(first, first + 250), tmp_path) == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_processes_and_commands_agree_with_plain_python(
    engine: Engine, project: Project, tmp_path: Path, seed: int
) -> None:
    given = project if seed == 100 else None
    assert commands.differences(engine, tmp_path / "shop", seed, given) == []


@pytest.mark.slow
@pytest.mark.of_spark
@pytest.mark.parametrize("seed", range(4))
def test_a_stream_of_files_writes_the_tables_of_a_batch(
    engine: Engine, tracker: Tracker, tmp_path: Path, seed: int
) -> None:
    assert streams.differences(engine, tracker, tmp_path / "shop", seed) == []


def test_draws_have_every_form_and_fault(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(80):
        dice = random.Random(seed)
        shop = draw_shop(dice, FORMS[seed % len(FORMS)])
        rows = draw_rows(dice, shop, "t", 20)
        for file in write_files(dice, shop, rows, tmp_path, f"{seed}-"):
            seen.update(file.path.suffixes)
            for one in outcomes(shop, file, readers.NOW):
                seen.update(one.reasons | one.warnings or {"accepted"})
    wanted = {".csv", ".CSV", ".txt", ".json", ".parquet", ".xlsx", ".zip", ".gz", ".BZ2"}
    wanted |= {"record_malformed", "record_undecodable", "transaction_date_without_zone"}
    wanted |= {"transaction_date_digits_lost", "amount_digits_lost", "price_unparsed"}
    assert wanted <= {*seen}
    assert seen["accepted"] > sum(seen.values()) / 4


def test_a_difference_of_any_table_is_detected() -> None:
    one = Tables(
        silver=Counter({("t1", "c1"): 1}),
        history=Counter(),
        duplicates=1,
        quarantine=Counter({("a.csv", "price_negative"): 2}),
        customers={"c1"},
    )
    assert one.differences(one) == []
    for changed in (
        replace(one, silver=Counter({("t2", "c1"): 1})),
        replace(one, silver=Counter({("t1", "c2"): 1})),
        replace(one, silver=Counter({("t1", "c1"): 2})),
        replace(one, history=Counter({("t1", "c1"): 1})),
        replace(one, duplicates=2),
        replace(one, quarantine=Counter({("a.csv", "price_negative"): 1})),
        replace(one, quarantine=Counter({("a.csv", "price_unparsed"): 2})),
        replace(one, quarantine=Counter({("b.csv", "price_negative"): 2})),
        replace(one, customers=set()),
    ):
        assert one.differences(changed)
        assert changed.differences(one)


CHANGES: dict[str, Callable[[Outcome], Outcome]] = {
    "record": lambda one: replace(one, record={**one.record, "more": "changed"}),
    "value": lambda one: replace(one, values={**one.values, "product_id": "changed"}),
    "reason": lambda one: replace(one, reasons={*one.reasons, "changed"}),
    "warning": lambda one: replace(one, warnings={*one.warnings, "changed"}),
}


def test_an_outcome_that_differs_from_plain_python_is_detected(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each draw has another kind of difference."""
    changes = list(CHANGES.values())

    def other(shop: Shop, file: File, at: datetime) -> list[Outcome]:
        number = int(file.path.name.partition("-")[0])
        return [changes[number](one) for one in outcomes(shop, file, at)]

    monkeypatch.setattr(readers, "outcomes", other)
    found = readers.differing(engine, range(len(changes)), tmp_path)
    assert list(found) == ["0", "1", "2", "3"]
    assert all("changed" in line for lines in found.values() for line in lines)
