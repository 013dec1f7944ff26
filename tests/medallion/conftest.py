"""Raw records of a shop whose file columns have the names of the contract."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.medallion.mapping import columns_needed
from goldrun.medallion.silver import validate

INGESTED_AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
VALID = {
    "transaction_id": "t1",
    "order_id": "o1",
    "customer_id": "c1",
    "product_id": "p1",
    "quantity": "2",
    "price": "3.50",
    "amount": "7.00",
    "currency": "GBP",
    "payment_method": "card",
    "transaction_date": "2024-05-01T10:00:00Z",
    "transaction_status": "completed",
    "updated_at": "2024-05-01T11:00:00Z",
}
Records = Mapping[str, Mapping[str, str | None]]


def bronze_row(record_id: str, record: Mapping[str, str | None]) -> tuple[Any, ...]:
    given = dict(record)
    malformed = given.pop("malformed", None)
    at = INGESTED_AT
    return (record_id, "shop", "shop.csv", "0" * 64, 0, at, "batch-1", given, malformed)


@pytest.fixture(scope="session")
def valid() -> dict[str, str | None]:
    """A record that breaks no rule."""
    return dict(VALID)


@pytest.fixture(scope="session")
def to_records(spark: SparkSession) -> Callable[[Records], DataFrame]:
    """Create bronze rows from records by id."""

    def make(records: Records) -> DataFrame:
        rows = [bronze_row(record_id, record) for record_id, record in records.items()]
        return spark.createDataFrame(rows, lineage.bronze_table("transactions").schema)

    return make


@pytest.fixture(scope="session")
def validated(
    spark: SparkSession, to_records: Callable[[Records], DataFrame]
) -> Callable[..., DataFrame]:
    """Validate records by id, each contract column mapped to the file column of its name."""

    def validate_all(
        records: Records,
        *,
        entity: str = "transactions",
        mapped: Sequence[str] | None = None,
        timezone: str | None = None,
        phone_region: str | None = None,
        rejects: Sequence[str] = (),
    ) -> DataFrame:
        table = replace(ENTITIES[entity], rejects=tuple(rejects))
        names = mapped or table.names
        mapping = EntityMapping(path="shop.csv", columns={name: name for name in names})
        needed = columns_needed(mapping.columns, "shop.toml")
        return validate(to_records(records), mapping, needed, table, timezone, phone_region)

    return validate_all


@pytest.fixture(scope="session")
def reasons_of(validated: Callable[..., DataFrame]) -> Callable[..., dict[str, list[str]]]:
    """Reasons of each record, by its id."""

    def reasons(records: Records, **how: Any) -> dict[str, list[str]]:
        rows = (
            validated(records, **how)
            .select(lineage.RECORD_ID, F.to_json(lineage.REASONS))
            .collect()
        )
        return {row[0]: json.loads(row[1]) for row in rows}

    return reasons
