"""Times from expressions: local times are in the source's zone, instants stay instants."""

from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.medallion.mapping import columns_needed
from goldrun.medallion.silver import validate
from tests.medallion.expressions.computed import compute


@pytest.mark.parametrize(
    ("sql", "text", "expected"),
    [
        ("to_date(a)", "2024-07-01T10:00:00", "2024-07-01T00:00:00"),
        # The day of an instant depends on a zone, which is missing here.
        ("to_date(a)", "2024-07-01T10:00:00Z", None),
        # This zone equals UTC for a month of each year, which differs from no offset.
        (
            "to_utc_timestamp(cast(a as timestamp), 'Africa/Casablanca')",
            "2024-03-20T12:00:00",
            "2024-03-20T12:00:00Z",
        ),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Atlantic/Azores')",
            "2024-07-01T12:00:00",
            "2024-07-01T12:00:00Z",
        ),
        ("cast(a as date)", "2024-02-30", None),
        ("timestamp_seconds(cast(a as bigint))", "1700000000", "2023-11-14T22:13:20Z"),
        (
            "timestamp_seconds(cast(a as double))",
            "1700000000.123456",
            "2023-11-14T22:13:20.123456Z",
        ),
        ("timestamp_seconds(cast(a as double))", "-0.5", "1969-12-31T23:59:59.5Z"),
        ("timestamp_millis(cast(a as bigint))", "1700000000123", "2023-11-14T22:13:20.123Z"),
        ("timestamp_micros(cast(a as bigint))", "1700000000123456", "2023-11-14T22:13:20.123456Z"),
        ("from_unixtime(cast(a as bigint) / 1000)", "1700000000123", "2023-11-14T22:13:20.123Z"),
        ("timestamp_seconds(cast(a as bigint))", "253402300800", None),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-07-01T10:00:00",
            "2024-07-01T08:00:00Z",
        ),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-07-01T10:00:00Z",
            "2024-07-01T10:00:00Z",
        ),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-03-31T02:30:00",
            "2024-03-31T01:30:00Z",
        ),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-10-27T02:30:00",
            "2024-10-27T00:30:00Z",
        ),
        (
            "from_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-07-01T10:00:00.5Z",
            "2024-07-01T12:00:00.5",
        ),
        (
            "from_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2024-07-01T10:00:00+02:00",
            "2024-07-01T10:00:00",
        ),
        ("make_date(cast(a as int), 2, 29)", "2024", "2024-02-29T00:00:00"),
        ("make_date(cast(a as int), 2, 29)", "2023", None),
        (
            "to_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2150-07-01T10:00:00",
            "2150-07-01T09:00:00Z",
        ),
        (
            "from_utc_timestamp(cast(a as timestamp), 'Europe/Berlin')",
            "2150-07-01T10:00:00Z",
            "2150-07-01T11:00:00",
        ),
        (
            "make_timestamp(2024, 1, 2, 3, 4, cast(a as decimal(8,6)))",
            "5.25",
            "2024-01-02T03:04:05.25",
        ),
    ],
)
def test_an_expression_returns_iso_text(
    spark: SparkSession, sql: str, text: str, expected: str | None
) -> None:
    assert compute(spark, [sql], [(text, "")])[sql] == [expected]


@pytest.mark.parametrize(
    ("sql", "bought", "zone", "expected"),
    [
        (
            "try_to_timestamp(At, 'dd/MM/yyyy HH:mm')",
            "01/07/2023 00:30",
            "Europe/London",
            "2023-06-30 23:30:00",
        ),
        ("to_date(At)", "2023-07-01T22:30:00Z", "Europe/Berlin", "2023-07-01 22:00:00"),
        ("cast(At as date)", "2023-07-01T21:30:00Z", "Europe/Berlin", "2023-06-30 22:00:00"),
        ("to_date(At)", "2023-07-01T22:30:00Z", None, "transaction_date_unparsed"),
        ("to_timestamp(At)", "soon", "Europe/Berlin", "transaction_date_unparsed"),
        ("to_timestamp(At)", " \u00a0", "Europe/Berlin", "transaction_date_missing"),
        (
            "to_timestamp(nullif(At, 'soon'))",
            "soon",
            "Europe/Berlin",
            "transaction_date_missing",
        ),
        (
            "coalesce(to_timestamp(At, 'dd/MM/yyyy'), to_timestamp(At, 'yyyy.MM.dd'))",
            "2023.07.01",
            "UTC",
            "2023-07-01 00:00:00",
        ),
        (
            "try_to_timestamp(At)",
            "2024-01-01 10:00:00 EST",
            "America/New_York",
            "2024-01-01 15:00:00",
        ),
        (
            "try_to_timestamp(At, 'dd/MM/yyyy HH:mm z')",
            "01/07/2023 00:30 BST",
            "Europe/London",
            "2023-06-30 23:30:00",
        ),
        (
            "try_to_timestamp(At, 'dd/MM/yyyy HH:mm')",
            "01/12/2023 00:30",
            "Europe/London",
            "2023-12-01 00:30:00",
        ),
        (
            "try_to_timestamp(At, 'dd/MM/yyyy HH:mm')",
            "01/07/2023 00:30",
            None,
            "transaction_date_without_zone",
        ),
        ("to_date(At, 'dd/MM/yyyy')", "01/07/2023", "Europe/Berlin", "2023-06-30 22:00:00"),
        (
            "from_unixtime(cast(At as bigint) / 1000)",
            "1700000000123",
            "Europe/Berlin",
            "2023-11-14 22:13:20.123000",
        ),
        (
            "timestamp_micros(cast(At as bigint))",
            "1700000000123456",
            None,
            "2023-11-14 22:13:20.123456",
        ),
        ("cast(At as timestamp)", "2023-07-01 10:00:00", "America/New_York", "2023-07-01 14:00:00"),
        (
            "cast(At as timestamp)",
            "2023-07-01T10:00:00+02:00",
            "America/New_York",
            "2023-07-01 08:00:00",
        ),
        (
            "timestamp_seconds(cast(At as double))",
            "1700000000.1234567",
            None,
            "transaction_date_digits_lost",
        ),
    ],
)
def test_silver_has_the_instant(
    to_records: Callable[..., DataFrame], sql: str, bought: str, zone: str | None, expected: str
) -> None:
    record = {"Id": "1", "At": bought}
    columns = {
        "transaction_id": "Id",
        "customer_id": "Id",
        "quantity": "Id",
        "price": "Id",
        "amount": "Id",
        "transaction_date": sql,
        "transaction_status": "'completed'",
    }
    # The pattern applies to raw text, not to the result of an expression.
    mapping = EntityMapping(path="shop.csv", columns=columns, timestamp_format="yyyy.MM.dd HH.mm")
    needed = columns_needed(columns, "shop.toml")
    rows = validate(to_records({"r": record}), mapping, needed, ENTITIES["transactions"], zone)
    row = rows.selectExpr("cast(transaction_date as string) AS at", "reasons").collect()[0]
    assert (row["reasons"][0] if row["reasons"] else _long(row["at"], expected)) == expected


def _long(text: str, expected: str) -> str:
    return text.ljust(len(expected), "0") if "." in expected else text
