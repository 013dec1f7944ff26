"""Every engine computes every expression of the language alike for any text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from goldrun.medallion.expressions.table import FUNCTIONS
from tests.medallion.expressions.computed import compute, read_expected, short_hashes
from tests.medallion.expressions.draws import draws
from tests.medallion.expressions.examples import EXAMPLES
from tests.medallion.expressions.golden import DRAWN, EXPECTED, FEW_DRAWS
from tests.medallion.expressions.hostile import pairs

ROOT = Path(__file__).parents[3]
MANY_DRAWS = 5_000
AT_A_TIME = 250
_OTHER_ENGINE = """
import json, sys
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from tests.medallion.expressions.computed import compute
with open_engine(SailEngine) as engine:
    for line in sys.stdin:
        print(json.dumps(list(compute(engine.session, json.loads(line)).values())), flush=True)
"""


def differences(found: dict[str, list[str | None]], file: Path) -> list[str]:
    """Return each value that differs from the expected one of another engine."""
    expected, rows = read_expected(file), pairs()
    return [
        f"{sql} of {rows[i]!a}: {value!a}"
        for sql, values in found.items()
        for i, value in enumerate(values)
        if short_hashes([value]) != expected[sql][4 * i : 4 * i + 4]
    ]


def test_every_function_equals_the_other_engine(spark: SparkSession) -> None:
    assert {function.example for function in FUNCTIONS.values()} <= set(EXAMPLES)
    assert set(read_expected(EXPECTED)) == set(EXAMPLES)
    assert differences(compute(spark, EXAMPLES), EXPECTED) == []


def test_random_expressions_equal_the_other_engine(
    spark: SparkSession,
) -> None:
    assert differences(compute(spark, draws(FEW_DRAWS)), DRAWN) == []


def test_a_different_value_is_detected() -> None:
    found = {"upper(a)": [None if a is None else a.upper() for a, _ in pairs()]}
    assert differences(found, EXPECTED) == []
    found["upper(a)"][3] = "other"
    assert len(differences(found, EXPECTED)) == 1


@pytest.mark.slow
@pytest.mark.of_spark
def test_spark_and_sail_compute_thousands_of_expressions_alike(spark: SparkSession) -> None:
    given = draws(MANY_DRAWS)
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", _OTHER_ENGINE]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sail:
        assert sail.stdin is not None
        assert sail.stdout is not None
        different: list[tuple[object, ...]] = []
        for start in range(0, len(given), AT_A_TIME):
            some = given[start : start + AT_A_TIME]
            print(json.dumps(some), file=sail.stdin, flush=True)
            ours = compute(spark, some)
            theirs = json.loads(sail.stdout.readline())
            different += [
                (sql, row, mine, other)
                for (sql, values), others in zip(ours.items(), theirs, strict=True)
                for row, mine, other in zip(pairs(), values, others, strict=True)
                if mine != other
            ]
        sail.stdin.close()
    assert different == []
