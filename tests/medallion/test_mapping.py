"""A source's expressions: the file columns that they read, and their errors."""

from collections.abc import Callable

import pytest
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.errors import SettingsError
from goldrun.medallion.mapping import (
    apply_mapping,
    columns_needed,
    time_columns,
)

WHERE = "shop.toml [transactions.columns]"


def refusal(sql: str) -> str:
    with pytest.raises(SettingsError) as exc_info:
        columns_needed({"price": "P", "amount": sql}, WHERE)
    message = str(exc_info.value)
    assert message.startswith(f"{WHERE} amount = {sql!r} ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("sql", "needed"),
    [
        ("InvoiceNo", ["InvoiceNo"]),
        ("'GBP'", []),
        ("cast(try_cast(CustomerID as double) as bigint)", ["CustomerID"]),
        ("if(Invoice like 'C%', 'cancelled', coalesce(State, 'x'))", ["Invoice", "State"]),
        ("sha2(to_json(named_struct('a', a, 'b', b, 'c', upper(trim(c)))), 256)", ["a", "b", "c"]),
        ("sha2(to_json(struct(a, b, c)), 256)", ["a", "b", "c"]),
        ("case when a = '1' then b else array(c, d)[0] end", ["a", "b", "c", "d"]),
        ("`Unit Price` || `Größe`", ["Größe", "Unit Price"]),
        # As spreadsheets and other systems write them: a no-break space, a combining accent.
        ("`Price\u00a0` || `Pre\u0301nom`", ["Pre\u0301nom", "Price\u00a0"]),
        ("element_at(split(a, '-'), 1)", ["a"]),
        ("a || a || A", ["A", "a"]),
        ("`it``s` || `a.b`", ["a.b", "it`s"]),
        ("order", ["order"]),
        # A single word is a column, even if SQL reads it differently.
        ("from", ["from"]),
        (" When ", ["When"]),
        ("End", ["End"]),
        ("coalesce(`When`, b)", ["When", "b"]),
    ],
)
def test_the_columns_that_an_expression_reads_are_found(sql: str, needed: list[str]) -> None:
    assert columns_needed({"order_id": sql}, "shop.toml") == needed


def test_the_columns_of_all_expressions_are_found_once_each() -> None:
    expressions = {
        "quantity": "N",
        "price": "P",
        "amount": "try_cast(N as int) * try_cast(P as int)",
    }
    assert columns_needed(expressions, "shop.toml") == ["N", "P"]


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("upper(", "is not SQL"),
        ("a b c d", "is not SQL"),
        ("", "is not SQL"),
        ("'open", "is not SQL"),
        ("a; b", "is not SQL"),
        ("(" * 300 + "a" + ")" * 300, "nested too deeply"),
        ("Price" + " - 1" * 300, "nested more than"),
        ("case when a = '1' then 1 else " * 60 + "2" + " end" * 60, "nested too deeply"),
        ("coalesce(" * 13 + "a" + ", b)" * 13, "more than 5,000 parts"),
        ("trim(" * 200 + "a" + ")" * 200, "nested too deeply"),
        (r"a rlike '\d+'", r"write \\d"),
        (". 1.5", "is no number"),
        (". 1.5BD", "is not SQL"),
        ("price.1", "those with a point in backticks"),
        ("to_utc_timestamp(date(a), 'localtime')", "not a time zone"),
        ("a" * 20_000, "longer than"),
        ("no_such_function(a)", "uses no_such_function, which is not part"),
        ("uppr(a)", "did you mean 'upper'?"),
        ("array(a)['x'].y.z", "not part of the mapping language"),
        ("upper(a, b)", "it is upper(text)"),
        ("a.b", "stands in backticks"),
        ("Quantity * UnitPrice", "write try_cast(Quantity as decimal(18,4))"),
        ("coalesce(a, 0)", "mixes number and text in coalesce"),
        ("a > 5", "mixes number and text in a comparison"),
        ("a and b", "write a comparison"),
        ("split(a, ',')", "gives a list of texts"),
        ("split(a, '[a-z]+')[0]", "give the separator itself"),
        ("cast(a as decimal(50,4))", "at most 38 digits"),
        ("cast(a as array<string>)", "is not SQL"),
        ("a rlike '(?=x)'", "looking ahead or behind"),
        ("a rlike '('", "no regular expression"),
        ("a in (select 1)", "list the values"),
        ("to_utc_timestamp(date(a), 'Europe/Lond')", "did you mean 'Europe/London'?"),
        ("a as b", "uses a name (as)"),
    ],
)
def test_an_invalid_expression_is_refused_with_its_key_and_the_remedy(
    sql: str, problem: str
) -> None:
    assert problem in refusal(sql)


