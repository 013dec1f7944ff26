"""What ends a stream is told with its meaning and its remedy."""

import socket

import pytest

from goldrun.errors import StreamError
from goldrun.io.settings import load_source
from goldrun.io.streams import check_reachable, failure
from tests.kafka import free_port

CHECKPOINT = "/lake/_checkpoints/kafka"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "x\n[KAFKA_DATA_LOSS.START_OFFSET_RESET] Some data may have been lost\ny",
            rf"no longer has messages .* accept the loss by deleting {CHECKPOINT}: .*START_OFFSET",
        ),
        (
            "UnknownTopicOrPartitionException: This server does not host this topic-partition.",
            "does not have all of its topics transactions: create what is missing, or send a",
        ),
        (
            "There are [1] sources in the checkpoint offsets and now there are [2] sources",
            f"other entities are read than when this stream began; delete {CHECKPOINT} and run",
        ),
        ("\n  something else\n at a.b.C", r"the stream stopped \(something else\); what was"),
        ("", r"the stream stopped \(no reason given\)"),
    ],
)
def test_a_failure_of_spark_is_told_with_its_remedy(said: str, told: str) -> None:
    with pytest.raises(StreamError, match=f"source kafka: .*{told}"):
        raise failure(RuntimeError(said), load_source("kafka"), CHECKPOINT)


def test_brokers_that_nobody_answers_for_are_told_at_once() -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    with pytest.raises(StreamError, match=rf"no broker answers at {nowhere},bad: start it"):
        check_reachable(f"{nowhere},bad", timeout_seconds=1)


def test_one_broker_that_answers_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_reachable(f"127.0.0.1:{free_port()}, PLAINTEXT://127.0.0.1:{port}", timeout_seconds=1)
        server.settimeout(5)
        asked, _ = server.accept()
        asked.close()
