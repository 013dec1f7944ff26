"""Money is converted with the rate of its day, or rejected."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import MONEY
from goldrun.contracts.rates import RATES
from goldrun.errors import SourceError
from goldrun.medallion.currency import check_one_currency, convert
from tests.refused import refusal

RATE_ROWS = [
    ("GBP", date(2024, 1, 1), Decimal("1.15")),
    ("GBP", date(2024, 2, 1), Decimal("1.17654321")),
    ("USD", date(2024, 2, 1), Decimal("0.92")),
    ("HUF", date(2024, 1, 1), Decimal("0.00254")),
    ("XXX", date(2024, 1, 1), Decimal("9999999999")),
]
# Record, currency, time (UTC), price, amount and the valid rate.
CASES: dict[str, tuple[str | None, datetime, str, str, str | None]] = {
    "own": ("EUR", datetime(2024, 1, 5, tzinfo=UTC), "3.3333", "6.6666", "1"),
    "not given": (None, datetime(2024, 1, 5, tzinfo=UTC), "1", "1", "1"),
    "first": ("GBP", datetime(2024, 1, 1, tzinfo=UTC), "10", "20", "1.15"),
    "last moment of it": (
        "GBP",
        datetime(2024, 1, 31, 23, 59, 59, 999999, tzinfo=UTC),
        "10",
        "20",
        "1.15",
    ),
    "next": ("GBP", datetime(2024, 2, 1, tzinfo=UTC), "0.0333", "-7.7777", "1.17654321"),
    "long after": ("USD", datetime(2025, 2, 1, tzinfo=UTC), "19.9999", "0", "0.92"),
    "half a unit": ("HUF", datetime(2024, 1, 1, tzinfo=UTC), "250", "-250", "0.00254"),
    "before any": ("GBP", datetime(2023, 12, 31, 23, tzinfo=UTC), "1", "1", None),
    "none known": ("JPY", datetime(2024, 1, 5, tzinfo=UTC), "1", "1", None),
    "too much": ("XXX", datetime(2024, 1, 5, tzinfo=UTC), "99999", "1", None),
}


@pytest.fixture(scope="module")
def outcome(spark: SparkSession) -> tuple[dict[str, Any], dict[str, list[str]]]:
    rows = [
        (name, code, at, Decimal(price), Decimal(amount))
        for name, (code, at, price, amount, _) in CASES.items()
    ]
    schema = "record_id string, currency string, transaction_date timestamp"
    frame = spark.createDataFrame(rows, f"{schema}, price decimal(18,4), amount decimal(18,4)")
    rates = spark.createDataFrame(RATE_ROWS, RATES.schema)
    converted, refused = convert(frame, "EUR", rates, "UTC")
    assert converted.columns == frame.columns
    assert converted.schema["amount"].dataType == MONEY
    return (
        {row[lineage.RECORD_ID]: row for row in converted.collect()},
        {row[lineage.RECORD_ID]: row[lineage.REASONS] for row in refused.collect()},
    )


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case[4] is not None])
def test_money_is_multiplied_by_the_rate_of_its_day_and_rounded_once(
    outcome: tuple[dict[str, Any], dict[str, list[str]]], case: str
) -> None:
    _, _, price, amount, rate = CASES[case]
    row = outcome[0][case]
    for column, given in (("price", price), ("amount", amount)):
        exact = Decimal(given) * Decimal(str(rate))
        assert row[column] == exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert row["currency"] == "EUR"


def test_a_rate_is_that_of_the_day_in_the_zone(spark: SparkSession) -> None:
    """The last hour of January in UTC is February in Tokyo."""
    at = datetime(2024, 1, 31, 23, tzinfo=UTC)
    schema = "record_id string, currency string, transaction_date timestamp"
    rows = spark.createDataFrame(
        [("r", "GBP", at, Decimal(1), Decimal(1))],
        f"{schema}, price decimal(18,4), amount decimal(18,4)",
    )
    rates = spark.createDataFrame(RATE_ROWS, RATES.schema)
    found = [
        convert(rows, "EUR", rates, zone)[0].collect()[0]["amount"]
        for zone in ("UTC", "Asia/Tokyo")
    ]
    assert found == [Decimal("1.15"), Decimal("1.1765")]


@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case[4] is None])
def test_money_without_a_usable_rate_is_rejected(
    outcome: tuple[dict[str, Any], dict[str, list[str]]], case: str
) -> None:
    assert case not in outcome[0]
    assert outcome[1][case] == ["currency_without_rate"]


def test_each_row_is_converted_or_rejected_once(
    outcome: tuple[dict[str, Any], dict[str, list[str]]],
) -> None:
    assert outcome[0].keys() | outcome[1].keys() == CASES.keys()
    assert not outcome[0].keys() & outcome[1].keys()


def _money(spark: SparkSession, *codes: str | None) -> DataFrame:
    return spark.createDataFrame([(code,) for code in codes], "currency string")


def test_one_currency_needs_no_rates(spark: SparkSession) -> None:
    nothing = _money(spark, "EUR").where(F.lit(False))
    for money in (_money(spark, "EUR", "EUR"), _money(spark, None), nothing):
        assert refusal(partial(check_one_currency, money, "shop")) is None


@pytest.mark.parametrize("codes", [("EUR", "USD"), ("EUR", None)])
def test_several_currencies_are_an_error_if_none_is_declared(
    spark: SparkSession, codes: tuple[str | None, ...]
) -> None:
    with pytest.raises(SourceError, match=r"several currencies .*EUR.*rates"):
        check_one_currency(_money(spark, *codes), "shop")


def test_a_row_without_a_price_is_converted_by_its_amount(spark: SparkSession) -> None:
    at = datetime(2024, 1, 5, tzinfo=UTC)
    schema = "record_id string, currency string, transaction_date timestamp"
    rows = spark.createDataFrame(
        [
            ("foreign", "GBP", at, None, Decimal(10)),
            ("own", "EUR", at, None, Decimal(10)),
            ("no rate", "JPY", at, None, Decimal(10)),
        ],
        f"{schema}, price decimal(18,4), amount decimal(18,4)",
    )
    rates = spark.createDataFrame(RATE_ROWS, RATES.schema)
    converted, refused = convert(rows, "EUR", rates, "UTC")
    found = {row[lineage.RECORD_ID]: (row["price"], row["amount"]) for row in converted.collect()}
    assert found == {"foreign": (None, Decimal("11.5")), "own": (None, Decimal(10))}
    assert [row[lineage.RECORD_ID] for row in refused.collect()] == ["no rate"]
