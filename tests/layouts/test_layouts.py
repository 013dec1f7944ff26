"""Files of random layouts become the tables that plain Python makes of them.

``make layouts`` draws as many as it is told, by readers, commands and streams.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from tests.layouts import commands, readers, streams
from tests.layouts.fates import Tables
from tests.layouts.files import File, write_files
from tests.layouts.oracle import outcomes
from tests.layouts.rows import draw_rows
from tests.layouts.shop import FORMS, draw_shop
from tests.project_copy import Project

AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_readers_and_mappings_agree_with_plain_python(engine: Engine, tmp_path: Path) -> None:
    assert readers.differing(engine, range(readers.TOGETHER), tmp_path) == {}


def test_commands_agree_with_plain_python(engine: Engine, tmp_path: Path) -> None:
    assert commands.differences(engine, tmp_path / "shop", 7, None) == []


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
            for one in outcomes(shop, file, AT):
                seen.update(one.reasons | one.warnings or {"accepted"})
    wanted = {".csv", ".CSV", ".txt", ".json", ".parquet", ".xlsx", ".zip", ".gz", ".BZ2"}
    wanted |= {"record_malformed", "record_undecodable", "transaction_date_without_zone"}
    wanted |= {"transaction_date_digits_lost", "amount_digits_lost", "price_unparsed"}
    assert wanted <= {*seen}
    assert seen["accepted"] > sum(seen.values()) / 4


def test_a_difference_of_any_table_is_detected() -> None:
    one = Tables(Counter({("t1",): 1}), Counter(), 1, Counter({("a.csv", "x"): 2}), {"c1"})
    assert one.differences(one) == []
    for changed in (
        replace(one, silver=Counter({("t2",): 1})),
        replace(one, history=Counter({("t1",): 1})),
        replace(one, duplicates=2),
        replace(one, quarantine=Counter({("a.csv", "x"): 1})),
        replace(one, customers=set()),
    ):
        assert one.differences(changed)


def test_a_record_that_plain_python_reads_otherwise_is_detected(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(*given: object) -> list[File]:
        files = write_files(*given)  # type: ignore[arg-type]
        last = files[-1]
        changed = {**(last.lines[-1] or {}), "more": "x"}
        return [*files[:-1], replace(last, lines=[*last.lines[:-1], changed])]

    monkeypatch.setattr(readers, "write_files", other)
    assert [*readers.differing(engine, range(3), tmp_path)] == ["0", "1", "2"]
