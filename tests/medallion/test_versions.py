"""One current row per key, by the version's time, then by ingestion, in any batches."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import types as T

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.medallion.versions import rank_versions, resolve

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
STORED = lineage.silver_table(TRANSACTIONS)
HISTORY = lineage.history_table(TRANSACTIONS)
PLACED = T.StructType(
    [
        *STORED.schema,
        T.StructField(lineage.VALID_TO, T.TimestampType()),
        T.StructField(lineage.FILE, T.StringType()),
        T.StructField(lineage.OFFSET, T.LongType()),
    ]
)


@dataclass(frozen=True)
class Version:
    """Content and time of a record."""

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
"""The versions of a row, one of which is sent twice."""
BATCHES = 3
SCHEDULES = tuple(product(range(BATCHES), repeat=len(RECORDS)))
"""For each record the batch that contains it, in all combinations."""


def row(key: str, record_id: str, version: Version) -> dict[str, Any]:
    return {
        "transaction_id": key,
        "order_id": key,
        "customer_id": "c1",
        "quantity": Decimal(1),
        "price": Decimal(5),
        "amount": Decimal(5),
        "transaction_date": NOON,
        "transaction_status": version.status,
        "updated_at": version.at,
        "record_id": record_id,
        "content_hash": version.content,
        "source": "shop",
    }


Make = Callable[[Iterable[dict[str, Any]]], DataFrame]


@pytest.fixture(scope="module")
def frame(spark: SparkSession) -> Make:
    def make(rows: Iterable[dict[str, Any]]) -> DataFrame:
        table = [tuple(one.get(field.name) for field in PLACED) for one in rows]
        return spark.createDataFrame(table, PLACED)

    return make


class Store:
    """Silver and its history in memory, merged by key as in the lake."""

    def __init__(self, frame: Make) -> None:
        self.frame = frame
        self.current: dict[str, Row] = {}
        self.history: dict[str, Row] = {}
        self.duplicates: dict[str, Row] = {}
        self.rejected: set[str] = set()
        self.batches = 0

    def merge(
        self, rows: Sequence[dict[str, Any]], not_in_silver: str = "", *, by_ingestion: bool = False
    ) -> None:
        """Merge a batch; rows without a file belong to one file.

        A stop keeps one key's new version from reaching silver.
        """
        self.batches += 1
        place = {lineage.BATCH_ID: f"b{self.batches}", lineage.FILE: f"{self.batches}.csv"}
        placed = [place | {lineage.OFFSET: n} | one for n, one in enumerate(rows)]
        known = [r.asDict() for r in (*self.current.values(), *self.history.values())]
        incoming, stored = self.frame(placed), self.frame(known)
        affected = stored.join(incoming.select("transaction_id"), "transaction_id", "left_semi")
        ranked = rank_versions(
            incoming, affected, TRANSACTIONS, by_ingestion=by_ingestion
        ).persist()
        found = resolve(ranked, "transactions", TRANSACTIONS)
        assert found.current.columns == list(STORED.names)
        assert found.history.columns == list(HISTORY.names)
        assert found.duplicates.columns == list(lineage.DUPLICATES.names)
        self.duplicates |= {r[lineage.RECORD_ID]: r for r in found.duplicates.collect()}
        assert {r[lineage.REASONS][0] for r in found.conflicts.collect()} <= {"key_not_unique"}
        self.rejected |= {r[lineage.RECORD_ID] for r in found.conflicts.collect()}
        self.history |= {r[lineage.RECORD_ID]: r for r in found.history.collect()}
        current = {r["transaction_id"]: r for r in found.current.collect()}
        self.current |= {key: r for key, r in current.items() if key != not_in_silver}
        ranked.unpersist()


@pytest.fixture(scope="module")
def every_order(frame: Make) -> Store:
    """All schedules in one lake, each with its own key."""
    store = Store(frame)
    for batch in range(BATCHES):
        rows = [
            row(f"k{number}", f"k{number}-{position}", RECORDS[position])
            for number, schedule in enumerate(SCHEDULES)
            for position, its_batch in enumerate(schedule)
            if its_batch == batch
        ]
        store.merge(rows)
    return store


def versions_of(store: Store, key: str) -> list[Row]:
    found = [r for r in store.history.values() if r["transaction_id"] == key]
    return sorted(found, key=lambda r: r[lineage.VALID_FROM])


def test_the_newest_version_is_current_in_every_order(every_order: Store) -> None:
    assert len(every_order.current) == len(SCHEDULES)
    assert {r["transaction_status"] for r in every_order.current.values()} == {"refunded"}


def test_the_older_versions_are_history_in_every_order(every_order: Store) -> None:
    for number in range(len(SCHEDULES)):
        found = [r["transaction_status"] for r in versions_of(every_order, f"k{number}")]
        assert found == ["pending", "completed"], SCHEDULES[number]


def test_validity_is_a_chain_without_gap_up_to_the_current_version(every_order: Store) -> None:
    for number in range(len(SCHEDULES)):
        older = versions_of(every_order, f"k{number}")
        current = every_order.current[f"k{number}"]
        for first, second in pairwise(older):
            assert first[lineage.VALID_TO] == second[lineage.VALID_FROM]
        assert older[-1][lineage.VALID_TO] == current["updated_at"]
        assert all(r[lineage.VALID_FROM] == r["updated_at"] < r[lineage.VALID_TO] for r in older)


def test_a_repeat_is_a_duplicate_of_the_kept_record(every_order: Store) -> None:
    assert len(every_order.duplicates) == len(SCHEDULES)
    for record_id, repeat in every_order.duplicates.items():
        key = record_id.split("-")[0]
        kept = every_order.history[repeat[lineage.KEPT_RECORD_ID]]
        assert {record_id, kept[lineage.RECORD_ID]} == {f"{key}-1", f"{key}-2"}


def test_every_record_has_one_fate(every_order: Store) -> None:
    ids = [r[lineage.RECORD_ID] for r in every_order.current.values()]
    ids += [*every_order.history, *every_order.duplicates]
    expected = {f"k{n}-{p}" for n in range(len(SCHEDULES)) for p in range(len(RECORDS))}
    assert len(ids) == len(set(ids))
    assert set(ids) == expected


LOW, HIGH = Version("11", 5, "pending"), Version("99", 5, "completed")


@pytest.fixture(scope="module")
def store(frame: Make) -> Store:
    """Three batches with one case per key."""

    def versions(key: str) -> list[dict[str, Any]]:
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
        *versions("whole"),
        *versions("stopped"),
    ]
    store.merge(first)
    store.merge(second, not_in_silver="stopped")
    assert {"stopped-r1"} == set(store.history) & {store.current["stopped"][lineage.RECORD_ID]}
    processed = {*store.history, *store.duplicates}
    again = [one for one in versions("stopped") if one[lineage.RECORD_ID] not in processed]
    store.merge([row("replayed", "r0", PENDING), *again])
    return store


def test_an_exact_repeat_in_a_later_batch_keeps_the_stored_record(store: Store) -> None:
    assert store.current["repeated"][lineage.RECORD_ID] == "z-stored"
    assert store.duplicates["a-repeat"][lineage.KEPT_RECORD_ID] == "z-stored"
    assert versions_of(store, "repeated") == []


def test_a_repeat_of_a_superseded_version_is_a_duplicate_of_it(store: Store) -> None:
    assert store.current["replayed"][lineage.RECORD_ID] == "r2"
    assert [r[lineage.RECORD_ID] for r in versions_of(store, "replayed")] == ["r1"]
    assert store.duplicates["r0"][lineage.KEPT_RECORD_ID] == "r1"


def test_the_first_is_kept_of_repeats_in_one_file(store: Store) -> None:
    assert store.current["thrice"][lineage.RECORD_ID] == "t3"
    assert {store.duplicates[one][lineage.KEPT_RECORD_ID] for one in ("t1", "t2")} == {"t3"}


def test_the_version_that_is_ingested_later_wins_at_equal_times(store: Store) -> None:
    for key, first, second in (("low first", LOW, HIGH), ("high first", HIGH, LOW)):
        assert store.current[key][lineage.CONTENT_HASH] == second.content
        (older,) = versions_of(store, key)
        assert older[lineage.CONTENT_HASH] == first.content
        assert older[lineage.VALID_FROM] == older[lineage.VALID_TO], "it its validity is empty"


def test_a_stop_between_history_and_silver_converges(store: Store) -> None:
    def fate(key: str) -> object:
        current = store.current[key]
        older = versions_of(store, key)
        return (
            current[lineage.RECORD_ID].removeprefix(key),
            [
                (r[lineage.RECORD_ID].removeprefix(key), r[lineage.VALID_FROM], r[lineage.VALID_TO])
                for r in older
            ],
            [name.removeprefix(key) for name in store.duplicates if name.startswith(key)],
        )

    assert fate("stopped") == fate("whole")
    assert store.current["stopped"][lineage.RECORD_ID] == "stopped-r4"


def test_keys_are_independent(store: Store) -> None:
    for rows in (store.history, store.current):
        assert all(row["order_id"] == row["transaction_id"] for row in rows.values())
    assert len(store.current) == 7


MARCH, MAY = Version("33", -60 * 24, "completed"), Version("55", 0, "completed")
TOPIC = "kafka:sales"


@pytest.fixture(scope="module")
def without_times(frame: Make) -> Store:
    """A source without ``updated_at``: two batches with one case per key."""
    store = Store(frame)

    def message(key: str, place: str, offset: int, version: Version) -> dict[str, Any]:
        file = f"{TOPIC}/{place}@{offset}"
        return row(key, f"{key} {place}@{offset}", version) | {
            lineage.FILE: file,
            lineage.OFFSET: offset,
        }

    store.merge(
        [
            row("moved back", "m1", MAY),
            row("comes back", "c1", LOW),
            row("accepted before", "a1", LOW),
            row("by name", "n2", HIGH) | {lineage.FILE: "b.csv", lineage.OFFSET: 0},
            row("by name", "n1", LOW) | {lineage.FILE: "a.csv", lineage.OFFSET: 9},
            *[message("by offset", "0", offset, each) for offset, each in ((9, LOW), (10, HIGH))],
            *[message("by partition", part, 5, each) for part, each in (("10", LOW), ("2", HIGH))],
        ],
        by_ingestion=True,
    )
    store.merge(
        [
            row("moved back", "m2", MARCH),
            row("comes back", "c2", HIGH),
            row("comes back", "c3", LOW) | {lineage.FILE: "last.csv"},
            row("no key", "k1", LOW),
            row("no key", "k2", HIGH),
            row("no key", "k3", LOW),
            row("accepted before", "a2", HIGH),
            row("accepted before", "a3", MARCH),
            row("repeated", "r1", LOW),
            row("repeated", "r2", LOW),
        ],
        by_ingestion=True,
    )
    return store


def test_without_updated_at_the_version_that_is_ingested_later_wins(
    without_times: Store,
) -> None:
    assert without_times.current["moved back"][lineage.RECORD_ID] == "m2"
    (older,) = versions_of(without_times, "moved back")
    assert older[lineage.RECORD_ID] == "m1"
    assert older[lineage.VALID_FROM] == older[lineage.VALID_TO], (
        "another was made before it and stands"
    )


def test_files_of_one_ingestion_are_ordered_by_name(without_times: Store) -> None:
    assert without_times.current["by name"][lineage.RECORD_ID] == "n2"


def test_messages_are_ordered_by_offset_and_partitions_by_number(without_times: Store) -> None:
    assert without_times.current["by offset"][lineage.RECORD_ID] == "by offset 0@10"
    assert without_times.current["by partition"][lineage.RECORD_ID] == "by partition 10@5"
    assert not {one for one in without_times.rejected if one.startswith("by ")}


def test_content_that_returns_is_current_again(without_times: Store) -> None:
    assert without_times.current["comes back"][lineage.RECORD_ID] == "c3"
    assert {r[lineage.RECORD_ID] for r in versions_of(without_times, "comes back")} == {"c1", "c2"}


def test_a_key_with_several_contents_in_one_file_is_rejected_with_all_records(
    without_times: Store,
) -> None:
    assert without_times.rejected == {"k1", "k2", "k3", "a2", "a3"}
    assert "no key" not in without_times.current


def test_records_that_were_accepted_from_another_file_stay(without_times: Store) -> None:
    assert without_times.current["accepted before"][lineage.RECORD_ID] == "a1"
    assert versions_of(without_times, "accepted before") == []


def test_exact_repeats_in_one_file_are_duplicates(without_times: Store) -> None:
    assert without_times.current["repeated"][lineage.RECORD_ID] == "r1"
    assert without_times.duplicates["r2"][lineage.KEPT_RECORD_ID] == "r1"
