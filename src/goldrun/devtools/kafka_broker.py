"""A Kafka broker for development and tests: one process, on loopback, in a folder of its own."""

import base64
import contextlib
import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java
from goldrun.errors import ToolchainError

HOST = "127.0.0.1"
DEFAULT_PORT = 9092
_SETTINGS = "server.properties"
_OPTIONS = (
    *("-Xmx512m", "-XX:+ExitOnOutOfMemoryError"),
    # Without the second it would not say how it ended.
    *("-Dlog4j2.level=INFO", "-Dlog4j2.shutdownHookEnabled=false"),
)

# Relative, because a property file garbles some paths; the broker runs in its folder.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=messages
auto.create.topics.enable=true
num.partitions=2
message.max.bytes=10485760
# One machine, one broker.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
# A broker that was killed may come back this soon.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
"""


@dataclass(frozen=True)
class Running:
    """A broker that runs: its process and the port it was told to listen on."""

    pid: int
    port: int


class KafkaBroker:
    """A broker with its controller, whose messages, settings and log are in one folder.

    It outlives the process that starts it and is found again by its folder: it holds a lock on
    the file ``broker.pid`` there as long as it lives, however it ends. ``log_path`` is what it has
    said since its last start.
    """

    def __init__(self, folder: Path, port: int = DEFAULT_PORT) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.log_path = self.folder / "broker.log"
        self._pid_file = self.folder / "broker.pid"
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port, as clients want them."""
        return f"{HOST}:{self.port}"

    def start(self, timeout_seconds: float = 60) -> bool:
        """Start it and wait until it answers; what the folder holds already is served again.

        Args:
            timeout_seconds: How long it may take until it answers.

        Returns:
            Whether it was started; False when it runs already.

        Raises:
            ToolchainError: Java or the jars can't be had, the port is taken, another port is in use
                by the folder's broker, or it did not answer in time.
        """
        launched = self.running() is None and self._launch()
        if (found := self.running()) and found.port != self.port:
            raise ToolchainError(
                f"{self.folder}: its broker runs already, at {HOST}:{found.port} (process "
                f"{found.pid}): use that port, stop it first, or give another folder"
            )
        try:
            self._wait_for_answer(timeout_seconds)
        except BaseException:
            if launched:
                self.kill()
            raise
        return launched

    def running(self) -> Running | None:
        """The folder's broker, whoever started it; None when none runs.

        Raises:
            ToolchainError: Another process is about to start it.
        """
        if not self._pid_file.is_file():
            return None
        # Shared, so that two who look don't take each other for the broker.
        with self._pid_file.open() as file:
            if _locked(file, fcntl.LOCK_SH):
                return None
        said = self._pid_file.read_text().split()
        if len(said) != 2:
            raise ToolchainError(
                f"{self.folder}: another process is about to start its broker; try again"
            )
        return Running(int(said[0]), int(said[1]))

    def answers(self) -> bool:
        """Whether a broker at the address answers a request for the cluster's brokers."""
        # Kafka's wire format: key 3 (metadata), version 1, correlation 0, no client, no topics.
        request = struct.pack(">hhihi", 3, 1, 0, -1, 0)
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(struct.pack(">i", len(request)) + request)
                reply = connection.recv(12, socket.MSG_WAITALL)
        except OSError:
            return False
        return len(reply) == 12 and struct.unpack(">iii", reply)[2] > 0

    def stop(self, timeout_seconds: float = 30) -> bool:
        """Stop it in good order, or by force when that takes too long; False when none runs."""
        found = self.running()
        if found is not None and not self._end(found, signal.SIGTERM, timeout_seconds):
            return self.kill()
        return found is not None

    def kill(self) -> bool:
        """End it at once, as a crash would; False when none runs.

        Raises:
            ToolchainError: It did not end.
        """
        found = self.running()
        if found is not None and not self._end(found, signal.SIGKILL, 10):
            raise ToolchainError(f"{self.folder}: its broker, process {found.pid}, does not end")
        return found is not None

    def _end(self, found: Running, by: signal.Signals, timeout_seconds: float) -> bool:
        """Send a signal and wait; whether it ended."""
        with contextlib.suppress(ProcessLookupError):  # It may end by itself meanwhile.
            os.kill(found.pid, by)
        until = time.monotonic() + timeout_seconds
        while self.running() == found:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        if self._started is not None:
            self._started.wait()
        return True

    def _launch(self) -> bool:
        """Start the process; False when another was quicker."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self._pid_file.open("a")
        except OSError as error:
            raise ToolchainError(
                f"{self.folder}: no broker can have its folder there ({error}): give another"
            ) from error
        with file:
            if not _locked(file, fcntl.LOCK_EX, patience_seconds=1):
                return False
            file.truncate(0)
            jars = ":".join(str(jar) for jar in ensure_jars(Jars.KAFKA_BROKER))
            java = [str(ensure_java() / "bin" / "java"), *_OPTIONS, "-cp", jars]
            self._prepare(java)
            self._started = self._spawn(java, file.fileno())
            file.write(f"{self._started.pid} {self.port}")
        return True

    def _spawn(self, java: list[str], lock: int) -> subprocess.Popen[bytes]:
        with self.log_path.open("wb") as log_file:
            return subprocess.Popen(
                [*java, "kafka.Kafka", _SETTINGS],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                # Away from the terminal's Ctrl-C, and with the lock: that ends with the process.
                start_new_session=True,
                pass_fds=[lock],
            )

    def _prepare(self, java: list[str]) -> None:
        """Write the settings; give a new folder its storage."""
        controller = _controller_port(self.port)
        (self.folder / _SETTINGS).write_text(
            _PROPERTIES.format(host=HOST, port=self.port, controller=controller)
        )
        if (self.folder / "messages" / "meta.properties").is_file():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        done = subprocess.run(
            [*command, "--config", _SETTINGS],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ToolchainError(
                f"{self.folder}: no storage could be made for the broker: "
                f"{(done.stderr or done.stdout).strip()[-500:]}"
            )

    def _wait_for_answer(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not ((alive := self.running()) and self.answers()):
            if not alive or time.monotonic() > until:
                what = f"did not answer within {seconds:g} s" if alive else "ended"
                # The lines of a Java stack come after what they explain.
                said = re.findall(r"^\S.*", self.log_path.read_text(errors="replace"), re.MULTILINE)
                raise ToolchainError(
                    f"{self.folder}: the broker for {self.address} {what}; last line of "
                    f"{self.log_path.name} there: {said[-1] if said else '(empty)'}"
                )
            time.sleep(0.1)


def _locked(file: IO[str], kind: int, patience_seconds: float = 0) -> bool:
    """Take a lock, held until every process that has it closed the file; whether it was free."""
    until = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        else:
            return True


def _controller_port(port: int) -> int:
    """Refuse a port that the broker can't have; return a free one for its controller."""
    with socket.socket() as broker, socket.socket() as controller:
        # As the broker does: a port whose last connections are fading away is free.
        broker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            broker.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise ToolchainError(
                f"{HOST}:{port} can't be listened on ({error}): choose another port, or stop "
                "what uses it"
            ) from error
        controller.bind((HOST, 0))
        return int(controller.getsockname()[1])
