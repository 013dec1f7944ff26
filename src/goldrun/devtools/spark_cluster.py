"""A Spark standalone cluster on this machine: a master and workers, on loopback, in one folder."""

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
    """A master and its workers, each a process that outlives the one that starts it.

    They are found again by their folder, which also holds what they say and the workers' files.
    """

    def __init__(self, folder: Path, port: int = DEFAULT_PORT) -> None:
        self.folder = folder.resolve()
        self.port = port
        self._file = self.folder / _PROCESSES

    @property
    def address(self) -> str:
        """What ``--master`` is given."""
        return f"spark://{HOST}:{self.port}"

    def start(self, cores: int = 1, memory: str = "2g", timeout_seconds: float = 60) -> bool:
        """Start master and workers, and wait until the workers are known to the master.

        Args:
            cores: Of each worker.
            memory: Of each worker, as Spark writes it.
            timeout_seconds: How long it may take.

        Returns:
            Whether they were started; False when they run already.

        Raises:
            ToolchainError: Java can't be had, a port is taken, or they did not come up in time.
        """
        if self.running():
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, self.port))
            except OSError as error:
                raise ToolchainError(
                    f"{HOST}:{self.port} can't be listened on ({error}): choose another port, or "
                    "stop what uses it"
                ) from error
        page = _free_port()
        where = ["--host", HOST, "--webui-port"]
        started = [self._spawn("master", _MASTER, [*where, str(page), "--port", str(self.port)])]
        try:
            _wait(lambda: _status(page) is not None, timeout_seconds, self.folder)
            for number in range(1, WORKERS + 1):
                room = ["--cores", str(cores), "--memory", memory]
                files = ["--work-dir", str(self.folder / f"worker-{number}")]
                arguments = [*where, "0", *room, *files, self.address]
                started.append(self._spawn(f"worker-{number}", _WORKER, arguments))
            _wait(lambda: _workers(page) == WORKERS, timeout_seconds, self.folder)
        except BaseException:
            _end(started)
            raise
        told = [(process.pid, process.create_time()) for process in started]
        self._file.write_text(json.dumps(told), encoding="utf-8")
        return True

    def running(self) -> list[psutil.Process]:
        """The processes of the cluster that are alive, whoever started them."""
        if not self._file.is_file():
            return []
        alive = []
        for pid, created in json.loads(self._file.read_text(encoding="utf-8")):
            # A process that has its number by chance began at another moment.
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE:
                    alive.append(process)
        return alive

    def stop(self) -> bool:
        """Stop what runs; False when nothing did."""
        found = self.running()
        _end(found)
        self._file.unlink(missing_ok=True)
        return bool(found)

    def _spawn(self, name: str, main: str, arguments: list[str]) -> psutil.Process:
        jars = Path(pyspark.__file__).parent / "jars"
        core = next(jars.glob("spark-core_*.jar")).name
        # What Spark's own scripts tell a worker, who starts the executors.
        told = {
            "SPARK_HOME": str(jars.parent),
            "SPARK_SCALA_VERSION": core.removeprefix("spark-core_").partition("-")[0],
            "PYSPARK_PYTHON": sys.executable,
        }
        java = [str(ensure_java() / "bin" / "java"), "-Xmx512m", "-Duser.timezone=UTC"]
        with (self.folder / f"{name}.log").open("wb") as log_file:
            process = subprocess.Popen(
                [*java, "-cp", f"{jars}/*", main, *arguments],
                cwd=self.folder,
                env=os.environ | told,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                # Away from the terminal's Ctrl-C.
                start_new_session=True,
            )
        return psutil.Process(process.pid)


def _end(processes: list[psutil.Process]) -> None:
    """End the workers before their master, and the executors with them."""
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
                f"{folder}: the cluster did not come up within {seconds:g} s; its logs are there"
            )
        time.sleep(0.2)


def _status(page: int) -> dict[str, object] | None:
    """What the master says of itself; None before it answers."""
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
