"""Run pytest in a child of this process, which has imported the libraries already.

A test of a mutant takes seconds, and so does importing the libraries that all of them use.
"""

import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.project_copy import ROOT

_LIBRARIES = (
    "deltalake",
    "duckdb",
    "hypothesis",
    "matplotlib.figure",
    "mlflow.pyfunc",
    "mlflow.sklearn",
    "pandas",
    "pyspark.sql.connect.session",
    "skops.io",
    "sklearn.ensemble",
    "sklearn.inspection",
)
_OWN = ("benchmarks", "goldrun", "pipelines", "tests")


def import_libraries() -> None:
    """Import what the tests need and what no mutant changes."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def run_pytest(folder: Path, engine: str, arguments: Sequence[str]) -> tuple[int, str]:
    """Run pytest in a folder of the project; return its exit code and its output."""
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            _become_pytest(folder, engine, arguments, output.fileno())
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


def _become_pytest(folder: Path, engine: str, arguments: Sequence[str], output: int) -> None:
    """Run pytest on the modules of a folder and end this process."""
    code = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir(folder)
        os.environ |= {"PYTHONPATH": "src:.", "GOLDRUN_ENGINE": engine}
        ours = {str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)}
        sys.path[:] = [str(folder), str(folder / "src"), *(p for p in sys.path if p not in ours)]
        for name in [name for name in sys.modules if name.partition(".")[0] in _OWN]:
            del sys.modules[name]
        importlib.invalidate_caches()
        code = pytest.ExitCode(pytest.main(list(arguments)))
    except Exception:  # noqa: BLE001 - the parent reports it, and does not end with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without the exit handlers that the parent process has registered.
        os._exit(code)
