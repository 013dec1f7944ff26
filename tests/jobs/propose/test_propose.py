"""Settings are proposed from files: they load, read the files, and ask about what is unsure."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pyspark.sql import functions as F

from goldrun.contracts import source_schema
from goldrun.errors import SettingsError, SourceError
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.jobs.check.sample import read_sample
from goldrun.jobs.propose.propose import lines_of, propose
from goldrun.medallion.whole_build import refine_entities
from tests.conftest import NOW
from tests.exports.layouts import LAYOUTS, Layout, write_csv


def proposed(folder: Path, name: str = "shop") -> dict[str, Any]:
    return tomllib.loads(propose(str(folder / "in"), name, folder).text)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_proposal_reads_every_row_of_a_usual_export_with_at_most_three_edits(
    engine: Engine, tmp_path: Path, layout: Layout
) -> None:
    truth = layout.write(tmp_path / "in")
    written = propose(str(tmp_path / "in"), layout.name, tmp_path)
    text = written.text
    assert len(layout.edits) <= 3
    for before, after in layout.edits:
        assert text.count(before) == 1
        text = text.replace(before, after)
    written.file.write_text(text)
    jsonschema.validate(tomllib.loads(text), source_schema.source_schema())
    source = load_source(str(written.file))
    bronze = {k: v.bronze for k, v in read_sample(engine, source, 10_000, NOW).items()}
    rates = None
    if source.currency:
        rates = engine.session.range(0).selectExpr(
            "'EUR' AS currency",
            "DATE'2024-01-01' AS valid_from",
            "CAST(1 AS DECIMAL(18,8)) AS rate",
        )
    silver = refine_entities(bronze, source, rates)["transactions"].resolution.current
    completed = F.sum(F.when(F.col("transaction_status") == "completed", F.col("amount")))
    rows, who, money = silver.agg(
        F.count("*"), F.count_distinct("customer_id"), completed
    ).collect()[0]
    assert (rows, who, money) == (truth.accepted, truth.customers, truth.completed)


def test_entities_are_recognised_in_files_beside_each_other(tmp_path: Path) -> None:
    layout = next(each for each in LAYOUTS if each.name == "tables")
    layout.write(tmp_path / "in")
    found = proposed(tmp_path)
    assert found["customers"]["columns"]["customer_id"] == "id"
    sold = found["transactions"]
    assert sold["path"].endswith("order_items.csv")
    assert sold["join"]["orders"]["on"] == {"order_id": "id"}
    assert sold["columns"]["customer_id"] == "`orders.customer_id`"


def test_values_of_an_orders_first_line_are_filled_down(tmp_path: Path) -> None:
    layout = next(each for each in LAYOUTS if each.name == "shopify")
    layout.write(tmp_path / "in")
    found = proposed(tmp_path)["transactions"]
    assert found["fill_down"] == {"by": "Name", "columns": ["Financial Status", "Currency"]}
    # The total is that of the order, so the rows' money is pieces times price.
    assert "Total" not in found["columns"]["amount"]


def test_words_of_a_status_are_counted_and_what_is_unknown_is_asked(tmp_path: Path) -> None:
    words = ["bezahlt"] * 8 + ["storniert", "Klärung"]
    rows = [(n, f"c{n % 7}", f"2024-01-{n % 28 + 1:02}", 5, words[n % 10]) for n in range(50)]
    write_csv(tmp_path / "in" / "a.csv", ["Id", "Customer", "Date", "Amount", "Status"], rows)
    text = propose(str(tmp_path / "in"), "shop", tmp_path).text
    found = tomllib.loads(text)["transactions"]
    assert "# bezahlt 40, storniert 5, Klärung 5" in text
    assert found["values"]["transaction_status"] == {
        "bezahlt": "completed",
        "storniert": "cancelled",
    }
    assert '\n# "Klärung" = \n' in text
    assert "# ? What do these words of Status mean?" in text


def test_a_customers_day_is_an_order_where_no_column_names_one(tmp_path: Path) -> None:
    rows = [(f"m{n // 3 % 5}", f"2024-02-{n // 15 + 1:02}", "milk", 2) for n in range(60)]
    write_csv(tmp_path / "in" / "a.csv", ["Member", "Date", "Item", "Amount"], rows)
    text = propose(str(tmp_path / "in"), "shop", tmp_path).text
    assert tomllib.loads(text)["transactions"]["columns"]["order_id"] == "concat(Member, '-', Date)"
    assert "# ? Is a customer's day one order?" in text


def test_negative_money_is_money_paid_back(tmp_path: Path) -> None:
    rows = [(n, f"c{n % 7}", "2024-01-05", -5 if n % 9 == 0 else 5) for n in range(50)]
    write_csv(tmp_path / "in" / "a.csv", ["Id", "Customer", "Date", "Amount"], rows)
    status = proposed(tmp_path)["transactions"]["columns"]["transaction_status"]
    assert status == "if(try_cast(Amount as decimal(18,4)) < 0, 'refunded', 'completed')"


def test_several_currencies_are_asked_about(tmp_path: Path) -> None:
    rows = [(n, f"c{n % 7}", "2024-01-05", 5, ("EUR", "USD")[n % 2]) for n in range(50)]
    write_csv(tmp_path / "in" / "a.csv", ["Id", "Customer", "Date", "Amount", "Currency"], rows)
    written = propose(str(tmp_path / "in"), "shop", tmp_path)
    assert "currency" not in tomllib.loads(written.text)
    assert "The money is in EUR, USD" in " ".join(lines_of(written))


def test_files_of_other_columns_and_unknown_forms_are_named(tmp_path: Path) -> None:
    rows = [(n, f"c{n % 7}", "2024-01-05", Decimal(n)) for n in range(50)]
    write_csv(tmp_path / "in" / "sold_1.csv", ["Id", "Customer", "Date", "Amount"], rows)
    write_csv(tmp_path / "in" / "sold_2.csv", ["Id", "Customer", "Date", "Amount"], rows)
    write_csv(tmp_path / "in" / "stock.csv", ["Warehouse", "Shelf"], [("a", "b")] * 5)
    (tmp_path / "in" / "notes.docx").write_bytes(b"PK")
    written = propose(str(tmp_path / "in"), "shop", tmp_path)
    found = tomllib.loads(written.text)
    assert found["transactions"]["path"] == str(tmp_path / "in" / "sold_*.csv")
    said = " ".join(lines_of(written))
    assert "stock.csv: no entity is recognised" in said
    assert "notes.docx: its form is not known" in said
    assert said.endswith("-e check -P source=shop")


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    LAYOUTS[1].write(tmp_path / "in")
    (tmp_path / "shop.toml").write_text("mine")
    with pytest.raises(SettingsError, match=r"shop\.toml exists: .*give another name"):
        propose(str(tmp_path / "in"), "shop", tmp_path)
    assert (tmp_path / "shop.toml").read_text() == "mine"


def test_files_without_sales_are_refused_with_their_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "stock.csv", ["Warehouse", "Shelf"], [("a", "b")] * 5)
    write_csv(tmp_path / "in" / "shelves.csv", ["Shelf", "Height"], [("b", "c")] * 5)
    with pytest.raises(SourceError, match=r"stock\.csv: Warehouse, Shelf"):
        propose(str(tmp_path / "in"), "shop", tmp_path)
    assert not (tmp_path / "shop.toml").exists()


def test_a_file_without_a_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    text = "".join(f"{n:05},199701{n % 28 + 1:02},2,29.33\n" for n in range(50))
    (tmp_path / "in" / "cds.csv").write_text(text)
    with pytest.raises(SourceError, match="its first line is data; add a line with column names"):
        propose(str(tmp_path / "in"), "shop", tmp_path)


def test_files_of_one_name_in_two_folders_are_two_groups(tmp_path: Path) -> None:
    sold = ["Order ID,Customer ID,Date,Quantity,Price", "o1,c1,2024-05-01,1,2.50"]
    people = ["Customer ID,Name,Email", "c1,Ada,ada@example.com"]
    for name, lines in {"customers": people, "orders": sold}.items():
        folder = tmp_path / "in" / name
        folder.mkdir(parents=True)
        (folder / "data.csv").write_text("\n".join(lines) + "\n")
    found = proposed(tmp_path)
    assert found["transactions"]["path"].endswith("orders/data.csv")
    assert found["customers"]["path"].endswith("customers/data.csv")


def test_a_file_whose_rows_nearly_all_lack_a_customer_is_proposed_with_a_question(
    tmp_path: Path,
) -> None:
    lines = [f"o{n},{'c1' if n == 0 else ''},2024-05-01,1,2.50" for n in range(200)]
    (tmp_path / "in").mkdir()
    text = "\n".join(["Order,Customer,Date,Quantity,Price", *lines])
    (tmp_path / "in" / "sold.csv").write_text(text)
    written = propose(str(tmp_path / "in"), "shop", tmp_path)
    assert tomllib.loads(written.text)["max_reject_share"] == 1.0
    assert "have no customer" in written.text


def test_a_name_with_a_line_break_stays_in_its_comment(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sold.csv").write_text(
        'Order,Customer,Date,Quantity,Price,"order\nstatus"\no1,c1,2024-05-01,1,2.50,odd\n'
    )
    assert proposed(tmp_path)["transactions"]["columns"]["transaction_id"] == "Order"
