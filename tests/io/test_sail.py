"""A session of Sail leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os
from goldrun.io.sail import is_sail, lasting_folder, open_sail, scratch_folder
with open_sail() as spark:
    assert is_sail(spark)
    with scratch_folder() as folder:
        spark.range(3).write.parquet(str(folder / "rows"))
        assert spark.read.parquet(str(folder / "rows")).count() == 3
    assert not folder.exists()
    (lasting_folder() / "kept").write_text("until the end")
    spark.range(3).localCheckpoint()
    assert os.listdir(os.environ["TMPDIR"])
assert not os.listdir(os.environ["TMPDIR"])
assert "SPARK_CONNECT_MODE_ENABLED" not in os.environ
"""


def test_its_scratch_folder_goes_with_it_and_functions_are_sparks_again(tmp_path: Path) -> None:
    fresh = ("env", "-u", "SPARK_CONNECT_MODE_ENABLED", f"TMPDIR={tmp_path}")
    command = [*fresh, sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
