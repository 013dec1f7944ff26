"""Messages of every kind from a real broker through all layers, each with its fate."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.errors import StreamError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.refine import silver
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.monitoring.stream_counts import Totals
from tests.jobs.stream.brief import NOW
from tests.kafka import create_topic, delete_records, produce, running_broker
from tests.project_copy import ROOT

pytestmark = [pytest.mark.of_spark, pytest.mark.e2e]

MALFORMED: dict[str, tuple[bytes | None, set[str]]] = {
    "not JSON": (b"hello", {"record_malformed"}),
    "null": (None, {"record_malformed"}),
    "empty": (b"", {"record_malformed"}),
    "an array": (b"[1, 2]", {"record_malformed"}),
    "two objects": (b'{"transaction_id":"a"}{"transaction_id":"b"}', {"record_malformed"}),
    "2 MB of text": (b"x" * 2_000_000, {"record_malformed"}),
    "wrong types": (
        json.dumps({"transaction_id": {"a": 1}, "quantity": [1, 2], "price": True}).encode(),
        {"quantity_unparsed"},
    ),
    "invalid UTF-8": (
        b'{"transaction_id":"invalid","customer_id":"c\xff"}',
        {"record_undecodable"},
    ),
}
"""Payload, and reasons that its quarantine row must have."""


def message(key: int, **changes: object) -> bytes:
    record: dict[str, object] = {
        "transaction_id": f"t{key:04}",
        "customer_id": f"c{key % 7}",
        "product_id": f"p{key % 5}",
        "quantity": 1 + key % 3,
        "price": "2.50",
        "amount": "5.00",
        "currency": "EUR",
        "transaction_date": f"2025-03-{1 + key % 20:02}T10:00:00Z",
        "transaction_status": "completed",
    }
    return json.dumps(record | changes).encode()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with running_broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


class Shop:
    """A topic and the lake that it streams into."""

    def __init__(self, ctx: Context, topic: str) -> None:
        self.ctx, self.topic = ctx, topic
        self._ticks = (NOW + timedelta(seconds=n) for n in count())

    def stream(self, **limits: object) -> Totals:
        given = Limits(available_now=True, **limits)  # type: ignore[arg-type]
        with self.ctx.tracker.run("stream", "goldrun-pipeline"):
            return stream.run(
                replace(self.ctx, now=next(self._ticks)), given, lambda: next(self._ticks)
            )

    def keys(self) -> list[str]:
        found = self.ctx.lake.read("silver/transactions").select("transaction_id").collect()
        return sorted(row["transaction_id"] for row in found)


@pytest.fixture
def shop(
    engine: Engine,
    tracker: Tracker,
    broker: KafkaBroker,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    topic = f"topic-{abs(hash(request.node.name))}"
    create_topic(broker, topic, partitions=2)
    monkeypatch.setenv("GOLDRUN_KAFKA", broker.address)
    shipped = (ROOT / "pipelines/sources/kafka.toml").read_text()
    settings = tmp_path / "kafka.toml"
    settings.write_text(shipped.replace('topic = "transactions"', f'topic = "{topic}"'))
    lake = Lake(engine, str(tmp_path / "lake"))
    return Shop(Context(lake, tracker, load_source(str(settings)), NOW), topic)


def test_malformed_messages_are_quarantined_and_the_stream_continues(
    shop: Shop, broker: KafkaBroker
) -> None:
    valid = [message(n) for n in range(10)]
    produce(broker, shop.topic, valid[:5], partition=0)
    produce(broker, shop.topic, [payload for payload, _ in MALFORMED.values()], partition=1)
    produce(broker, shop.topic, valid[5:], partition=0)
    totals = shop.stream()
    assert (totals.rows, totals.quarantined) == (10 + len(MALFORMED), len(MALFORMED))
    assert shop.keys() == [f"t{n:04}" for n in range(10)]
    reasons_by_file = {
        row["file"]: set(row["reasons"])
        for row in shop.ctx.lake.read("silver/quarantine").collect()
    }
    for offset, (_, reasons) in enumerate(MALFORMED.values()):
        assert reasons_by_file[f"kafka:{shop.topic}/1@{offset}"] >= reasons
    assert silver.accounts(shop.ctx)["transactions"].closed


@pytest.mark.slow
def test_a_sale_that_is_sent_twice_or_completed_later_counts_once(
    shop: Shop, broker: KafkaBroker
) -> None:
    pending = {"transaction_status": "pending", "updated_at": "2025-03-01T10:00:00Z"}
    paid = {"updated_at": "2025-03-02T10:00:00Z"}
    produce(broker, shop.topic, [message(1, **paid), message(2, **pending)], partition=0)
    shop.stream()
    produce(broker, shop.topic, [message(1, **pending), message(2, **paid)], partition=0)
    produce(broker, shop.topic, [message(1, **paid)], partition=1)
    totals = shop.stream()
    assert (totals.rows, totals.duplicates) == (3, 1)
    users = shop.ctx.lake.read("gold/user_features").collect()
    assert sorted(row["purchase_frequency"] for row in users) == [1, 1]
    history = shop.ctx.lake.read("silver/transactions_history").collect()
    assert [row["transaction_status"] for row in history] == ["pending", "pending"]


@pytest.mark.slow
def test_a_limit_ingests_the_exact_number_and_leaves_the_rest(
    shop: Shop, broker: KafkaBroker
) -> None:
    produce(broker, shop.topic, [message(n) for n in range(30)], partition=0)
    assert shop.stream(rows=12).rows == 12
    assert shop.keys() == [f"t{n:04}" for n in range(12)]
    totals = shop.stream()
    assert (totals.rows, totals.repeated) == (18, 12)
    assert shop.keys() == [f"t{n:04}" for n in range(30)]


@pytest.mark.slow
def test_missing_offsets_stop_the_stream_by_name(shop: Shop, broker: KafkaBroker) -> None:
    produce(broker, shop.topic, [message(n) for n in range(5)], partition=0)
    shop.stream()
    produce(broker, shop.topic, [message(n) for n in range(5, 10)], partition=0)
    delete_records(broker, shop.topic, before={0: 8})
    with pytest.raises(StreamError, match="no longer has messages that the stream has not read"):
        shop.stream()
    assert shop.keys() == [f"t{n:04}" for n in range(5)]


@pytest.mark.slow
def test_a_missing_topic_is_named(shop: Shop, tmp_path: Path) -> None:
    settings = tmp_path / "kafka.toml"
    settings.write_text(settings.read_text().replace(shop.topic, "absent"))
    shop.ctx = replace(shop.ctx, source=load_source(str(settings)))
    with pytest.raises(StreamError, match="lacks some of the topics absent: create them"):
        shop.stream()
