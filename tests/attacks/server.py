"""A tracking server over a shop's store."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from tests.project_copy import Project

_SECONDS = 90
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Nothing here needs its queues, whose workers take longer to start than the server.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


@contextlib.contextmanager
def running_server(project: Project) -> Iterator[str]:
    """Start ``mlflow server`` on a free port of this machine; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "mlflow", "server", "--backend-store-uri", project.store, "--port", str(port)]
    command += ["--workers", "1"]
    server = subprocess.Popen(
        [sys.executable, *command],
        cwd=project.folder,
        env=os.environ | _ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/health")
        yield address
    finally:
        os.killpg(server.pid, 15)
        server.wait()


def _wait(address: str) -> None:
    last = time.monotonic() + _SECONDS
    while True:
        try:
            urllib.request.urlopen(address).close()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > last:
                raise
            time.sleep(0.5)
        else:
            return
