"""The current row of an immutable key is the earliest, in any order of ingestion."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.behaviour import EVENTS
from goldrun.medallion.versions import rank_versions, resolve

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
STORED = lineage.silver_table(EVENTS)
# Record: hours after noon, content hash. a is first; b differs later; c has a's time and
# a greater hash; d repeats a.
RECORDS = {"a": (0, "11"), "b": (1, "00"), "c": (0, "22"), "d": (0, "11")}
BATCHINGS = tuple(product((0, 1), repeat=len(RECORDS)))
"""For each record, the batch that contains it; each combination has its own key."""


def row(key: str, name: str) -> tuple[Any, ...]:
    hours, content = RECORDS[name]
    values = {
        "event_id": key,
        "customer_id": "c1",
        "event_type": "click",
        "event_timestamp": NOON + timedelta(hours=hours),
        "record_id": f"{key}-{name}",
        "content_hash": content,
        "source": "shop",
        "batch_id": "b",
    }
    return tuple(values.get(column) for column in STORED.names)


@pytest.fixture(scope="module")
def fates(spark: SparkSession) -> dict[str, dict[str, str]]:
    """Return the fates by record for each key, whose first batch has a different set of records."""
    current: dict[str, Any] = {}
    fate: dict[str, str] = {}
    for batch in (0, 1):
        rows = [
            row(f"k{number}", name)
            for number, batches in enumerate(BATCHINGS)
            for name, its_batch in zip(RECORDS, batches, strict=True)
            if its_batch == batch
        ]
        incoming = spark.createDataFrame(rows, STORED.schema).withColumns(
            {lineage.FILE: F.lit("a.csv"), lineage.OFFSET: F.lit(0)}
        )
        known = spark.createDataFrame([tuple(r) for r in current.values()], STORED.schema)
        known = known.withColumn(lineage.VALID_TO, F.lit(None).cast("timestamp"))
        affected = known.join(incoming.select("event_id"), "event_id", "left_semi")
        found = resolve(rank_versions(incoming, affected, EVENTS).persist(), "events", EVENTS)
        assert found.history.columns == list(lineage.history_table(EVENTS).names)
        assert found.history.isEmpty()
        current |= {r["event_id"]: r for r in found.current.collect()}
        fate |= {r[lineage.RECORD_ID]: "duplicate" for r in found.duplicates.collect()}
        for conflict in found.conflicts.collect():
            assert conflict[lineage.REASONS] == ["key_conflict"]
            fate[conflict[lineage.RECORD_ID]] = "conflict"
    fate |= {r[lineage.RECORD_ID]: "current" for r in current.values()}
    return {
        f"k{number}": {name: fate[f"k{number}-{name}"] for name in RECORDS}
        for number in range(len(BATCHINGS))
    }


def test_the_earliest_content_is_current_in_every_order(
    fates: dict[str, dict[str, str]],
) -> None:
    for key, fate in fates.items():
        assert sorted((fate["a"], fate["d"])) == ["current", "duplicate"], key


def test_different_content_is_a_conflict_in_every_order(
    fates: dict[str, dict[str, str]],
) -> None:
    for key, fate in fates.items():
        assert (fate["b"], fate["c"]) == ("conflict", "conflict"), key
