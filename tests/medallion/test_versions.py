"""One key, one truth: whatever the order and the batches that versions arrive in."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from goldrun.contracts import lineage as L
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.medallion.versions import rank_versions, resolve

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
STORED = L.silver_table(TRANSACTIONS)
HISTORY = L.history_table(TRANSACTIONS)


@dataclass(frozen=True)
class Version:
    """What a record says of its key, and when it was made."""

    content: str
    hour: int
    status: str

    @property
    def at(self) -> datetime:
        return NOON + timedelta(hours=self.hour)


PENDING = Version("aa", 0, "pending")
COMPLETED = Version("bb", 1, "completed")
REFUNDED = Version("cc", 2, "refunded")
RECORDS = (PENDING, COMPLETED, COMPLETED, REFUNDED)
"""A life of a row, one of its versions sent twice."""
BATCHES = 3
SCHEDULES = tuple(product(range(BATCHES), repeat=len(RECORDS)))
"""For each record the batch that brings it: all orders, together and apart."""


def row(key: str, record_id: str, version: Version) -> dict[str, Any]:
    return {
        "transaction_id": key,
        "order_id": key,
        "customer_id": "c1",
        "quantity": 1,
        "price": Decimal(5),
        "amount": Decimal(5),
        "transaction_date": NOON,
        "transaction_status": version.status,
        "updated_at": version.at,
        "record_id": record_id,
        "content_hash": version.content,
        "source": "shop",
        "batch_id": "b",
    }


Make = Callable[[Iterable[dict[str, Any]]], DataFrame]


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> Make:
    def make(rows: Iterable[dict[str, Any]]) -> DataFrame:
        table = [tuple(one.get(name) for name in STORED.names) for one in rows]
        return spark.createDataFrame(table, STORED.schema)

    return make


class Store:
    """Silver and its history in memory, merged by key as the lake does."""

    def __init__(self, frame: Make) -> None:
        self.frame = frame
        self.current: dict[str, Row] = {}
        self.history: dict[str, Row] = {}
        self.duplicates: dict[str, Row] = {}

    def take(self, rows: Sequence[dict[str, Any]], not_in_silver: str = "") -> None:
        """Merge a batch; a stop keeps one key's new version from reaching silver."""
        known = [r.asDict() for r in (*self.current.values(), *self.history.values())]
        incoming, stored = self.frame(rows), self.frame(known)
        touched = stored.join(incoming.select("transaction_id"), "transaction_id", "left_semi")
        ranked = rank_versions(incoming, touched, TRANSACTIONS).persist()
        found = resolve(ranked, "transactions", TRANSACTIONS)
        assert found.current.columns == list(STORED.names)
        assert found.history.columns == list(HISTORY.names)
        assert found.duplicates.columns == list(L.DUPLICATES.names)
        self.duplicates |= {r[L.RECORD_ID]: r for r in found.duplicates.collect()}
        self.history |= {r[L.RECORD_ID]: r for r in found.history.collect()}
        current = {r["transaction_id"]: r for r in found.current.collect()}
        self.current |= {key: r for key, r in current.items() if key != not_in_silver}
        ranked.unpersist()


@pytest.fixture(scope="module")
def every_order(frame: Make) -> Store:
    """All schedules in one lake, each under its own key."""
    store = Store(frame)
    for batch in range(BATCHES):
        rows = [
            row(f"k{number}", f"k{number}-{position}", RECORDS[position])
            for number, schedule in enumerate(SCHEDULES)
            for position, arrives in enumerate(schedule)
            if arrives == batch
        ]
        store.take(rows)
    return store


def versions_of(store: Store, key: str) -> list[Row]:
    found = [r for r in store.history.values() if r["transaction_id"] == key]
    return sorted(found, key=lambda r: r[L.VALID_FROM])


def test_the_newest_version_is_current_whatever_the_order_of_arrival(every_order: Store) -> None:
    assert len(every_order.current) == len(SCHEDULES)
    assert {r["transaction_status"] for r in every_order.current.values()} == {"refunded"}


def test_the_older_versions_are_history_whatever_the_order_of_arrival(every_order: Store) -> None:
    for number in range(len(SCHEDULES)):
        found = [r["transaction_status"] for r in versions_of(every_order, f"k{number}")]
        assert found == ["pending", "completed"], SCHEDULES[number]


def test_validity_is_a_chain_without_gap_up_to_the_current_version(every_order: Store) -> None:
    for number in range(len(SCHEDULES)):
        older = versions_of(every_order, f"k{number}")
        current = every_order.current[f"k{number}"]
        for first, second in pairwise(older):
            assert first[L.VALID_TO] == second[L.VALID_FROM]
        assert older[-1][L.VALID_TO] == current["updated_at"]
        assert all(r[L.VALID_FROM] == r["updated_at"] < r[L.VALID_TO] for r in older)


