"""Spark's progress report of a micro-batch becomes metrics."""

from typing import Any

import pytest
from pyspark.sql.streaming.listener import StreamingQueryProgress

from goldrun.io.streaming.listener import numbers_of

pytestmark = pytest.mark.of_spark

REPORT: dict[str, Any] = {
    "id": "00000000-0000-0000-0000-000000000001",
    "runId": "00000000-0000-0000-0000-000000000002",
    "name": None,
    "timestamp": "2026-01-02T00:00:00.000Z",
    "batchId": 3,
    "batchDuration": 1500,
    "durationMs": {"addBatch": 1250, "triggerExecution": 1500},
    "eventTime": {},
    "stateOperators": [],
    "sources": [],
    "sink": {"description": "foreachBatch", "numOutputRows": -1},
    "numInputRows": 30,
    "inputRowsPerSecond": 10.0,
    "processedRowsPerSecond": 20.0,
    "observedMetrics": {},
}


def source(**metrics: str) -> dict[str, Any]:
    return {
        "description": "x",
        "startOffset": "0",
        "endOffset": "1",
        "latestOffset": "1",
        "numInputRows": 30,
        "inputRowsPerSecond": 10.0,
        "processedRowsPerSecond": 20.0,
        "metrics": metrics,
    }


def numbers(*sources: dict[str, Any]) -> dict[str, float]:
    return numbers_of(StreamingQueryProgress.fromJson(REPORT | {"sources": list(sources)}))


def test_rates_durations_and_state_are_reported() -> None:
    assert numbers(source()) == {
        "spark.input_rows_per_second": 10.0,
        "spark.processed_rows_per_second": 20.0,
        "spark.state_rows": 0.0,
        "spark.state_bytes": 0.0,
        "spark.addBatch_seconds": 1.25,
        "spark.triggerExecution_seconds": 1.5,
    }


def test_the_largest_lag_of_a_partition_is_reported() -> None:
    found = numbers(source(maxOffsetsBehindLatest="7"), source(maxOffsetsBehindLatest="12"))
    assert found["spark.messages_behind"] == pytest.approx(12)
