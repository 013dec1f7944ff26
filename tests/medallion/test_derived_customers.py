"""Customers of a shop without a customers file are derived from the transactions."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.medallion.customers import derive_customers

BOUGHT: tuple[tuple[str, str, str, str | None], ...] = (
    ("r1", "moved", "2024-01-01 10:00:00", "Norway"),
    ("r2", "moved", "2024-02-01 10:00:00", "Sweden"),
    ("r3", "back", "2024-02-01 10:00:00", "Sweden"),
    ("r4", "back", "2024-01-01 10:00:00", "Norway"),
    ("r5", "tie", "2024-01-01 10:00:00", "Sweden"),
    ("r6", "tie", "2024-01-01 10:00:00", "Denmark"),
    ("r7", "silent", "2024-01-01 10:00:00", "Norway"),
    ("r8", "silent", "2024-03-01 10:00:00", None),
    ("r9", "never", "2024-01-01 10:00:00", None),
)


def derived_by(columns: Mapping[str, str], **more: str) -> EntityMapping:
    return EntityMapping.model_validate({"from": "transactions", "columns": columns, **more})


MAPPED = derived_by({"location": "Land"})


@pytest.fixture(scope="module")
def shop(spark: SparkSession, to_records: Callable[..., DataFrame]) -> tuple[DataFrame, DataFrame]:
    """The transactions in silver, and the raw records with the country of each."""
    columns = "record_id string, customer_id string, at string"
    silver = spark.createDataFrame([row[:3] for row in BOUGHT], columns).select(
        "record_id", "customer_id", F.col("at").cast("timestamp").alias("transaction_date")
    )
    refused = {"r0": {"Land": "Atlantis"}}
    return silver, to_records({row[0]: {"Land": row[3]} for row in BOUGHT} | refused)


@pytest.fixture(scope="module")
def customers(shop: tuple[DataFrame, DataFrame]) -> dict[str, dict[str, Any]]:
    derived = derive_customers(*shop, MAPPED, ["Land"])
    assert [(f.name, f.dataType) for f in derived.schema.fields] == [
        (c.name, c.type) for c in CUSTOMERS.columns
    ]
    derived = derived.withColumn("updated_at", F.date_format("updated_at", "yyyy-MM-dd HH:mm"))
    rows = derived.collect()
    assert len(rows) == len({row["customer_id"] for row in rows})
    return {row["customer_id"]: row.asDict() for row in rows}


def test_each_buyer_is_a_customer_once(customers: dict[str, Any]) -> None:
    assert set(customers) == {row[1] for row in BOUGHT}


@pytest.mark.parametrize("who", ["moved", "back"])
def test_the_location_is_the_latest_one(customers: dict[str, Any], who: str) -> None:
    assert customers[who]["location"] == "Sweden"


def test_the_first_location_by_name_wins_at_equal_times(
    customers: dict[str, Any],
) -> None:
    assert customers["tie"]["location"] == "Denmark"


def test_a_missing_location_does_not_replace_a_known_one(
    customers: dict[str, Any],
) -> None:
    assert customers["silent"]["location"] == "Norway"
    assert customers["silent"]["updated_at"] == "2024-03-01 10:00"


def test_a_location_that_is_always_missing_is_null(customers: dict[str, Any]) -> None:
    assert customers["never"]["location"] is None


def test_unmapped_columns_including_personal_ones_are_null(customers: dict[str, Any]) -> None:
    unmapped = [n for n in CUSTOMERS.names if n not in {"customer_id", "location", "updated_at"}]
    assert {c[n] for c in customers.values() for n in unmapped} == {None}
    assert {"name", "email", "phone"} <= set(unmapped)


def test_a_customer_has_the_time_of_the_newest_transaction(customers: dict[str, Any]) -> None:
    assert customers["moved"]["updated_at"] == "2024-02-01 10:00"
    assert customers["back"]["updated_at"] == "2024-02-01 10:00"


def test_customers_are_derived_without_any_mapping(shop: tuple[DataFrame, DataFrame]) -> None:
    rows = derive_customers(*shop, derived_by({}), []).collect()
    assert {row["customer_id"] for row in rows} == {row[1] for row in BOUGHT}
    assert {row["location"] for row in rows} == {None}


RAW = {
    "Since": "01/12/2023 22:00",
    "Land": "\u00a0France\u200b",
    "Mail": " A@Example.COM ",
    "Phone": "none",
}


@pytest.fixture(scope="module")
def typed(spark: SparkSession, to_records: Callable[..., DataFrame]) -> Callable[..., Any]:
    """Return the attributes of one customer whose transaction has the given text."""

    def attributes(since: str, raw: Mapping[str, str], zone: str | None) -> Any:
        one = "'r1' as record_id", "'a' as customer_id", "now() as transaction_date"
        silver = spark.range(1).selectExpr(*one)
        columns = {"registration_date": since, "location": "Land", "email": "Mail"}
        mapping = derived_by({**columns, "phone": "Phone"}, timestamp_format="dd/MM/yyyy HH:mm")
        records = to_records({"r1": raw})
        rows = derive_customers(silver, records, mapping, list(RAW), zone, "US")
        at = F.date_format("registration_date", "yyyy-MM-dd HH:mm").alias("at")
        return rows.select(at, "location", "email", "phone").collect()[0]

    return attributes


@pytest.mark.parametrize("since", ["Since", "to_timestamp(Since, 'dd/MM/yyyy HH:mm')"])
def test_attributes_are_read_as_those_of_a_customers_file(
    typed: Callable[..., Any], since: str
) -> None:
    found = typed(since, RAW, "America/New_York")
    assert tuple(found) == ("2023-12-02 03:00", "France", "a@example.com", None)


@pytest.mark.parametrize(("since", "zone"), [("soon", "America/New_York"), (RAW["Since"], None)])
def test_a_time_that_is_invalid_in_a_customers_file_is_null(
    typed: Callable[..., Any], since: str, zone: str | None
) -> None:
    assert typed("Since", RAW | {"Since": since}, zone)["at"] is None


def test_a_time_with_more_digits_than_are_kept_is_null(typed: Callable[..., Any]) -> None:
    written = RAW | {"Since": "2023-12-01T22:00:00.1234567Z"}
    assert typed("to_timestamp(Since)", written, "UTC")["at"] is None
