"""Repeated exports of an unchanged row without ``updated_at`` are one version."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pyspark.sql import Row, SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS
from goldrun.medallion.bronze import Batch, is_time_of_ingestion
from goldrun.medallion.silver import with_content_hash
from goldrun.medallion.versions import rank_versions, resolve

STORED = lineage.silver_table(CUSTOMERS)
FIRST = datetime(2026, 1, 1, 3, 4, 5, 678, tzinfo=UTC)
OWN = "2025-06-01"
Exported = tuple[str, ...]
"""Rows of a customer in one ingestion: the place, optionally with ``@`` and a time."""

EXPORTS: Mapping[str, Sequence[Exported]] = {
    "unchanged": [("York",), ("York",), ("York",), ("York",)],
    "moved": [("York",), ("York",), ("Bath",), ("Bath",)],
    "moved back": [("York",), ("Bath",), ("York",), ("York",)],
    "twice a file": [("York", "York"), ("York", "York"), ("Bath", "Bath"), ()],
    "not always": [("York",), (), ("York",), ()],
    "nowhere": [("",), ("",), ("York",), ("",)],
    "own time first": [(f"York@{OWN}",), ("York",), ("York",), ("Bath",)],
    "own time each": [("York@2025-06-01",), ("York@2025-07-01",), ("York@2025-08-01",), ("York",)],
}
VERSIONS: Mapping[str, Sequence[tuple[str, int | str]]] = {
    "unchanged": [("York", 0)],
    "moved": [("York", 0), ("Bath", 2)],
    "moved back": [("York", 0), ("Bath", 1), ("York", 2)],
    "twice a file": [("York", 0), ("Bath", 2)],
    "not always": [("York", 0)],
    "nowhere": [("", 0), ("York", 2), ("", 3)],
    "own time first": [("York", OWN), ("Bath", 3)],
    "own time each": [("York", "2025-06-01"), ("York", "2025-07-01"), ("York", "2025-08-01")],
}
"""Expected versions: the place, and the ingestion or the row's time that it is valid from."""
SPLITS = {"one by one": (1, 1, 1, 1), "two at once": (1, 2, 1), "all at once": (4,)}
"""Numbers of pending ingestions that are refined together."""


def moment(when: int | str) -> datetime:
    if isinstance(when, str):
        return datetime.fromisoformat(when).replace(tzinfo=UTC)
    return FIRST + timedelta(days=when)


def rows_of(ingestion: int) -> list[tuple[object, ...]]:
    """Return the validated rows of one ingestion; the record ids do not increase with time."""
    batch = Batch.at(moment(ingestion))
    found: list[tuple[object, ...]] = []
    for who, exports in EXPORTS.items():
        for number, text in enumerate(exports[ingestion]):
            place, _, own = text.partition("@")
            record = {
                "customer_id": who,
                "location": place or None,
                "updated_at": moment(own or ingestion),
                lineage.RECORD_ID: f"{9 - ingestion}-{number}-{who}",
                lineage.SOURCE: "shop",
                lineage.BATCH_ID: batch.batch_id,
            }
            row = tuple(record.get(name) for name in STORED.names)
            found.append((*row, f"{ingestion}.csv", number))
    return found


class Lake:
    """Silver, history and duplicates in memory."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.current: dict[str, Row] = {}
        self.history: dict[str, Row] = {}
        self.duplicates: dict[str, str] = {}

    def refine(self, ingestions: Sequence[int]) -> None:
        validated = [row for each in ingestions for row in rows_of(each)]
        schema = ",".join(f"{c.name} {c.type.simpleString()}" for c in STORED.columns)
        placed = f"{schema},{lineage.FILE} string,{lineage.OFFSET} bigint"
        rows = self.spark.createDataFrame(validated, placed)
        incoming = with_content_hash(rows, CUSTOMERS, beside=(lineage.FILE, lineage.OFFSET))
        known = [
            tuple(row.asDict().get(name) for name in (*STORED.names, lineage.VALID_TO))
            for row in (*self.current.values(), *self.history.values())
        ]
        stored = self.spark.createDataFrame(known, f"{schema},{lineage.VALID_TO} timestamp")
        ranked = rank_versions(incoming, stored, CUSTOMERS)
        found = resolve(ranked.localCheckpoint(), "customers", CUSTOMERS)
        self.current |= {row["customer_id"]: row for row in _utc(found.current.collect())}
        self.history |= {row[lineage.RECORD_ID]: row for row in _utc(found.history.collect())}
        self.duplicates |= {
            row[lineage.RECORD_ID]: row[lineage.KEPT_RECORD_ID]
            for row in found.duplicates.collect()
        }

    def versions(self, who: str) -> list[Row]:
        older = [row for row in self.history.values() if row["customer_id"] == who]
        return [*sorted(older, key=lambda row: row["updated_at"]), self.current[who]]


def _utc(rows: list[Row]) -> list[Row]:
    def moved(value: object) -> object:
        return value.astimezone(UTC) if isinstance(value, datetime) else value

    return [Row(**{name: moved(value) for name, value in row.asDict().items()}) for row in rows]


@pytest.fixture(scope="module", params=SPLITS)
def lake(request: pytest.FixtureRequest, spark: SparkSession) -> Lake:
    made, ingestions = Lake(spark), iter(range(4))
    for count in SPLITS[request.param]:
        made.refine([next(ingestions) for _ in range(count)])
    return made


@pytest.mark.parametrize("who", EXPORTS)
def test_an_unchanged_export_is_not_a_new_version(lake: Lake, who: str) -> None:
    found = [(row["location"] or "", row["updated_at"]) for row in lake.versions(who)]
    assert found == [(place, moment(when)) for place, when in VERSIONS[who]]


@pytest.mark.parametrize("who", EXPORTS)
def test_each_version_is_valid_until_the_next(lake: Lake, who: str) -> None:
    for older, newer in pairwise(lake.versions(who)):
        assert (older[lineage.VALID_FROM], older[lineage.VALID_TO]) == (
            older["updated_at"],
            newer["updated_at"],
        )


@pytest.mark.parametrize("who", EXPORTS)
def test_every_other_record_is_a_duplicate_of_a_version_with_equal_content(
    lake: Lake, who: str
) -> None:
    place_of = {
        row[STORED.names.index(lineage.RECORD_ID)]: row[STORED.names.index("location")]
        for ingestion in range(4)
        for row in rows_of(ingestion)
        if row[0] == who
    }
    kept = {row[lineage.RECORD_ID] for row in lake.versions(who)}
    repeats = {each: first for each, first in lake.duplicates.items() if each in place_of}
    assert kept | set(repeats) == set(place_of)
    assert not kept & set(repeats)
    for each, first in repeats.items():
        assert first in kept
        assert place_of[first] == place_of[each]


def test_a_time_of_the_record_wins_over_the_ingestion_time(spark: SparkSession) -> None:
    assert FIRST.microsecond == 678
    rows = [(FIRST, Batch.at(FIRST).batch_id), (FIRST, Batch.at(moment(1)).batch_id)]
    frame = spark.createDataFrame(rows, f"updated_at timestamp, {lineage.BATCH_ID} string")
    found = frame.select(is_time_of_ingestion("updated_at")).collect()
    assert [row[0] for row in found] == [True, False]
