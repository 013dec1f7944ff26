"""A file may lack a column that only optional columns are made from; what changes is logged."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.errors import SourceError
from goldrun.jobs.ingest.file_columns import report_changes
from goldrun.jobs.ingest.new_files import NewFiles, own_columns
from tests.jobs.conftest import HEADER, Shop

Line = Callable[..., str]


def with_product(shop: Shop) -> Shop:
    """The shop whose settings map an optional column."""
    mapping = shop.ctx.source.entities["transactions"]
    columns = {**mapping.columns, "product_id": "Product"}
    entities = {"transactions": mapping.model_copy(update={"columns": columns})}
    source = shop.ctx.source.model_copy(update={"entities": entities})
    return replace(shop, ctx=replace(shop.ctx, source=source))


def products(shop: Shop) -> dict[str, str | None]:
    rows = shop.ctx.lake.read("silver/transactions").collect()
    return {row["transaction_id"]: row["product_id"] for row in rows}


def test_files_that_lack_an_optional_column_are_read_beside_those_that_have_it(
    shop: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    shop = with_product(shop)
    shop.add_file("2023.csv", line("t1", "completed", 1))
    shop.add_file("2024.csv", line("t2", "completed", 1) + ",mug", header=f"{HEADER},Product")
    shop.bronze()
    assert "2023.csv has no column 'Product', which shop.toml [transactions.columns] reads" in (
        caplog.text
    )
    # Later files are compared with what bronze has, whatever other columns they have.
    later = shop.later()
    later.add_file("2025.csv", line("t3", "completed", 1) + ",cup", header=f"{HEADER},Produkt")
    caplog.clear()
    with caplog.at_level(logging.INFO):
        later.bronze()
    assert (
        "2025.csv has no column 'Product', which shop.toml [transactions.columns] reads: its "
        "records have no value there (did you mean 'Produkt'?)" in caplog.text
    )
    assert (
        "2025.csv has other columns than the file before it: it also has Produkt, and it does not "
        "have Product (is it now 'Produkt'?)" in caplog.text
    )
    later.silver()
    assert products(later) == {"t1": None, "t2": "mug", "t3": None}


def test_an_optional_column_that_no_file_has_is_an_error_with_the_near_name(
    shop: Shop, line: Line
) -> None:
    shop = with_product(shop)
    shop.add_file("2024.csv", line("t1", "completed", 1) + ",mug", header=f"{HEADER},Produkt")
    with pytest.raises(SourceError, match=r"has no column 'Product'.*did you mean 'Produkt'"):
        shop.bronze()


def test_each_change_of_the_columns_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    names = (
        ("Id", "Who"),
        ("Id", "Who"),
        ("Who", "Id"),
        ("Id", "Who", "Tax"),
        ("Id", "Who", "Tax"),
    )
    headers = {f"{n}.csv": each for n, each in enumerate(names)}
    with caplog.at_level(logging.INFO):
        report_changes(headers, [])
        report_changes({"9.csv": ("Id", "Who")}, ("Id", "Who"))
    (message,) = [record.getMessage() for record in caplog.records]
    assert message == "    3.csv has other columns than the file before it: it also has Tax"


def test_columns_that_reading_adds_are_none_of_the_file() -> None:
    mapping = EntityMapping.model_validate(
        {
            "path": "items.csv",
            "fill_down": {"by": "Order", "columns": ["State"]},
            "join": {"orders": {"path": "orders.csv", "on": "Order"}},
        }
    )
    new = NewFiles("transactions", mapping, {}, [], [])
    assert own_columns(["Order", "orders.at", "State", "_line"], new) == ["Order", "State"]
    plain = NewFiles("transactions", EntityMapping(path="items.csv"), {}, [], [])
    assert own_columns(["Order", "orders.at", "_line"], plain) == ["Order", "orders.at", "_line"]
