"""Which engine the tests run with, and a session of Spark for few rows."""

import contextlib
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from goldrun.io.engines.choose import Engine, engine_named
from goldrun.io.engines.spark.session import open_session

ENGINE = engine_named("") or Engine.SAIL


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
