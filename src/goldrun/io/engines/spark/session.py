"""The only place that builds a Spark session."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java
from goldrun.errors import ToolchainError
from goldrun.io.engines.memory import driver_memory
from goldrun.io.settings import project_root

log = logging.getLogger(__name__)

_SESSION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # Frames cross between Python and the JVM in columns, without a Python worker.
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Else each of the thousands of expressions that make a plan notes which line wrote it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
"""What goldrun needs anywhere."""

DEFAULT_MASTER = "local[*]"
_ONE_MACHINE = {
    # One small machine: the defaults are made for clusters and cost seconds at every commit.
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.shuffle.partitions": "4",
    # A MERGE writes the whole of each file that it changes a row of: compaction keeps them small.
    "spark.databricks.delta.optimize.minFileSize": str(32 << 20),
    "spark.databricks.delta.optimize.maxFileSize": str(32 << 20),
    # A micro-batch has several hundred generated classes: the default of 100 forgets each before it
    # is asked for again, and compiling them is a third of all work.
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -Duser.timezone=UTC",
    "spark.executor.extraJavaOptions": "-XX:+UseParallelGC -Duser.timezone=UTC",
    # Stay on loopback, whatever the machine's name resolves to.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    # What no UI shows need not be spelled out: plans here have hundreds of columns.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "2000",
    # What is merged is in memory already.
    "spark.databricks.delta.merge.materializeSource": "none",
}
"""What makes one machine quick; a cluster's own settings stay as they are."""
_QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
"""So that what is said in the terminal is said by goldrun."""


@contextlib.contextmanager
def open_session(
    app: str = "goldrun", *, master: str = "", kafka: bool = False
) -> Iterator[SparkSession]:
    """Open a Spark session with Delta Lake and stop it at the end.

    Under ``spark-submit`` the cluster's session is used as it was configured. Otherwise ``master``
    says where, or ``GOLDRUN_MASTER``, else ``local[*]``; and ``GOLDRUN_DRIVER_MEMORY`` how much
    memory the driver gets (default ``4g``). What the JVM says goes to ``logs/spark.log``.

    Args:
        app: Its name.
        master: Where it computes, as Spark writes it: ``local[2]``, ``spark://host:7077``.
        kafka: Whether it must read Kafka; a cluster's session has the connector or has it not.

    Raises:
        ToolchainError: Java or the jars can't be had, or the JVM does not start.
    """
    # Errors reach the user as ours; PySpark would print each with its Java stack as well.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = SparkSession.builder.appName(app)
    for key, value in _SESSION.items():
        builder = builder.config(key, value)
    if not is_submitted():
        ensure_java()
        master = master or default_master() or DEFAULT_MASTER
        # Python workers need this interpreter's libraries; those of another machine have their own
        # by the same name, or the user says so.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        jars = ensure_jars(Jars.DELTA, *((Jars.KAFKA_CONNECTOR,) if kafka else ()))
        builder = builder.master(master).config("spark.jars", ",".join(str(jar) for jar in jars))
        memory = {"spark.driver.memory": driver_memory()}
        near = _ONE_MACHINE if _is_here(master) else {}
        for key, value in (_QUIET | memory | near).items():
            builder = builder.config(key, value)
    jvm_log = project_root() / "logs" / "spark.log"
    try:
        with _stderr_of_jvm_to(jvm_log):
            session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise ToolchainError(f"Spark did not start ({error}); {jvm_log} says why") from error
    try:
        yield session
    finally:
        session.stop()


def default_master() -> str:
    """What ``GOLDRUN_MASTER`` says; empty when it says nothing."""
    return os.environ.get("GOLDRUN_MASTER", "")


def is_submitted() -> bool:
    """Whether ``spark-submit`` has started this process, and with it a session."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _is_here(master: str) -> bool:
    """Whether all processes are on this machine."""
    return master.startswith("local") or urlparse(master).hostname in {"127.0.0.1", "localhost"}


@contextlib.contextmanager
def _stderr_of_jvm_to(path: Path) -> Iterator[None]:
    """Let the JVM inherit a file as its stderr: some of its start-up noise has no other switch."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    ours = os.dup(2)
    with path.open("w") as log_file:
        os.dup2(log_file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)