@pytest.mark.parametrize(
    "sql",
    [
        r"a rlike '\\\\d+'",
        r"a rlike r'\d+'",
        r"replace(a, '\t', 'It\'s')",
        r"`a\d`",
        " or ".join(["a = 'x'"] * 98),
        " || ".join(["a"] * 98),
    ],
)
def test_valid_escapes_and_long_chains_are_accepted(sql: str) -> None:
    assert columns_needed({"order_id": sql}, "shop.toml")


@pytest.mark.parametrize(
    ("sql", "instead"),
    [
        ("initcap(a)", "use upper or lower"),
        ("rand()", "use a column of the file"),
        ("current_timestamp", "use a column of the file"),
        ("from_json(a, 'x int')", "get_json_object"),
        ("explode(split(Price, ','))", "split(x, ',')[0]"),
        ("sum(try_cast(Price as double))", "gold computes"),
        ("unix_timestamp(a)", "map the time itself"),
        ("date_format(a, 'yyyy')", "substring(cast(x as string), 1, 10)"),
        ("sum(a) over (partition by b)", "mapping-language.md"),
        ("(select 1)", "mapping-language.md"),
        ("transform(split(a, ','), x -> upper(x))", "mapping-language.md"),
    ],
)
def test_functions_that_differ_between_engines_are_refused_with_an_alternative(
    sql: str, instead: str
) -> None:
    message = refusal(sql)
    assert "not part of the mapping language" in message
    assert instead in message


def test_expressions_read_the_text_of_a_record_and_keep_its_lineage(
    to_records: Callable[..., DataFrame],
) -> None:
    bronze = to_records({"r1": {"N": "3", "Unit Price": "1.5"}, "r2": {"N": None}})
    expressions = {"quantity": "N", "amount": "try_cast(N as int) * try_cast(`Unit Price` as int)"}
    mapped = apply_mapping(bronze, expressions, ["N", "Unit Price"])
    rows = {row["_lineage"][lineage.RECORD_ID]: row for row in mapped.collect()}
    assert rows["r1"]["quantity"] == "3"
    assert rows["r1"]["_lineage"][lineage.FILE] == "shop.csv"
    assert rows["r2"]["quantity"] is None


def test_a_file_column_with_the_name_of_a_lineage_column_does_not_replace_it(
    to_records: Callable[..., DataFrame],
) -> None:
    names = ["_0", "_lineage", "record_id", "source"]
    bronze = to_records({"r1": {"source": "theirs", "record_id": "x", "_0": "y", "_lineage": "z"}})
    mapped = apply_mapping(bronze, {"product_id": "source || record_id || _0 || _lineage"}, names)
    row = mapped.collect()[0]
    assert row["product_id"] == "theirsxyz"
    assert row["_lineage"]["source"] == "shop"
    assert row["_lineage"]["record_id"] == "r1"


def test_columns_whose_names_differ_in_case_are_distinct(
    to_records: Callable[..., DataFrame],
) -> None:
    bronze = to_records({"r1": {"Price": "1", "price": "2"}})
    mapped = apply_mapping(bronze, {"product_id": "Price || '-' || price"}, ["Price", "price"])
    assert mapped.collect()[0]["product_id"] == "1-2"


def test_an_expression_that_returns_a_time_is_recognised() -> None:
    expressions = {
        "transaction_date": "try_to_timestamp(bought, 'dd/MM/yyyy HH:mm')",
        "updated_at": "coalesce(nullif(changed, ''), bought)",
        "order_id": "cast(to_date(bought) as string)",
    }
    assert time_columns(expressions) == {"transaction_date"}
