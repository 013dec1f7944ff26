"""A Spark session with Delta Lake, in this process."""

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
from goldrun.io.delta.commits import note_of
from goldrun.io.engines.memory import driver_memory
from goldrun.io.settings import project_root

log = logging.getLogger(__name__)

NOTE = "spark.databricks.delta.commitInfo.userMetadata"
"""Setting: the note of each commit of a session, unless a write has another one."""
_SESSION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    # Frames cross between Python and the JVM in columns, without a Python worker.
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Without it each of the thousands of expressions of a plan records its line of Python.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    NOTE: note_of(),
}
"""Settings that goldrun needs on any master."""

DEFAULT_MASTER = "local[*]"
_ONE_MACHINE = {
    # The defaults are made for clusters and cost seconds at every commit.
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.shuffle.partitions": "4",
    # A MERGE writes the whole of each file that it changes a row of: compaction keeps them small.
    "spark.databricks.delta.optimize.minFileSize": str(32 << 20),
    "spark.databricks.delta.optimize.maxFileSize": str(32 << 20),
    # A micro-batch has several hundred generated classes: the default of 100 evicts each before it
    # is used again, and compiling them is a third of all work.
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -Duser.timezone=UTC",
    "spark.executor.extraJavaOptions": "-XX:+UseParallelGC -Duser.timezone=UTC",
    # Loopback, whatever the machine's name resolves to.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Without a UI nobody reads the text of plans, which have hundreds of columns.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "2000",
    # The rows of a MERGE are persisted already.
    "spark.databricks.delta.merge.materializeSource": "none",
}
"""Settings for one machine; a cluster keeps its own."""
_QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
"""Settings that keep Spark's own messages off the terminal."""


@contextlib.contextmanager
def open_session(
    app: str = "goldrun", *, master: str = "", kafka: bool = False
) -> Iterator[SparkSession]:
    """Open a Spark session with Delta Lake and stop it at the end.

    Under ``spark-submit`` the cluster's session keeps its configuration. Otherwise the master is
    ``master``, else ``GOLDRUN_MASTER``, else ``local[*]``, and the driver's memory is
    ``GOLDRUN_DRIVER_MEMORY``, else ``4g``. The JVM writes its messages to ``logs/spark.log``.

    Args:
        app: Name of the application.
        master: Spark master, such as ``local[2]`` or ``spark://host:7077``.
        kafka: Whether the Kafka connector is loaded; under ``spark-submit`` the cluster decides.

    Raises:
        ToolchainError: Java or the jars are missing, or the JVM does not start.
    """
    # goldrun logs errors itself; PySpark would print each with its Java stack as well.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = SparkSession.builder.appName(app)
    for key, value in _SESSION.items():
        builder = builder.config(key, value)
    if not is_submitted():
        ensure_java()
        master = master or default_master() or DEFAULT_MASTER
        # Python workers need this interpreter's libraries. On another machine the same path is
        # expected, unless the user has set another.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        jars = ensure_jars(Jars.DELTA, *((Jars.KAFKA_CONNECTOR,) if kafka else ()))
        builder = builder.master(master).config("spark.jars", ",".join(str(jar) for jar in jars))
        memory = {"spark.driver.memory": driver_memory()}
        local = _ONE_MACHINE if _is_this_machine(master) else {}
        for key, value in (_QUIET | memory | local).items():
            builder = builder.config(key, value)
    jvm_log = project_root() / "logs" / "spark.log"
    try:
        with _stderr_of_jvm_to(jvm_log):
            session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise ToolchainError(
            f"Spark did not start ({error}): read the cause in {jvm_log}"
        ) from error
    try:
        yield session
    finally:
        session.stop()


def default_master() -> str:
    """Read ``GOLDRUN_MASTER``; empty when it is not set."""
    return os.environ.get("GOLDRUN_MASTER", "")


def is_submitted() -> bool:
    """Whether ``spark-submit`` has started this process."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _is_this_machine(master: str) -> bool:
    """Whether a master's processes are all on this machine."""
    return master.startswith("local") or urlparse(master).hostname in {"127.0.0.1", "localhost"}


@contextlib.contextmanager
def _stderr_of_jvm_to(path: Path) -> Iterator[None]:
    """Redirect stderr to a file inside the block, so that a JVM started there inherits the file.

    Afterwards stderr is restored for Python. Some of the JVM's messages have no other switch.
    """
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
