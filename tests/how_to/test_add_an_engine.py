"""The engine of docs/how-to/add-an-engine.md fulfils the contract of engines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.how_to.documents import files_of, replace_once
from tests.project_copy import copy_project

FILES = files_of("add-an-engine.md")
ENGINE, REGISTRY = "src/goldrun/io/engines/small/engine.py", "src/goldrun/io/engines/registry.py"
ENTRY = "    engine.name: engine for engine in (SailEngine, SparkEngine, ConnectEngine)\n"
CLASS = "from goldrun.io.engines.sail.engine import SailEngine\n"
CONTRACT = "tests/io/engines/test_engine_contract.py"

pytestmark = pytest.mark.slow


def test_the_engine_of_the_page_fulfils_the_contract(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "goldrun").folder
    (project / ENGINE).parent.mkdir()
    (project / ENGINE).write_text(FILES[ENGINE])
    added = CLASS + "from goldrun.io.engines.small.engine import SmallEngine\n"
    replace_once(project / REGISTRY, CLASS, added)
    replace_once(project / REGISTRY, ENTRY, FILES[REGISTRY])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", CONTRACT, "-k", "small", "-n0", "-rA"],
        env=os.environ | {"PYTHONPATH": "src:.", "GOLDRUN_ENGINE": "small"},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    passed = "PASSED tests/io/engines/test_engine_contract.py::test_csv_is_read_as_text"
    assert f"{passed}_with_its_place[small]" in done.stdout
