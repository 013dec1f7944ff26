"""A real Spark Connect server with Delta Lake on its own port, started as documented."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java

_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
_TIMEOUT = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def connect_server(folder: Path, *, with_delta: bool = True) -> Iterator[str]:
    """Start a server, wait until it answers, yield its address, and stop it at the end."""
    ensure_java()
    port, log = free_port(), folder / "connect.log"
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": 2,
        "spark.ui.enabled": "false",
        # As the session of the tests: tables of a few rows are not worth planning and compiling.
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.databricks.delta.snapshotPartitions": 2,
    }
    if with_delta:
        settings["spark.sql.extensions"] = "io.delta.sql.DeltaSparkSessionExtension"
        settings["spark.sql.catalog.spark_catalog"] = (
            "org.apache.spark.sql.delta.catalog.DeltaCatalog"
        )
        settings["spark.jars"] = ",".join(map(str, ensure_jars(Jars.DELTA)))
    conf = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    command = ["spark-submit", "--master", "local[2]", "--driver-memory", "2g", *conf]
    unset = {n: v for n, v in os.environ.items() if n not in {"SPARK_CONNECT_MODE_ENABLED"}}
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, "--class", _CLASS, "spark-internal"],
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=unset,
        )
    try:
        _wait_for(port, server, log)
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(_TIMEOUT)


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(_TIMEOUT * 10):
        if server.poll() is not None:
            raise AssertionError(log.read_text()[-3000:])
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"no answer: {log.read_text()[-3000:]}")
