"""Run a Kafka broker for development and tests: one process on loopback, in its own folder."""

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

from goldrun.devtools.kafka_settings import (
    DEFAULT_PORT,
    HOST,
    JVM_OPTIONS,
    SETTINGS_FILE,
    server_properties,
)
from goldrun.devtools.toolchain import Jars, ensure_jars, ensure_java
from goldrun.errors import ToolchainError


@dataclass(frozen=True)
class Running:
    """A running broker: its process id and its port."""

    pid: int
    port: int


class KafkaBroker:
    """A broker with its controller; messages, settings and log are in one folder.

    The broker outlives the process that starts it and is found by its folder: its process holds a
    lock on the file ``broker.pid`` until it ends. ``log_path`` is its log since the last start.
    """

    def __init__(self, folder: Path, port: int = DEFAULT_PORT) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.log_path = self.folder / "broker.log"
        self._pid_file = self.folder / "broker.pid"
        self._started: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"{HOST}:{self.port}"

    def start(self, timeout_seconds: float = 60) -> bool:
        """Start the broker and wait until it answers; it serves the messages in its folder.

        Args:
            timeout_seconds: Longest time until it answers.

        Returns:
            Whether it was started; False if it runs already.

        Raises:
            ToolchainError: Java or the jars can't be fetched, the port is in use, the folder's
                broker runs on another port, or the broker does not answer in time.
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
        """Return the folder's broker; None if none runs.

        Raises:
            ToolchainError: Another process is starting it.
        """
        if not self._pid_file.is_file():
            return None
        # A shared lock, so that two processes that check it at once don't report a broker.
        with self._pid_file.open() as file:
            if _locked(file, fcntl.LOCK_SH):
                return None
        recorded = self._pid_file.read_text().split()
        if len(recorded) != 2:
            raise ToolchainError(
                f"{self.folder}: another process is starting its broker; run the same command again"
            )
        return Running(int(recorded[0]), int(recorded[1]))

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
        """Stop the broker, by SIGKILL after the timeout; return False if none runs."""
        found = self.running()
        if found is not None and not self._end(found, signal.SIGTERM, timeout_seconds):
            return self.kill()
        return found is not None

    def kill(self) -> bool:
        """End the broker by SIGKILL; return False if none runs.

        Raises:
            ToolchainError: The process does not end.
        """
        found = self.running()
        if found is not None and not self._end(found, signal.SIGKILL, 10):
            raise ToolchainError(
                f"{self.folder}: its broker does not end: kill process {found.pid}"
            )
        return found is not None

    def _end(self, found: Running, by: signal.Signals, timeout_seconds: float) -> bool:
        """Send a signal and wait; return whether the process ended."""
        with contextlib.suppress(ProcessLookupError):  # It may have ended in the meantime.
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
        """Start the process; return False if another process started it first."""
        with self._open_pid_file() as file:
            if not _locked(file, fcntl.LOCK_EX, patience_seconds=1):
                return False
            file.truncate(0)
            jars = ":".join(str(jar) for jar in ensure_jars(Jars.KAFKA_BROKER))
            java = [str(ensure_java() / "bin" / "java"), *JVM_OPTIONS, "-cp", jars]
            self._prepare(java)
            self._started = self._spawn(java, file.fileno())
            file.write(f"{self._started.pid} {self.port}")
        return True

    def _open_pid_file(self) -> IO[str]:
        """Create the broker's folder and open its process id file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._pid_file.open("a")
        except OSError as error:
            raise ToolchainError(
                f"{self.folder}: the broker's folder can't be created ({error}): give another "
                "with --folder"
            ) from error

    def _spawn(self, java: list[str], lock: int) -> subprocess.Popen[bytes]:
        with self.log_path.open("wb") as log_file:
            return subprocess.Popen(
                [*java, "kafka.Kafka", SETTINGS_FILE],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                # Not ended by Ctrl-C in the terminal; the process holds the lock until it ends.
                start_new_session=True,
                pass_fds=[lock],
            )

    def _prepare(self, java: list[str]) -> None:
        """Write the settings, and format the storage of a new folder."""
        (self.folder / SETTINGS_FILE).write_text(server_properties(self.port))
        if (self.folder / "messages" / "meta.properties").is_file():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        command += ["--config", SETTINGS_FILE]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ToolchainError(
                f"{self.folder}: the storage of the broker can't be formatted: "
                f"{(done.stderr or done.stdout).strip()[-500:]}"
            )

    def _wait_for_answer(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not ((alive := self.running()) and self.answers()):
            if not alive or time.monotonic() > until:
                problem = f"did not answer within {seconds:g} s" if alive else "ended"
                # Indented lines are a Java stack trace; the line before it has the cause.
                lines = re.findall(
                    r"^\S.*", self.log_path.read_text(errors="replace"), re.MULTILINE
                )
                raise ToolchainError(
                    f"{self.folder}: the broker for {self.address} {problem}; last line of "
                    f"{self.log_path.name} there: {lines[-1] if lines else '(empty)'}"
                )
            time.sleep(0.1)


def _locked(file: IO[str], kind: int, patience_seconds: float = 0) -> bool:
    """Lock a file until all processes with it close it; return whether the lock was free."""
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
