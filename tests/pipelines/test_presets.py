"""Each preset reads an export in its layout, with hostile rows, as plain Python reads it."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from goldrun.contracts import lineage
from goldrun.errors import SettingsError
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import default_lake, load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.medallion.source_columns import check_mapping
from tests.jobs.old_files import age
from tests.pipelines import layouts
from tests.project_copy import ROOT

PRESETS = sorted(file.stem for file in (ROOT / "pipelines" / "sources" / "presets").glob("*.toml"))
NAMES = ("order_id", "customer_id", "product_id", "transaction_status", "currency")
Row = dict[str, str]
Sale = tuple[object, ...]


def of_shopify(rows: Sequence[Row]) -> list[Sale]:
    """An order's first line has its values; a discount is divided by the items' shares."""
    sales, heads, numbers = list[Sale](), dict[str, Row](), dict[str, int]()
    words = {"paid": "completed", "partially_refunded": "completed", "refunded": "refunded"}
    for row in rows:
        head = heads.setdefault(row["Name"], row)
        numbers[row["Name"]] = numbers.get(row["Name"], 0) + 1
        if not head["Email"]:
            continue
        status = words.get(head["Financial Status"], "cancelled")
        gross = Decimal(row["Lineitem quantity"]) * Decimal(row["Lineitem price"])
        paid = Decimal(head["Subtotal"])
        before = paid + Decimal(head["Discount Amount"])
        share = paid / before if before else Decimal(1)
        sales.append(
            sale(
                f"{row['Name']}-{numbers[row['Name']]}",
                *(row["Name"], head["Email"].lower(), row["Lineitem sku"] or row["Lineitem name"]),
                *(status, head["Currency"], row["Lineitem quantity"], gross * share),
                datetime.fromisoformat(row["Created at"]),
            )
        )
    return sales


def of_stripe(rows: Sequence[Row]) -> list[Sale]:
    words = {"Paid": "completed", "Failed": "failed"}
    sales = {}
    for row in rows:
        who = row["Customer Email"].lower() or row["Customer ID"]
        back = Decimal(row["Amount Refunded"])
        whole = back > 0 and back >= Decimal(row["Amount"])
        at = datetime.fromisoformat(row["Created date (UTC)"]).replace(tzinfo=UTC)
        if who:
            status = "refunded" if whole else words[row["Status"]]
            amount = Decimal(row["Converted Amount"])
            sales[row["id"]] = sale(
                *(row["id"], row["id"], who, None, status, "EUR", "1", amount, at)
            )
    return list(sales.values())


def of_woocommerce(rows: Sequence[Row]) -> list[Sale]:
    words = {"processing": "completed", "on-hold": "pending"}
    sales = []
    for row in rows:
        who = row["billing_email"].lower() or row["customer_id"].replace("0", "")
        back, amount = abs(Decimal(row["item_refunded"])), Decimal(row["item_total"])
        status = words.get(row["status"], row["status"])
        product = row["item_sku"] or row["item_product_id"]
        if who:
            sales.append(
                sale(
                    *(row["item_id"], row["order_id"], who, product),
                    *("refunded" if 0 < back >= amount else status, "EUR", row["item_quantity"]),
                    *(amount, datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)),
                )
            )
    return sales


def of_retail(rows: Sequence[Row]) -> list[Sale]:
    london, found = ZoneInfo("Europe/London"), {}
    for row in rows:
        if row["Customer ID"] and Decimal(row["Price"]) > 0:
            status = "cancelled" if row["Invoice"].startswith("C") else "completed"
            amount = Decimal(row["Quantity"]) * Decimal(row["Price"])
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=london)
            who = row["Customer ID"].removesuffix(".0")
            found[tuple(row.values())] = sale(
                *(None, row["Invoice"], who, row["StockCode"], status, "GBP", row["Quantity"]),
                *(amount, at),
            )
    return list(found.values())


def sale(key: object, *values: Any) -> Sale:
    *texts, quantity, amount, at = values
    money = amount.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return (key, *texts, Decimal(quantity), money, at.astimezone(UTC).replace(tzinfo=None))


@dataclass(frozen=True)
class Export:
    """A file in the layout of a preset, and what plain Python reads in it."""

    text: str
    truth: Callable[[Sequence[Row]], list[Sale]]
    rejected: Mapping[tuple[str, ...], int]
    duplicates: int = 0
    has_ids: bool = True


EXPORTS = {
    "shopify": Export(layouts.SHOPIFY, of_shopify, {("customer_id_missing",): 1}),
    "stripe": Export(layouts.STRIPE, of_stripe, {("customer_id_missing",): 1}, duplicates=1),
    "woocommerce": Export(layouts.WOOCOMMERCE, of_woocommerce, {("customer_id_missing",): 1}),
    "online_retail_ii": Export(
        layouts.RETAIL,
        of_retail,
        {("customer_id_missing",): 1, ("price_not_positive",): 1},
        duplicates=1,
        has_ids=False,
    ),
}


def context(engine: Engine, tracker: Tracker, place: Path, preset: str, *texts: str) -> Context:
    for number, text in enumerate(texts):
        file = place / f"export{number}.csv"
        file.write_text(text, encoding="utf-8", newline="")
        age(file)
    source = load_source(preset, str(place))
    check_mapping(source)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    return Context(Lake(engine, str(place / "lake")), tracker, source, now)


def sales_in(ctx: Context, *, has_ids: bool) -> list[Sale]:
    rows = ctx.lake.read("silver/transactions")
    at = "date_format(transaction_date, 'yyyy-MM-dd HH:mm:ss') as at"
    found = rows.selectExpr("transaction_id", *NAMES, "quantity", "amount", at).collect()
    return [
        (
            row["transaction_id"] if has_ids else None,
            *(row[name] for name in NAMES),
            *(Decimal(row["quantity"]), row["amount"], datetime.fromisoformat(row["at"])),
        )
        for row in found
    ]


@pytest.mark.parametrize("preset", EXPORTS)
def test_a_preset_reads_an_export_as_plain_python_does(
    engine: Engine, tracker: Tracker, tmp_path: Path, preset: str
) -> None:
    export = EXPORTS[preset]
    ctx = context(engine, tracker, tmp_path, preset, export.text)
    bronze.run(ctx)
    silver.run(ctx)
    expected = export.truth(list(csv.DictReader(io.StringIO(export.text))))
    assert sorted(sales_in(ctx, has_ids=export.has_ids), key=str) == sorted(expected, key=str)
    held = ctx.lake.read(lineage.QUARANTINE.name).groupBy(lineage.REASONS).count().collect()
    assert {tuple(row[0]): row[1] for row in held} == export.rejected
    (account,) = silver.accounts(ctx).values()
    assert account.closed
    assert account.fates["duplicate"] == export.duplicates
    buyers = {who for _, _, who, *_ in expected}
    assert {row[0] for row in ctx.lake.read("silver/customers").collect()} == buyers


def test_exports_that_overlap_count_each_line_once_in_its_newest_state(
    engine: Engine, tracker: Tracker, tmp_path: Path
) -> None:
    later = layouts.SHOPIFY.replace("cy@example.com,pending", "cy@example.com,paid")
    later = later.replace("2024-05-05 09:00:00 +0200,Bank", ",Bank")
    ctx = context(engine, tracker, tmp_path, "shopify", layouts.SHOPIFY)
    bronze.run(ctx)
    silver.run(ctx)
    ctx = replace(ctx, now=ctx.now.replace(day=3))
    file = tmp_path / "later.csv"
    file.write_text(later, encoding="utf-8", newline="")
    age(file)
    bronze.run(ctx)
    silver.run(ctx)
    states = {key: state for key, _, _, _, state, *_ in sales_in(ctx, has_ids=True)}
    assert len(states) == 8
    assert states["#1004-1"] == "completed"


def test_every_preset_is_tested_and_has_a_lake_of_its_own() -> None:
    assert sorted(EXPORTS) == PRESETS
    lakes = [default_lake(name) for name in (*PRESETS, "online_retail")]
    assert len(set(lakes)) == len(lakes)
    assert default_lake("online_retail") == "lake"
    source = load_source("shopify", "a b/orders.csv")
    assert source.entities["transactions"].path == "a b/orders.csv"
    assert source.argument == "shopify -P path='a b/orders.csv'"


def test_a_path_is_refused_for_a_source_that_it_does_not_describe() -> None:
    with pytest.raises(SettingsError, match="has files of customers, sessions, transactions"):
        load_source("marketplace", "exports")
    with pytest.raises(SettingsError, match="has no files"):
        load_source("kafka", "exports")


def test_an_unknown_source_is_refused_with_the_nearest_preset() -> None:
    with pytest.raises(SettingsError, match="did you mean 'shopify'"):
        load_source("shopfy")
