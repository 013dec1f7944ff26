"""A topic, a lake, and a stream between them that may be killed."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.devtools.toolchain import Jars, ensure_jars
from tests.faults.child import BATCH_BEGINS, BREAK, DIE_AT, LOADED, TRACE
from tests.faults.sales import Shop, Truth
from tests.kafka import create_topic, produce, stored
from tests.project_copy import ROOT

PARTITIONS = 2
_SETTINGS = Path(__file__).with_name("quick.properties")


def quick_jvm(more: str = "") -> dict[str, str]:
    """Return the environment of a JVM that starts quickly; the stream is the same.

    A process of a few seconds does not benefit from the better compilers. Jars on the JVM's own
    class path are among the classes that it can archive for other processes.
    """
    jars = ":".join(map(str, ensure_jars(Jars.DELTA, Jars.KAFKA_CONNECTOR)))
    options = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
    return {
        "GOLDRUN_DRIVER_MEMORY": "1500m",
        "JAVA_TOOL_OPTIONS": f"{options} -Xlog:cds=off -Xlog:cds+dynamic=off {more}",
        "PYSPARK_SUBMIT_ARGS": (
            f"--properties-file {_SETTINGS} --driver-class-path {jars} pyspark-shell"
        ),
    }


_TIMEOUT = 400
"""Seconds after which a process counts as hung."""


@dataclass(frozen=True)
class Ended:
    """How a stream ended: its exit code (negative after a signal) and its output."""

    code: int
    output: str

    @property
    def named(self) -> bool:
        """Whether the stream succeeded or ended with a named error."""
        return self.code == 0 or (self.code > 0 and "error: " in self.output and not self.crashed)

    @property
    def crashed(self) -> bool:
        return "Traceback" in self.output

    @property
    def error(self) -> str:
        """The error's message, or the last line."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        named = [line for line in lines if line.startswith("error: ")]
        return (named or lines or ["no output"])[-1]


