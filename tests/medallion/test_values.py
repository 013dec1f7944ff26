"""A shop's words and the texts that are no value, in every column and in expressions."""

import re
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame

from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.value_words import NO_VALUE
from goldrun.medallion.mapping import columns_needed
from goldrun.medallion.silver import validate
from tests.project_copy import ROOT

Records = dict[str, dict[str, str | None]]
ToRecords = Callable[[Records], DataFrame]
WORDS = {
    "transaction_status": {
        "Bezahlt": "completed",
        "storniert (Kunde)": "cancelled",
        "paid": "pending",
    },
    "payment_method": {"Rechnung": "invoice"},
    "currency": {"€": "EUR", "Pfund Sterling": "GBP"},
}


def validated(records: DataFrame, columns: dict[str, str] | None = None, **how: Any) -> DataFrame:
    named = {name: name for name in TRANSACTIONS.names} | (columns or {})
    mapping = EntityMapping.model_validate({"path": "shop.csv", "columns": named, **how})
    needed = columns_needed(mapping.columns, "shop.toml")
    return validate(records, mapping, needed, ENTITIES["transactions"], None)


def values(frame: DataFrame, *names: str) -> dict[str, tuple[Any, ...]]:
    rows = frame.select("record_id", *names).collect()
    return {row[0]: tuple(row)[1:] for row in rows}


def test_a_shops_words_mean_values_of_the_contract(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    given = {
        "own": ("BEZAHLT", "rechnung", "€"),
        "spelled": (" Storniert-(KUNDE) ", "RECHNUNG", "pfund_sterling"),
        "before the synonyms": ("Paid", "Visa", "gbp"),
        "built in": ("partially refunded", "Cash on Delivery (COD)", "usd"),
    }
    names = ("transaction_status", "payment_method", "currency")
    records = {case: valid | dict(zip(names, texts, strict=True)) for case, texts in given.items()}
    found = values(validated(to_records(records), values=WORDS), *names)
    assert found == {
        "own": ("completed", "invoice", "EUR"),
        "spelled": ("cancelled", "invoice", "GBP"),
        "before the synonyms": ("pending", "card", "GBP"),
        "built in": ("completed", "cash", "USD"),
    }


def test_every_synonym_means_its_category(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    for name in ("transaction_status", "payment_method"):
        pairs = dict(TRANSACTIONS.column(name).synonyms)
        assert len(pairs) > 20
        records = {word: valid | {name: word.replace("_", " ").title()} for word in pairs}
        assert {k: v for k, (v,) in values(validated(to_records(records)), name).items()} == pairs


def test_no_value_is_null_before_any_expression(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    texts = {text or "blank": text for text in NO_VALUE}
    texts |= {"spaced": " Null ", "no-break": "\u00a0n/A", "capitals": "NAN", "blanks": "  "}
    texts |= {"kept": "NA", "zero": "0"}
    records = {case: valid | {"product_id": text, "order_id": text} for case, text in texts.items()}
    columns = {
        "customer_id": "coalesce(product_id, 'guest')",
        "product_id": "concat('p', product_id)",
        "order_id": "order_id",
    }
    found = values(validated(to_records(records), columns), "customer_id", "product_id", "order_id")
    kept = {"kept": ("NA", "pNA", "NA"), "zero": ("0", "p0", "0")}
    # Without a value, an order is its transaction.
    assert found == {case: kept.get(case, ("guest", None, "t1")) for case in texts}


def test_the_reference_lists_each_text_that_is_no_value() -> None:
    page = (ROOT / "docs" / "reference" / "values.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"The default is (.*?)\.\s`NA`", page, re.DOTALL)
    assert tuple(re.findall(r"`(.*?)`", listed.replace('""', ""))) == NO_VALUE


def test_a_required_column_without_a_value_is_missing(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    records = {
        name: valid | {name: "N/A"} for name in ("customer_id", "amount", "transaction_status")
    }
    records["time"] = valid | {"transaction_date": "NaT", "updated_at": "2024-05-01T11:00:00Z"}
    found = values(validated(to_records(records)), "reasons")
    assert {case: reasons for case, (reasons,) in found.items()} == {
        **{name: [f"{name}_missing"] for name in ("customer_id", "amount", "transaction_status")},
        "time": ["transaction_date_missing"],
    }


def test_a_source_declares_its_own_texts_without_a_value(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    records = {text: valid | {"customer_id": text} for text in ("Guest", "NULL", "c1")}
    own = values(validated(to_records(records), no_value=["guest"]), "customer_id")
    assert own == {"Guest": (None,), "NULL": ("NULL",), "c1": ("c1",)}
    none = values(validated(to_records(records), no_value=[]), "customer_id")
    assert none == {text: (text,) for text in records}


def test_extra_digits_are_rounded_where_the_source_says_so(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    records = {
        "long": valid | {"amount": "7.00005"},
        "noise": valid | {"amount": "6.999999999999999"},
    }
    strict = values(validated(to_records(records)), "amount", "reasons")
    assert strict["long"][1] == ["amount_digits_lost"]
    assert (str(strict["noise"][0]), strict["noise"][1]) == ("7.0000", [])
    loose = values(validated(to_records(records), extra_digits="round"), "amount", "reasons")
    assert {case: (str(n), why) for case, (n, why) in loose.items()} == {
        "long": ("7.0001", []),
        "noise": ("7.0000", []),
    }


def test_the_number_of_a_row_is_a_value_whatever_texts_are_none(
    to_records: ToRecords, valid: dict[str, str | None]
) -> None:
    frame = validated(
        to_records({"x": valid}), {"product_id": "concat('p', _row)"}, no_value=["1", "", "p1"]
    )
    assert values(frame, "product_id") == {"x": ("p1",)}
