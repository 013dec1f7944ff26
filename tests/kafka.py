"""A broker for tests on a free port, and functions that fill, read and empty its topics.

A test module shares one broker::

    @pytest.fixture(scope="module")
    def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
        with running_broker(tmp_path_factory.mktemp("kafka")) as running:
            yield running
"""

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.devtools.kafka_settings import HOST

LONGEST_MESSAGE = 8_000_000
"""Bytes; slightly less than the broker's limit."""

_TIMEOUT = 30
"""Seconds that a request to the broker may take."""

_KEEP_FOREVER = {"retention.ms": "-1"}

# The client's constants.
_ANY, _NOW = -1, 0


@dataclass(frozen=True)
class Stored:
    """A message as the broker stores it."""

    partition: int
    offset: int
    value: bytes | None
    timestamp: int = field(default=0, compare=False)
    """Milliseconds since 1970 in UTC."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_broker(folder: Path) -> Iterator[KafkaBroker]:
    """A broker that runs until the block ends, even if a test kills and restarts it."""
    broker = KafkaBroker(folder, free_port())
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def create_topic(
    broker: KafkaBroker, topic: str, partitions: int = 1, config: Mapping[str, str] = _KEEP_FOREVER
) -> None:
    """Create a topic; unless its config sets a retention, it keeps messages of any age."""
    made = NewTopic(topic, num_partitions=partitions, config={**_KEEP_FOREVER, **config})
    admin = AdminClient({"bootstrap.servers": broker.address})
    for future in admin.create_topics([made]).values():
        future.result(_TIMEOUT)


def produce(
    broker: KafkaBroker,
    topic: str,
    values: Sequence[bytes | None],
    partition: int | None = None,
    timestamps: Sequence[int] | None = None,
) -> None:
    """Send messages without keys and wait until the broker has every one.

    Args:
        broker: The broker to send to.
        topic: Created with the broker's defaults (a week's retention) if it does not exist.
        values: Payloads, in order; None is sent as null.
        partition: Partition to send to; None spreads the messages, which keeps order per partition.
        timestamps: For each message, milliseconds since 1970 in UTC, at least 1; None is now.
    """
    failed: list[KafkaError] = []

    def report(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer(
        {"bootstrap.servers": broker.address, "acks": "all", "enable.idempotence": True}
        | {"message.max.bytes": LONGEST_MESSAGE, "linger.ms": 20}
    )
    target = _ANY if partition is None else partition
    for value, when in zip(values, timestamps or [_NOW] * len(values), strict=True):
        while True:
            try:
                producer.produce(topic, value, None, target, report, timestamp=when)
                break
            except BufferError:
                producer.poll(0.1)
    remaining = producer.flush(_TIMEOUT)
    assert not failed, failed[0]
    assert not remaining, f"{remaining} messages were not sent within {_TIMEOUT} s"


def stored(broker: KafkaBroker, topic: str) -> list[Stored]:
    """Return all messages of a topic, ordered by partition and offset."""
    consumer = Consumer(
        {"bootstrap.servers": broker.address, "group.id": "tests", "enable.auto.commit": False}
        | {"auto.offset.reset": "error", "enable.partition.eof": True}
    )
    try:
        partitions = consumer.list_topics(topic, timeout=_TIMEOUT).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        found: list[Stored] = []
        ends = 0
        while ends < len(partitions):
            message = consumer.poll(_TIMEOUT)
            assert message is not None, f"{topic}: no message within {_TIMEOUT} s"
            if (error := message.error()) is None:
                found.append(_stored(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                ends += 1
            else:
                raise KafkaException(error)
    finally:
        consumer.close()
    return sorted(found, key=lambda one: (one.partition, one.offset))


def delete_records(broker: KafkaBroker, topic: str, before: Mapping[int, int]) -> None:
    """Delete messages as retention does: in each partition, all before an offset."""
    ends = [TopicPartition(topic, number, offset) for number, offset in before.items()]
    admin = AdminClient({"bootstrap.servers": broker.address})
    for future in admin.delete_records(ends).values():
        future.result(_TIMEOUT)


def _stored(message: Message) -> Stored:
    partition, offset, value = message.partition(), message.offset(), message.value()
    assert partition is not None
    assert offset is not None
    assert value is None or isinstance(value, bytes)
    return Stored(partition, offset, value, message.timestamp()[1])