def test_the_repeat_is_a_duplicate_of_the_record_that_was_kept(every_order: Store) -> None:
    assert len(every_order.duplicates) == len(SCHEDULES)
    for record_id, repeat in every_order.duplicates.items():
        key = record_id.split("-")[0]
        kept = every_order.history[repeat[L.KEPT_RECORD_ID]]
        assert {record_id, kept[L.RECORD_ID]} == {f"{key}-1", f"{key}-2"}


def test_every_record_has_one_fate(every_order: Store) -> None:
    ids = [r[L.RECORD_ID] for r in every_order.current.values()]
    ids += [*every_order.history, *every_order.duplicates]
    expected = {f"k{n}-{p}" for n in range(len(SCHEDULES)) for p in range(len(RECORDS))}
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


LOW, HIGH = Version("11", 5, "pending"), Version("99", 5, "completed")


@pytest.fixture(scope="module")
def store(frame: Make) -> Store:
    """Three batches with one case a key."""

    def life(key: str) -> list[dict[str, Any]]:
        made = {"r2": COMPLETED, "r3": PENDING, "r4": REFUNDED}
        return [row(key, f"{key}-{name}", version) for name, version in made.items()]

    store = Store(frame)
    first = [
        row("repeated", "z-stored", COMPLETED),
        row("replayed", "r1", PENDING),
        row("thrice", "t3", COMPLETED),
        row("thrice", "t1", COMPLETED),
        row("thrice", "t2", COMPLETED),
        row("low first", "l1", LOW),
        row("high first", "h2", HIGH),
        row("whole", "whole-r1", PENDING),
        row("stopped", "stopped-r1", PENDING),
    ]
    second = [
        row("repeated", "a-repeat", COMPLETED),
        row("replayed", "r2", COMPLETED),
        row("low first", "l2", HIGH),
        row("high first", "h1", LOW),
        *life("whole"),
        *life("stopped"),
    ]
    store.take(first)
    store.take(second, not_in_silver="stopped")
    assert {"stopped-r1"} == set(store.history) & {store.current["stopped"][L.RECORD_ID]}
    settled = {*store.history, *store.duplicates}
    again = [one for one in life("stopped") if one[L.RECORD_ID] not in settled]
    store.take([row("replayed", "r0", PENDING), *again])
    return store


def test_an_exact_repeat_in_a_later_batch_keeps_the_stored_record(store: Store) -> None:
    assert store.current["repeated"][L.RECORD_ID] == "z-stored"
    assert store.duplicates["a-repeat"][L.KEPT_RECORD_ID] == "z-stored"
    assert versions_of(store, "repeated") == []


def test_a_repeat_of_a_superseded_version_is_a_duplicate_of_it(store: Store) -> None:
    assert store.current["replayed"][L.RECORD_ID] == "r2"
    assert [r[L.RECORD_ID] for r in versions_of(store, "replayed")] == ["r1"]
    assert store.duplicates["r0"][L.KEPT_RECORD_ID] == "r1"


def test_the_smallest_id_is_kept_of_repeats_in_one_batch(store: Store) -> None:
    assert store.current["thrice"][L.RECORD_ID] == "t1"
    assert {store.duplicates[one][L.KEPT_RECORD_ID] for one in ("t2", "t3")} == {"t1"}


def test_two_versions_made_at_the_same_time_are_ordered_by_content(store: Store) -> None:
    for key in ("low first", "high first"):
        assert store.current[key][L.CONTENT_HASH] == HIGH.content
        assert [r[L.CONTENT_HASH] for r in versions_of(store, key)] == [LOW.content]


def test_a_stop_between_history_and_silver_converges(store: Store) -> None:
    def fate(key: str) -> object:
        kept = store.current[key]
        older = versions_of(store, key)
        return (
            kept[L.RECORD_ID].removeprefix(key),
            [(r[L.RECORD_ID].removeprefix(key), r[L.VALID_FROM], r[L.VALID_TO]) for r in older],
            [name.removeprefix(key) for name in store.duplicates if name.startswith(key)],
        )

    assert fate("stopped") == fate("whole")
    assert store.current["stopped"][L.RECORD_ID] == "stopped-r4"


def test_keys_do_not_touch_one_another(store: Store) -> None:
    for rows in (store.history, store.current):
        assert all(row["order_id"] == row["transaction_id"] for row in rows.values())
    assert len(store.current) == 7
