"""A session of Sail lasts, and leaves no files and no settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project_copy import ROOT

SCRIPT = """
import os
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
with open_engine(SailEngine) as engine:
    spark = engine.session
    with engine.scratch.temporary_folder() as folder:
        spark.range(3).write.parquet(str(folder / "rows"))
        assert spark.read.parquet(str(folder / "rows")).count() == 3
    assert not folder.exists()
    (engine.scratch.lasting_folder() / "kept").write_text("until the end")
    spark.range(3).localCheckpoint()
    assert os.listdir(os.environ["TMPDIR"])
assert not os.listdir(os.environ["TMPDIR"])
assert "SPARK_CONNECT_MODE_ENABLED" not in os.environ
"""


def test_a_session_deletes_its_scratch_folder_and_restores_sparks_functions(tmp_path: Path) -> None:
    fresh = ("env", "-u", "SPARK_CONNECT_MODE_ENABLED", f"TMPDIR={tmp_path}")
    command = [*fresh, sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in a process that has no setting of Sail but those given."""
    # The session of the tests sets another limit for Sail.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAIL_")}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


SHORT = """
from goldrun.errors import ToolchainError
from goldrun.io.delta.errors import storage_explained
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from pyspark.sql import functions as F
with open_engine(SailEngine) as engine:
    spark = engine.session
    rows = spark.range(1_000_000).select("id", F.sha2(F.col("id").cast("string"), 256).alias("a"))
    # More rows than fit into memory: sorted on disk.
    assert rows.orderBy("a").select(F.count("a")).collect()[0][0] == 1_000_000
    try:
        with storage_explained("/nowhere"):
            both = rows.join(rows.select("id", F.col("a").alias("b")), "id")
            both.agg(F.max("a"), F.max("b")).collect()
    except ToolchainError as error:
        print(error)
"""


def test_a_session_sorts_on_disk_and_a_join_names_the_setting_it_needs(
    tmp_path: Path,
) -> None:
    done = run(SHORT, TMPDIR=str(tmp_path), GOLDRUN_DRIVER_MEMORY="8m")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8m of memory are not enough")
    assert "set GOLDRUN_DRIVER_MEMORY to more" in done.stdout
    assert not list(tmp_path.iterdir())


IDLE = """
import os, time
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.sail.engine import SailEngine
from pyspark.errors import PySparkException
with open_engine(SailEngine) as engine:
    limit = int(os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"])
    time.sleep(4)
    try:
        print(limit, engine.session.range(3).count())
    except PySparkException as error:
        assert "is not running" in str(error)
        print(limit, "removed")
"""


def test_a_session_may_be_idle_for_a_year() -> None:
    assert run(IDLE).stdout.split() == [str(365 * 24 * 3600), "3"]


def test_sail_removes_an_idle_session_after_the_seconds_of_the_setting() -> None:
    assert run(IDLE, SAIL_SPARK__SESSION_TIMEOUT_SECS="1").stdout.split() == ["1", "removed"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux restricts a process to a core")
def test_a_check_is_computed_on_one_core() -> None:
    """Its activity is a union of frames that Sail can't plan in one part."""
    one = {min(os.sched_getaffinity(0))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "tests/jobs/check/test_check.py", "-k", "beyond"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "src:.", "GOLDRUN_ENGINE": "sail"},
        preexec_fn=lambda: os.sched_setaffinity(0, one),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
