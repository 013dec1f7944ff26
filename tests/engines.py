"""Which engine the tests run with, and which tests ask for Spark itself."""

import contextlib
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from goldrun.io.engines import Engine, engine_named
from goldrun.io.spark import open_session

ENGINE = engine_named("") or Engine.SAIL
OF_SPARK = (
    *("tests/faults/", "tests/streams/", "tests/io/test_stream", "tests/io/test_spark_cluster.py"),
    *("tests/io/test_changes.py", "tests/io/test_write_conflicts.py", "tests/io/test_lines.py"),
    *("tests/io/test_purge.py", "tests/io/test_traces.py", "tests/pipelines/test_erase"),
    *("tests/pipelines/test_arrivals.py", "tests/pipelines/test_landed.py"),
    "tests/pipelines/test_upkeep.py",
    "tests/io/test_connect.py",
    "tests/io/test_read_by_spark.py",
)
"""Streams and erasure, and how Spark itself reads and writes: no other engine has them."""


@contextlib.contextmanager
def spark_for_few_rows() -> Iterator[SparkSession]:
    """Open a session of Spark that spends little time on planning and compiling."""
    with contextlib.ExitStack() as opened:
        with pytest.MonkeyPatch.context() as patched:
            # In a few minutes the better compiler takes more time than it saves.
            patched.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1", prepend=" ")
            session = opened.enter_context(open_session("tests", kafka=True))
        # Tables here have a few rows: to plan for more is most of the time.
        session.conf.set("spark.sql.shuffle.partitions", "2")
        session.conf.set("spark.sql.adaptive.enabled", "false")
        # Plans that run once are interpreted: to compile them takes longer. What mlflow run starts
        # compiles them as it always does.
        session.conf.set("spark.sql.codegen.wholeStage", "false")
        session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        yield session
