"""Run a Spark standalone cluster on this machine: a master and workers on loopback."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import psutil
import pyspark

from goldrun.devtools.toolchain import ensure_java
from goldrun.errors import ToolchainError

HOST = "127.0.0.1"
DEFAULT_PORT = 7077
WORKERS = 2
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_PROCESSES = "processes.json"


class SparkCluster:
    """A master and its workers, which run on after the process that starts them ends.

    They are found by their folder, which also contains their logs and the workers' files.
    """

    def __init__(self, folder: Path, port: int = DEFAULT_PORT) -> None:
        self.folder = folder.resolve()
        self.port = port
        self._file = self.folder / _PROCESSES

    @property
    def address(self) -> str:
        """Address for the option ``--master``."""
        return f"spark://{HOST}:{self.port}"

    def start(self, cores: int = 1, memory: str = "2g", timeout_seconds: float = 60) -> bool:
        """Start master and workers, and wait until all workers are registered with the master.

        Args:
            cores: Cores of each worker.
            memory: Memory of each worker, in Spark's format.
            timeout_seconds: Longest time until the workers are registered.

        Returns:
            Whether they were started; False if they run already.

        Raises:
            ToolchainError: Java can't be fetched, the port is in use, or the cluster does not
                start in time.
        """
        if self.running():
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        _check_free(self.port)
        page = _free_port()
        address = ["--host", HOST, "--webui-port"]
        started = [self._spawn("master", _MASTER, [*address, str(page), "--port", str(self.port)])]
        try:
            _wait(lambda: _status(page) is not None, timeout_seconds, self.folder)
            for number in range(1, WORKERS + 1):
                size = ["--cores", str(cores), "--memory", memory]
                files = ["--work-dir", str(self.folder / f"worker-{number}")]
                arguments = [*address, "0", *size, *files, self.address]
                started.append(self._spawn(f"worker-{number}", _WORKER, arguments))
            _wait(lambda: _workers(page) == WORKERS, timeout_seconds, self.folder)
        except BaseException:
            _end(started)
            raise
        processes = [(process.pid, process.create_time()) for process in started]
        self._file.write_text(json.dumps(processes), encoding="utf-8")
        return True

    def running(self) -> list[psutil.Process]:
        """Return the running processes of the cluster, also those that another process started."""
        if not self._file.is_file():
            return []
        alive = []
        for pid, created in json.loads(self._file.read_text(encoding="utf-8")):
            # Another process that has the same id by chance was created at another time.
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        return alive

    def stop(self) -> bool:
        """Stop the cluster; return False if no process of it runs."""
        found = self.running()
        _end(found)
        self._file.unlink(missing_ok=True)
        return bool(found)

    def _spawn(self, name: str, main: str, arguments: list[str]) -> psutil.Process:
        """Start a daemon of the development cluster, the Java class ``main``, with its own log."""
        jars = Path(pyspark.__file__).parent / "jars"
        core = next(jars.glob("spark-core_*.jar")).name
        # Spark's own scripts set these variables for a worker, which starts the executors.
        variables = {
            "SPARK_HOME": str(jars.parent),
            "SPARK_SCALA_VERSION": core.removeprefix("spark-core_").partition("-")[0],
            "PYSPARK_PYTHON": sys.executable,
        }
        java = [str(ensure_java() / "bin" / "java"), "-Xmx512m", "-Duser.timezone=UTC"]
        with (self.folder / f"{name}.log").open("wb") as log_file:
            process = subprocess.Popen(
                [*java, "-cp", f"{jars}/*", main, *arguments],
                cwd=self.folder,
                env=os.environ | variables,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                # Not ended by Ctrl-C in the terminal.
                start_new_session=True,
            )
        return psutil.Process(process.pid)


def _end(processes: list[psutil.Process]) -> None:
    """End the workers, which end their executors, and then the master."""
    for process in reversed(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=20)
    for process in alive:
        process.kill()


def _wait(is_so: Callable[[], bool], seconds: float, folder: Path) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise ToolchainError(
                f"{folder}: the cluster did not start within {seconds:g} s; its logs are there"
            )
        time.sleep(0.2)


def _status(page: int) -> dict[str, object] | None:
    """Return the status that the master reports; None if it does not answer."""
    try:
        with urlopen(f"http://{HOST}:{page}/json/", timeout=2) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except (OSError, ValueError):
        return None


def _workers(page: int) -> int:
    status = _status(page)
    known = status["aliveworkers"] if status else 0
    return known if isinstance(known, int) else 0


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ToolchainError(
                f"{HOST}:{port} can't be listened on ({error}): choose another port, or stop "
                "the process that uses it"
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
