"""A broker keeps its messages, is found by its folder, and names the reason of a failed start."""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.devtools.kafka_settings import HOST
from goldrun.errors import ToolchainError
from pipelines import kafka
from tests.kafka import (
    Stored,
    create_topic,
    delete_records,
    free_port,
    produce,
    running_broker,
    stored,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("kafka with a space, and ü")) as running:
        yield running


@pytest.fixture(autouse=True)
def _log_to_caplog(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send the command's log to ``caplog`` instead of the console."""
    monkeypatch.setattr(kafka, "log_to_console", lambda: None)
    caplog.set_level(logging.INFO, "goldrun")


def command(action: str, broker: KafkaBroker, port: int | None = None) -> int:
    where = [f"--folder={broker.folder}", f"--port={port or broker.port}"]
    return kafka.main([f"--action={action}", *where])


def test_messages_of_any_kind_are_read_back_unchanged(broker: KafkaBroker) -> None:
    values = [b'{"a": 1}', None, b"\xff\xfe not UTF-8", b"", b"x" * 2_000_000]
    create_topic(broker, "any", partitions=1)
    produce(broker, "any", values, timestamps=[1, 2, 3, 4, 5])
    found = stored(broker, "any")
    assert found == [Stored(0, offset, value) for offset, value in enumerate(values)]
    assert [one.timestamp for one in found] == [1, 2, 3, 4, 5]


def test_an_automatically_created_topic_has_two_partitions(broker: KafkaBroker) -> None:
    produce(broker, "unmade", [b"first"], partition=0)
    produce(broker, "unmade", [b"second"], partition=1)
    assert stored(broker, "unmade") == [Stored(0, 0, b"first"), Stored(1, 0, b"second")]


def test_deleted_offsets_are_not_reused(broker: KafkaBroker) -> None:
    create_topic(broker, "shortened", partitions=1)
    produce(broker, "shortened", [b"0", b"1", b"2"])
    delete_records(broker, "shortened", {0: 2})
    produce(broker, "shortened", [b"3"])
    assert stored(broker, "shortened") == [Stored(0, 2, b"2"), Stored(0, 3, b"3")]


def test_it_listens_on_loopback_only(broker: KafkaBroker) -> None:
    settings = (broker.folder / "server.properties").read_text().splitlines()
    (listeners,) = [line for line in settings if line.startswith("listeners=")]
    assert listeners.count("://") == listeners.count(f"://{HOST}:") == 2


def test_messages_survive_a_kill_and_a_restart(broker: KafkaBroker) -> None:
    create_topic(broker, "kept", partitions=2)
    produce(broker, "kept", [f"{n}".encode() for n in range(1000)])
    before = stored(broker, "kept")
    assert broker.kill()
    assert not broker.answers()
    assert broker.running() is None
    started = time.monotonic()
    assert broker.start()
    assert time.monotonic() - started < 30
    produce(broker, "kept", [b"after"], partition=0)
    after = stored(broker, "kept")
    assert {one.value for one in after} == {b"after", *(f"{n}".encode() for n in range(1000))}
    assert [one for one in after if one.value != b"after"] == before


def test_a_second_start_finds_the_first(
    broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    first = broker.running()
    assert first is not None
    assert not KafkaBroker(broker.folder, broker.port).start()
    assert command("start", broker) == 0
    assert broker.running() == first
    assert f"listens already on {broker.address}; log: {broker.log_path}" in caplog.text


def test_a_second_start_at_another_port_is_refused(
    broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    assert command("start", broker, port=free_port()) == 6
    assert f"its broker runs already, at {broker.address} (process " in caplog.text
    assert broker.answers()


def test_a_used_port_is_reported(broker: KafkaBroker, tmp_path: Path) -> None:
    another = KafkaBroker(tmp_path, broker.port)
    with pytest.raises(ToolchainError, match=f"{broker.address} can't be listened on .*in use"):
        another.start()
    assert another.running() is None
    assert broker.answers()


@pytest.mark.parametrize("port", [-1, 70000])
def test_an_invalid_port_is_reported(tmp_path: Path, port: int) -> None:
    with pytest.raises(ToolchainError, match="0-65535"):
        KafkaBroker(tmp_path, port).start()


def test_an_invalid_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ToolchainError, match="the broker's folder can't be created"):
        KafkaBroker(tmp_path / "file", free_port()).start()


def test_a_missing_java_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none() -> Path:
        raise ToolchainError("Java 17 or newer is needed")

    monkeypatch.setattr("goldrun.devtools.kafka_broker.ensure_java", none)
    assert command("start", KafkaBroker(tmp_path, free_port())) == 6
    assert "error: Java 17 or newer is needed" in caplog.text


def test_a_process_with_the_reused_id_of_a_dead_broker_is_not_stopped(tmp_path: Path) -> None:
    dead = KafkaBroker(tmp_path, free_port())
    (tmp_path / "broker.pid").write_text(f"{os.getpid()} {dead.port}")
    assert dead.running() is None
    assert not dead.stop()


def test_a_listener_that_is_no_broker_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as silent:
        assert not KafkaBroker(tmp_path, silent.getsockname()[1]).answers()


def test_status_reports_whether_the_broker_answers(
    broker: KafkaBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert command("status", broker) == 0
    assert f"Kafka listens on {broker.address}; log: {broker.log_path}; to stop" in caplog.text
    assert command("status", KafkaBroker(tmp_path / "none", broker.port)) == 1
    assert f"Kafka does not run: {tmp_path / 'none'}" in caplog.text
    assert not (tmp_path / "none").exists()


def test_a_hanging_broker_is_reported_and_not_stopped_by_another_process(
    broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    found = broker.running()
    assert found is not None
    os.kill(found.pid, signal.SIGSTOP)
    try:
        assert command("status", broker) == 1
        with pytest.raises(ToolchainError, match=r"did not answer within 0\.1 s; last line of "):
            KafkaBroker(broker.folder, broker.port).start(timeout_seconds=0.1)
        assert broker.running() == found
    finally:
        os.kill(found.pid, signal.SIGCONT)
    assert "Kafka DOES NOT ANSWER" in caplog.text


def test_stop_ends_the_broker_cleanly_and_a_failed_start_names_the_reason(
    broker: KafkaBroker, caplog: pytest.LogCaptureFixture
) -> None:
    assert command("stop", broker) == 0
    assert broker.running() is None
    assert not broker.answers()
    assert "shut down completed" in broker.log_path.read_text()
    assert (broker.folder / "messages" / ".kafka_cleanshutdown").is_file()
    assert command("stop", broker) == 0
    actions = [message.split(":")[0] for message in caplog.messages]
    assert actions == ["Kafka stopped", "Kafka did not run"]
    stamp = broker.folder / "messages" / "meta.properties"
    stamp.write_text(stamp.read_text().replace("node.id=1", "node.id=7"))
    with pytest.raises(ToolchainError, match=r"ended; last line of broker\.log .*node id 7"):
        broker.start()
    assert broker.running() is None
