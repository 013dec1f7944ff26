"""Send JSON transactions to a Kafka topic: as fast as possible, or at a rate.

    python -m benchmarks.messages --brokers=127.0.0.1:9092 --topic=transactions --rows=1000000

It runs in a process of its own, so that it shares the machine, but not the driver, of a stream.
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
"""A prime, so that consecutive rows belong to different customers."""
DIRT = 1_000
"""Number of messages with one that repeats its predecessor and one with a price of 0."""
_METHODS = ("card", "wallet", "bank_transfer", "invoice")
_PAUSE = 0.02
_DELIVERY = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 20,
    # Errors only: while a broker starts, each retry would be logged.
    "log_level": 3,
}


def message(number: int, at: datetime) -> bytes:
    """Return the JSON of transaction number ``number``, with a time."""
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
    """Generate messages of the last days, ordered by time."""
    began = datetime.now(UTC) - timedelta(days=days)
    apart = timedelta(days=days) / rows
    # A repeated message repeats its time.
    return (
        message(n, began + apart * (n - first - (n % DIRT == DIRT // 2)))
        for n in range(first, first + rows)
    )


def steady(first: int, rows: int, rate: int) -> Iterator[bytes]:
    """Generate messages at a rate a second; the time of each is when it is sent."""
    began, before = time.monotonic(), datetime.now(UTC)
    for sent in range(rows):
        while sent > (time.monotonic() - began) * rate:
            time.sleep(_PAUSE)
        now = datetime.now(UTC)
        n = first + sent
        yield message(n, before if n % DIRT == DIRT // 2 else now)
        before = now


def send(brokers: str, topic: str, messages: Iterator[bytes]) -> int:
    """Send messages and wait for the broker; return the number that it did not accept."""
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer({"bootstrap.servers": brokers, **_DELIVERY})
    for value in messages:
        while True:
            try:
                producer.produce(topic, value, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    return producer.flush(60) + len(failed)


def main() -> int:
    """Send the messages of the options; return 1 if the broker did not accept all."""
    given = _options().parse_args()
    if given.rate:
        messages = steady(given.first, given.rows, given.rate)
    else:
        messages = backlog(given.first, given.rows, given.days)
    failed = send(given.brokers, given.topic, messages)
    sent = f"{given.rows - failed:,} of {given.rows:,} messages"
    sys.stdout.write(f"{sent} are in topic {given.topic} at {given.brokers}\n")
    return 1 if failed else 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--brokers", required=True)
    options.add_argument("--topic", required=True)
    options.add_argument("--rows", type=int, required=True)
    options.add_argument("--first", type=int, default=0, help="number of the first transaction")
    options.add_argument("--rate", type=int, default=0, help="messages a second (default: all)")
    options.add_argument("--days", type=int, default=30, help="days that their times cover")
    return options


if __name__ == "__main__":
    sys.exit(main())
