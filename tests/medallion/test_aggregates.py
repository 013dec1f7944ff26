"""No aggregate of the package needs memory in proportion to groups times rows.

Sail refuses what goes beyond its pool, and counts what an aggregate over a struct holds many times
over. So each function that the package aggregates with runs here at two sizes in a small pool.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project_copy import ROOT

POOL = "128m"
FORMS = {
    "avg": "F.avg('n')",
    "bit_xor": "F.bit_xor('n')",
    "bool_or": "F.bool_or(F.col('n') > 3)",
    "collect_list": "F.size(F.collect_list('x'))",
    "collect_set": "F.size(F.collect_set('x'))",
    "count": "F.count('x')",
    "count_if": "F.count_if(F.col('n') > 3)",
    "max": "F.max('x')",
    "max_by": "F.max_by('x', ascending('t', 'x'))",
    "min": "F.min('t')",
    "min_by": "F.min_by('x', newest_first('t', 'x'))",
    "percentile": "F.percentile('n', 0.9)",
    "percentile_approx": "F.percentile_approx('n', 0.5)",
    "stddev_samp": "F.stddev_samp('n')",
    "sum": "F.sum('d')",
}
"""Every aggregate of the package, as it is used there; window functions do not count."""
OTHERS = {"first", "last"}
"""Functions over windows only."""
KNOWN = {
    *FORMS,
    *OTHERS,
    *("any_value", "approx_count_distinct", "approx_percentile", "array_agg", "bool_and"),
    *("count_distinct", "listagg", "max_distinct", "median", "mode"),
    *("stddev", "stddev_pop", "sum_distinct", "var_samp", "variance"),
}
"""Names of aggregates, used by the package or not."""
SCRIPT = f"""
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.medallion.ordering import ascending, newest_first
from pyspark.sql import functions as F

with open_engine(SailEngine) as engine:
    spark = engine.session
    for rows in (10_000, 80_000):
        n = F.col("id")
        frame = spark.range(rows).select(
            (n % (rows // 4)).alias("g"),
            F.concat(F.lit("event-"), n).alias("x"),
            (n % 997).alias("n"),
            (n % 997).cast("decimal(18,4)").alias("d"),
            F.timestamp_seconds(n % 100_000).alias("t"),
        ).localCheckpoint()
        for form in {list(FORMS.values())!r}:
            try:
                groups = frame.groupBy("g").agg(eval(form).alias("v")).where("v is not null")
                assert groups.count() == rows // 4
            except Exception as error:
                print(rows, form, str(error)[:200])
"""


def _calls() -> Iterator[tuple[str, str, list[str]]]:
    """Yield the place of each call of a PySpark function, its name, and its arguments as text."""
    for folder in ("src", "pipelines"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    module, _, name = ast.unparse(node.func).partition(".")
                    if module == "F":
                        where = f"{file.relative_to(ROOT)}:{node.lineno}"
                        yield where, name, [ast.unparse(argument) for argument in node.args]


def test_every_aggregate_of_the_package_is_tested() -> None:
    assert ({name for _, name, _ in _calls()} & KNOWN) - OTHERS == set(FORMS)


def test_no_aggregate_has_or_orders_by_a_struct() -> None:
    for where, name, arguments in _calls():
        if name in {"max_by", "min_by"}:
            called = arguments[1].partition("(")[0] if "(" in arguments[1] else ""
            assert called in {"", "ascending", "newest_first"}, where
        if name in {"max", "min"}:
            assert "struct(" not in arguments[0], where


def test_each_aggregate_needs_little_memory_at_two_sizes(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAIL_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=inherited | {"TMPDIR": str(tmp_path), "GOLDRUN_DRIVER_MEMORY": POOL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("form", ["F.max_by('x', F.struct('t', 'x'))"])
def test_the_pool_is_small_enough_to_detect_a_failure(tmp_path: Path, form: str) -> None:
    script = SCRIPT.replace(repr(list(FORMS.values())), repr([form]))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAIL_")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=inherited | {"TMPDIR": str(tmp_path), "GOLDRUN_DRIVER_MEMORY": POOL},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Failed to allocate" in done.stdout
