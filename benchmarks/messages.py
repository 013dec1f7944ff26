"""Send JSON transactions to a Kafka topic: as fast as it goes, or so many a second.

    python -m benchmarks.messages --brokers=127.0.0.1:9092 --topic=transactions --rows=1000000

A process of its own, so that it takes no time from the stream's driver but the machine's.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from confluent_kafka import KafkaError, Message, Producer

CUSTOMERS = 50_000
PRODUCTS = 2_000
SPREAD = 7_919
"""A prime: neighbouring rows are of customers far apart."""
DIRT = 1_000
"""Of so many messages one repeats the one before it, and one has a price of 0."""
_METHODS = ("card", "wallet", "bank_transfer", "invoice")
_PAUSE = 0.02


def message(number: int, at: datetime) -> bytes:
    """The transaction of a number, bought at a moment."""
    if number % DIRT == DIRT // 2:
        number -= 1
    pieces = 1 + number % 5
    cents = 199 + number % 9_800
    price = 0 if number % DIRT == DIRT // 4 else cents
    return (
        f'{{"transaction_id":"t{number:012}","order_id":"o{number // 2:012}",'
        f'"customer_id":"c{number // 2 * SPREAD % CUSTOMERS:06}",'
        f'"product_id":"p{number % PRODUCTS:05}","quantity":{pieces},'
        f'"price":"{price / 100:.2f}","amount":"{cents * pieces / 100:.2f}","currency":"EUR",'
        f'"payment_method":"{_METHODS[number % 4]}","transaction_date":"{_text(at)}",'
        '"transaction_status":"completed"}'
    ).encode()


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S.%fZ}"


def backlog(first: int, rows: int, days: int) -> Iterator[bytes]:
    """Messages of the last days, in order of time."""
    began = datetime.now(UTC) - timedelta(days=days)
    apart = timedelta(days=days) / rows
    # Whoever repeats a message repeats its time.
    return (
        message(n, began + apart * (n - first - (n % DIRT == DIRT // 2)))
        for n in range(first, first + rows)
    )


def steady(first: int, rows: int, rate: int) -> Iterator[bytes]:
    """So many messages a second; each is bought at the moment when it is sent."""
    began, before = time.monotonic(), datetime.now(UTC)
    for sent in range(rows):
        while sent > (time.monotonic() - began) * rate:
            time.sleep(_PAUSE)
        now = datetime.now(UTC)
        n = first + sent
        yield message(n, before if n % DIRT == DIRT // 2 else now)
        before = now


def send(brokers: str, topic: str, messages: Iterator[bytes]) -> int:
    """Send messages, and wait until the broker has them all; return how many it did not take."""
    failed: list[KafkaError] = []

    def told(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 20,
            # Errors alone: a broker that has just begun makes it wait, and it says so at length.
            "log_level": 3,
        }
    )
    for value in messages:
        while True:
            try:
                producer.produce(topic, value, on_delivery=told)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    return producer.flush(60) + len(failed)


def main() -> int:
    """Send what the options ask for; 1 when the broker did not take all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--brokers", required=True)
    options.add_argument("--topic", required=True)
    options.add_argument("--rows", type=int, required=True)
    options.add_argument("--first", type=int, default=0, help="number of the first transaction")
    options.add_argument("--rate", type=int, default=0, help="messages a second (default: all)")
    options.add_argument("--days", type=int, default=30, help="over how long they were bought")
    given = options.parse_args()
    if given.rate:
        messages = steady(given.first, given.rows, given.rate)
    else:
        messages = backlog(given.first, given.rows, given.days)
    failed = send(given.brokers, given.topic, messages)
    taken = f"{given.rows - failed:,} of {given.rows:,} messages"
    sys.stdout.write(f"{taken} are in topic {given.topic} at {given.brokers}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
