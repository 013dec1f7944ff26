"""A stream does not start without a reachable broker."""

import socket

import pytest

from goldrun.errors import StreamError
from goldrun.io.streaming.readers import check_reachable
from tests.kafka import free_port
from tests.refused import refusal

pytestmark = pytest.mark.of_spark


def test_unreachable_brokers_are_reported_at_once() -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    with pytest.raises(StreamError, match=rf"no broker answers at {nowhere},bad: start it"):
        check_reachable(f"{nowhere},bad", timeout_seconds=1)


def test_one_reachable_broker_suffices() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        brokers = f"127.0.0.1:{free_port()}, PLAINTEXT://127.0.0.1:{port}"
        assert refusal(lambda: check_reachable(brokers, timeout_seconds=1)) is None
        server.settimeout(5)
        connection, _ = server.accept()
        connection.close()