class Stream:
    """A running stream."""

    def __init__(self, process: "subprocess.Popen[str]", trace: Path, log: Path) -> None:
        self.process, self._trace, self._log = process, trace, log

    def points(self) -> list[str]:
        """The points that the stream has passed."""
        return self._trace.read_text().splitlines() if self._trace.exists() else []

    def wait_for(self, point: str, times: int = 1) -> bool:
        """Wait until the stream passes a point ``times`` times; False if it ends before."""
        until = time.monotonic() + _TIMEOUT
        while self.points().count(point) < times:
            if self.process.poll() is not None:
                return False
            if time.monotonic() > until:
                raise AssertionError(f"{point} was not passed within {_TIMEOUT} s: {self.output()}")
            time.sleep(0.02)
        return True

    def kill(self, *, python_alone: bool = False) -> str:
        """Kill the process as ``kill -9`` does, with or without its JVM; return the place."""
        if self.process.poll() is None:
            if python_alone:
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        _wait_for_group(self.process.pid)
        return place_of(self.points())

    def end(self) -> Ended:
        """Wait until the stream ends by itself."""
        try:
            self.process.wait(_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            return Ended(-int(signal.SIGALRM), f"hung for {_TIMEOUT} s: {self.output()}")
        _wait_for_group(self.process.pid)
        return Ended(self.process.returncode, self.output())

    def output(self) -> str:
        return self._log.read_text(errors="replace")


def _wait_for_group(group: int) -> None:
    """Wait until the JVM has ended too; a JVM that continues is part of the test."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)


def place_of(points: list[str]) -> str:
    """Return the place of a stream that has passed these points."""
    if LOADED not in points:
        return "starting Python"
    if BATCH_BEGINS not in points:
        return "starting Spark or backfilling"
    open_calls: Counter[str] = Counter()
    for point in points[points.index(BATCH_BEGINS) :]:
        verb, what = point.split(" ", maxsplit=1)
        open_calls[what] += 1 if verb == "begin" else -1
    writing = sorted(what for what, count in open_calls.items() if count > 0 and what != "batch")
    if open_calls["batch"] <= 0:
        return "between two batches"
    if writing:
        return f"in a batch, writing {' and '.join(writing)}"
    last = points[-1].split(" ", maxsplit=1)[1]
    return f"in a batch, after {last}" if last != "batch" else "in a batch, before its first write"


@dataclass
class Scenario:
    """Topic, lake and tracking store of one series of faults."""

    folder: Path
    broker: KafkaBroker
    topic: str
    shop: Shop
    seed: int
    lake_name: str = "lake"
    store_name: str = "store"
    chance: random.Random = field(init=False)
    _starts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    @property
    def lake(self) -> Path:
        return self.folder / self.lake_name

    @property
    def checkpoint(self) -> Path:
        return self.lake / "_checkpoints" / "faults"

    @property
    def settings(self) -> Path:
        return self.folder / "faults.toml"

    @property
    def store(self) -> Path:
        return self.folder / self.store_name / "mlflow.db"

    @property
    def store_uri(self) -> str:
        self.store.parent.mkdir(exist_ok=True)
        return f"sqlite:///{self.store}"

    def send(self, count: int) -> None:
        """Send the shop's next messages, spread over all partitions."""
        messages = self.shop.messages(count)
        for partition in range(PARTITIONS):
            produce(self.broker, self.topic, messages[partition::PARTITIONS], partition)

    def sent(self) -> list[tuple[str, bytes | None]]:
        """Return all messages of the topic, each with its place."""
        return [
            (f"kafka:{self.topic}/{m.partition}@{m.offset}", m.value)
            for m in stored(self.broker, self.topic)
        ]

    def truth(self) -> Truth:
        """Return what the tables must hold once the stream has read all messages."""
        return self.shop.truth(self.sent())

    @property
    def classes(self) -> Path:
        """The archive of the JVM's classes (class data sharing)."""
        return Path(self.broker.folder).parent / "classes.jsa"

    def start(
        self, *options: str, die_at: str = "", broken: str = "", keep_classes: bool = False
    ) -> Stream:
        """Start the stream in a process group of its own.

        Args:
            options: Of ``pipelines/stream.py``.
            die_at: Point at which it kills itself.
            broken: Defence that is switched off.
            keep_classes: Whether its JVM writes ``classes`` when it ends.
        """
        archive = ""
        if keep_classes:
            archive = f"-XX:ArchiveClassesAtExit={self.classes}"
        elif self.classes.exists():
            archive = f"-XX:SharedArchiveFile={self.classes}"
        self._starts["starts"] += 1
        trace = self.folder / f"trace-{self._starts['starts']}"
        log = self.folder / f"log-{self._starts['starts']}"
        command = [sys.executable, "-m", "tests.faults.child"]
        command += [f"--source={self.settings}", f"--lake={self.lake}", *options]
        environment = os.environ | {
            "PYTHONPATH": "src:.",
            "GOLDRUN_KAFKA": self.broker.address,
            **quick_jvm(archive),
            "MLFLOW_TRACKING_URI": self.store_uri,
            TRACE: str(trace),
            **({DIE_AT: die_at} if die_at else {}),
            **({BREAK: broken} if broken else {}),
        }
        environment.pop("MLFLOW_RUN_ID", None)
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )
        return Stream(process, trace, log)

    def drain(self, *options: str, broken: str = "", keep_classes: bool = False) -> Ended:
        """Start a stream that reads all available messages, and wait for its end."""
        stream = self.start(
            "--available-now=true", *options, broken=broken, keep_classes=keep_classes
        )
        return stream.end()


@contextmanager
def scenario(broker: KafkaBroker, folder: Path, seed: int) -> Iterator[Scenario]:
    """Create a new topic and an empty lake."""
    folder.mkdir(parents=True)
    topic = f"sales-{folder.name}"
    create_topic(broker, topic, PARTITIONS)
    made = Scenario(folder, broker, topic, Shop(seed), seed)
    shipped = (ROOT / "pipelines/sources/kafka.toml").read_text()
    made.settings.write_text(shipped.replace('topic = "transactions"', f'topic = "{topic}"'))
    yield made
