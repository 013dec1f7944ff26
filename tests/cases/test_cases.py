"""Every case has its expected outcome with this engine; ``make cases`` tests all engines."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from tests.cases.runner import BATCH, Outcome, Run, all_runs, differences, run_case

RUNS = [run for run in all_runs() if BATCH in run.ways]


# make cases runs all of them, and make readme runs that with Sail.
@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_a_case_has_its_expected_outcome(
    run: Run, engine: Engine, tracker: Tracker, tmp_path: Path
) -> None:
    got = run_case(run, BATCH, engine, tracker, tmp_path / "lake")
    assert differences(run, got) == []


ROWS = (("1", "10"), ("2", "20"))
EXPECTED = Outcome(21, "key_not_unique", "fail", {"silver/transactions": ROWS})


@pytest.mark.parametrize(
    ("got", "difference"),
    [
        ({}, None),
        ({"exit_code": 0}, "exit code 0 instead of 21"),
        ({"error": "another reason"}, "'another reason' instead of 'key_not_unique'"),
        ({"quality": ""}, "quality not measured instead of fail"),
        (
            {"tables": {"silver/transactions": ROWS[:1]}},
            "silver/transactions: 1 | 10 instead of 1 | 10; 2 | 20",
        ),
    ],
)
def test_each_difference_is_detected(got: dict[str, Any], difference: str | None) -> None:
    run = Run("a-case", "it was wrong", "shop.toml", (BATCH,), {}, EXPECTED)
    found = differences(run, replace(EXPECTED, **got))
    assert [line.partition(": key")[0] for line in found] == ([difference] if difference else [])
