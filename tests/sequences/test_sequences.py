"""Whatever happens to a shop, its lake is what a lake built today from the same files would be."""

from pathlib import Path

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from tests.sequences.sequence import run_sequence

LONG = 10
"""Sequences of the long tests; ``make sequences`` runs as many as are wanted."""


@pytest.mark.parametrize(
    ("seed", "length"),
    [
        pytest.param(0, 2, id="short"),
        *(pytest.param(seed, 5, marks=pytest.mark.slow) for seed in range(1, LONG + 1)),
    ],
)
def test_a_lake_ends_as_one_that_is_built_from_the_same_files(
    engine: Engine, tracker: Tracker, tmp_path: Path, seed: int, length: int
) -> None:
    outcome = run_sequence(engine, tracker, tmp_path, seed, length)
    assert not outcome.differences, outcome.steps
