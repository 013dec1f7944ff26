"""A dangling reference is reported; a null reference is not."""

from pyspark.sql import SparkSession

from goldrun.contracts import lineage
from goldrun.contracts.behaviour import EVENTS
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.table import Severity
from goldrun.medallion.references import dangling, without_parent


def test_a_row_is_rejected_for_required_references_only(
    spark: SparkSession,
) -> None:
    events = spark.createDataFrame(
        [("r1", "c1", "s1"), ("r2", "c9", "s1"), ("r3", "c1", "s9"), ("r4", "c8", "s9")],
        "record_id string, customer_id string, session_id string",
    )
    customers = spark.createDataFrame([("c1",), ("c2",)], "customer_id string")
    sessions = spark.createDataFrame([("s1",)], "session_id string")
    found = without_parent(events, EVENTS, {"customers": customers, "sessions": sessions})
    assert found is not None
    assert {row[lineage.RECORD_ID]: row[lineage.REASONS] for row in found.collect()} == {
        "r2": ["customer_unknown"],
        "r4": ["customer_unknown"],
    }
    assert without_parent(events, TRANSACTIONS, {"sessions": sessions}) is None
    assert without_parent(customers, CUSTOMERS, {}) is None


def test_a_null_reference_is_not_dangling(spark: SparkSession) -> None:
    (to_session,) = (r for r in EVENTS.references if r.severity is Severity.WARN)
    events = spark.createDataFrame(
        [("e1", "s1"), ("e2", "s9"), ("e3", None)], "event_id string, session_id string"
    )
    sessions = spark.createDataFrame([("s1",)], "session_id string")
    found = dangling(events, to_session, sessions).collect()
    assert [row["event_id"] for row in found] == ["e2"]
