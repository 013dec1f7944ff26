"""A source's expressions: which file columns they read, and what is wrong with them."""

from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame, SparkSession

from goldrun.contracts import lineage as L
from goldrun.errors import SettingsError
from goldrun.medallion.mapping import apply_mapping, check_timestamp_format, columns_needed


@pytest.fixture(scope="module")
def probe(spark: SparkSession) -> DataFrame:
    return spark.range(1)


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("InvoiceNo", ["InvoiceNo"]),
        ("'GBP'", []),
        ("cast(try_cast(CustomerID as double) as bigint)", ["CustomerID"]),
        ("if(Invoice like 'C%', 'cancelled', coalesce(State, 'x'))", ["Invoice", "State"]),
        ("sha2(to_json(struct(a, b, upper(trim(c)))), 256)", ["a", "b", "c"]),
        ("case when a = '1' then b else array(c, d)[0] end", ["a", "b", "c", "d"]),
        ("`Unit Price` || `Größe`", ["Größe", "Unit Price"]),
        # As spreadsheets and other systems write them: a no-break space, an accent of its own.
        ("`Price\u00a0` || `Pre\u0301nom`", ["Pre\u0301nom", "Price\u00a0"]),
        ("element_at(split(a, '-'), 1)", ["a"]),
        ("a || a || a", ["a"]),
    ],
)
def test_the_columns_that_an_expression_reads_are_found(
    probe: DataFrame, sql: str, needed: list[str]
) -> None:
    assert columns_needed(probe, {"order_id": sql}, "shop.toml") == needed


def test_the_columns_of_all_expressions_are_found_once_each(probe: DataFrame) -> None:
    expressions = {
        "quantity": "N",
        "price": "P",
        "amount": "try_cast(N as int) * try_cast(P as int)",
    }
    assert columns_needed(probe, expressions, "shop.toml") == ["N", "P"]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("upper(", "is not SQL"),
        ("a b c d", "is not SQL"),
        ("no_such_function(a)", "can't be computed from text columns"),
        ("array(a)['x'].y.z", "can't be computed from text columns"),
    ],
)
def test_a_wrong_expression_is_refused_with_its_key(
    probe: DataFrame, sql: str, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        columns_needed(probe, {"price": "P", "amount": sql}, "shop.toml [transactions.columns]")
    message = str(caught.value)
    assert message.startswith("shop.toml [transactions.columns] amount ")
    assert problem in message
    assert repr(sql) in message
    assert "\n" not in message


def test_expressions_read_the_records_text_and_keep_its_lineage(
    to_records: Callable[..., DataFrame],
) -> None:
    bronze = to_records({"r1": {"N": "3", "Unit Price": "1.5"}, "r2": {"N": None}})
    expressions = {"quantity": "N", "amount": "try_cast(N as int) * try_cast(`Unit Price` as int)"}
    mapped = apply_mapping(bronze, expressions, ["N", "Unit Price"])
    rows = {row["_lineage"][L.RECORD_ID]: row for row in mapped.collect()}
    assert rows["r1"]["quantity"] == "3"
    assert rows["r1"]["_lineage"][L.FILE] == "shop.csv"
    assert rows["r2"]["quantity"] is None


def test_a_shops_column_called_like_ours_does_not_take_its_place(
    to_records: Callable[..., DataFrame],
) -> None:
    bronze = to_records({"r1": {"source": "theirs", "record_id": "x"}})
    mapped = apply_mapping(bronze, {"product_id": "source || record_id"}, ["record_id", "source"])
    row = mapped.collect()[0]
    assert row["product_id"] == "theirsx"
    assert row["_lineage"]["source"] == "shop"
    assert row["_lineage"]["record_id"] == "r1"


@pytest.mark.parametrize(
    "expression",
    [
        "cast(Price as decimal(18,4))",
        "to_timestamp(Price)",
        "sum(try_cast(Price as double))",
        "explode(split(Price, ','))",
    ],
)
def test_an_expression_that_could_stop_a_batch_is_refused_before_it_starts(
    probe: DataFrame, expression: str
) -> None:
    with pytest.raises(SettingsError, match=r"shop.toml \[transactions\] price"):
        columns_needed(probe, {"price": expression}, "shop.toml [transactions]")


def test_a_pattern_of_times_that_is_none_is_refused(probe: DataFrame) -> None:
    check_timestamp_format(probe, "dd/MM/yyyy HH:mm", "shop.toml")
    with pytest.raises(SettingsError, match="is not a pattern"):
        check_timestamp_format(probe, "bogus {", "shop.toml")
