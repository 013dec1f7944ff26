"""Which engine the tests run with, and engines for few rows."""

import contextlib
from collections.abc import Iterator

import pytest

from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.registry import engine_named
from goldrun.io.engines.sail.engine import SailEngine
from goldrun.io.engines.spark.engine import SparkEngine

ENGINE = engine_named("") or SailEngine


@contextlib.contextmanager
def engine_for_few_rows(kind: type[Engine] = ENGINE) -> Iterator[Engine]:
    """Open an engine that spends little time on planning and compiling."""
    if kind is SparkEngine:
        with spark_for_few_rows() as engine:
            yield engine
        return
    with open_engine(kind) as engine:
        yield engine


@contextlib.contextmanager
def spark_for_few_rows() -> Iterator[Engine]:
    """Open a session of Spark that spends little time on planning and compiling."""
    with contextlib.ExitStack() as opened:
        with pytest.MonkeyPatch.context() as patched:
            # In a few minutes the better compiler takes more time than it saves.
            patched.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1", prepend=" ")
            engine = opened.enter_context(open_engine(SparkEngine, "tests", kafka=True))
        settings = engine.session.conf
        # Tables here have a few rows: to plan for more is most of the time.
        settings.set("spark.sql.shuffle.partitions", "2")
        settings.set("spark.sql.adaptive.enabled", "false")
        # VACUUM lists a folder in as many tasks as this, 10,000 if it is not set.
        settings.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
        # Plans that run once are interpreted: to compile them takes longer. What mlflow run starts
        # compiles them as it always does.
        settings.set("spark.sql.codegen.wholeStage", "false")
        settings.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        yield engine
