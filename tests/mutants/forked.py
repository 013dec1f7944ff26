"""Run pytest in a child of this process, which has imported the libraries already.

A test of a mutant takes seconds, and so does importing the libraries that all of them use.
"""

import importlib
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

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
        try:
            _, status = os.waitpid(child, 0)
        except BaseException:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read().decode(errors="replace")


class _Failures:
    """Plugin of pytest that notices whether a test has failed, apart from faults of collection."""

    found = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.found |= report.failed


def _become_pytest(folder: Path, engine: str, arguments: Sequence[str], output: int) -> None:
    """Run pytest on the modules of a folder and end this process."""
    code = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        _use_modules_of(folder)
        os.environ |= {"PYTHONPATH": "src:.", "GOLDRUN_ENGINE": engine}
        failures = _Failures()
        ended = pytest.ExitCode(pytest.main(list(arguments), [failures]))
        # A module that can't be imported ends with the code of failed tests too.
        if ended != pytest.ExitCode.TESTS_FAILED or failures.found:
            code = ended
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:  # noqa: BLE001 - the parent reports it, and does not end with it
        traceback.print_exc()
    finally:
        # Without the exit handlers that the parent process has registered.
        os._exit(code)


def _use_modules_of(folder: Path) -> None:
    """Import the project's modules from a folder from now on, and keep Hypothesis's files there."""
    os.chdir(folder)
    ours = {str(ROOT), str(ROOT / "src"), str(Path(__file__).parent)}
    sys.path[:] = [str(folder), str(folder / "src"), *(p for p in sys.path if p not in ours)]
    for name in [name for name in sys.modules if name.partition(".")[0] in _OWN]:
        del sys.modules[name]
    importlib.invalidate_caches()
    set_hypothesis_home_dir(folder / ".hypothesis")
