"""A command prints its help before it loads heavy libraries."""

import subprocess
import sys

import pytest
import yaml

from tests.project_copy import ROOT

pytestmark = pytest.mark.e2e

ENTRY_POINTS = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
HEAVY = {"mlflow", "sklearn", "matplotlib", "pandas", "scipy", "deltalake", "pysail"}
SCRIPT = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print("loaded:", *sorted({name.split(".")[0] for name in sys.modules}))
"""


def loaded(*command: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, *command],
        env={"PYTHONPATH": "src:.", "PATH": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split("loaded:")[1].split())


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_help_loads_no_heavy_library_and_no_java(name: str) -> None:
    found = loaded("-c", SCRIPT, f"pipelines/{name}.py", "--help")
    # The simulation needs numpy and pandas for its defaults.
    assert not found & (HEAVY - {"pandas"} if name == "simulate" else HEAVY)
    assert "argparse" in found


def test_the_package_loads_no_library() -> None:
    script = "import goldrun, sys; print('loaded:', *sys.modules)"
    assert not loaded("-c", script) & {*HEAVY, "pyspark", "numpy", "pydantic"}
