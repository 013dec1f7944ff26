"""A small shop in its own folder, valid until a fault breaks it."""

import csv
import random
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

COLUMNS = ("Id", "Order", "Who", "Quantity", "Price", "Amount", "Currency", "Time", "Status")
FIRST_DAY = date(2024, 1, 1)
TOML = """\
timezone = "UTC"
max_reject_share = 0.5

[transactions]
path = "in/*.csv*"
format = "csv"

[transactions.columns]
transaction_id = "Id"
order_id = "Order"
customer_id = "Who"
quantity = "Quantity"
price = "Price"
amount = "Amount"
transaction_date = "Time"
transaction_status = "Status"
"""
Row = dict[str, str]
Totals = dict[str, tuple[int, Decimal]]
"""Orders and spend by customer."""


@dataclass(frozen=True)
class Shop:
    """The folder of a shop: ``shop.toml``, ``in/`` and ``models/``; its lake is ``lake``."""

    folder: Path

    @property
    def toml(self) -> Path:
        return self.folder / "shop.toml"

    @property
    def inbox(self) -> Path:
        return self.folder / "in"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def file(self) -> Path:
        """The file that a break changes."""
        return self.inbox / "day2.csv"

    def model(self, name: str) -> Path:
        return self.folder / "models" / f"{name}.toml"

    def replace_in_toml(self, before: str, after: str) -> None:
        text = self.toml.read_text()
        assert before in text, before
        self.toml.write_text(text.replace(before, after, 1))


def order(number: int, who: str, day: date, amount: str = "5.00", status: str = "completed") -> Row:
    """Return one order with one line."""
    values = (
        f"t{number}",
        f"o{number}",
        who,
        "1",
        amount,
        amount,
        "EUR",
        f"{day} 10:00:00",
        status,
    )
    return dict(zip(COLUMNS, values, strict=True))


def some_orders(draw: random.Random, customers: int = 30, days: int = 300) -> list[Row]:
    """Return random orders from the first day to the last."""
    rows = [order(0, "c0", FIRST_DAY), order(1, "c1", FIRST_DAY + timedelta(days - 1))]
    for number in range(2, 8 * customers):
        who = f"c{int(customers * draw.random() ** 2)}"
        day = FIRST_DAY + timedelta(draw.randrange(days))
        amount = f"{draw.randrange(1, 10_000) / 100:.2f}"
        status = draw.choice(("completed",) * 9 + ("cancelled",))
        rows.append(order(number, who, day, amount, status))
    return rows


def write_csv(file: Path, rows: list[Row], header: tuple[str, ...] = COLUMNS) -> None:
    """Write rows as a file with a header."""
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([row[name] for name in COLUMNS] for row in rows)


_PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)
_NO_VALUE = {"", "nan"}
"""Words among those of the faults that stand for no value, in lower case."""
_PLAIN_NUMBER = re.compile(r"-?\d{1,14}(\.\d{1,4})?", re.ASCII)


def totals(inbox: Path) -> Totals:
    """Compute orders and spend by customer in Python from the lines that pass every rule."""
    kept: dict[str, Row] = {}
    csv.field_size_limit(1 << 30)
    for file in sorted(file for file in inbox.glob("*.csv") if file.is_file()):
        header, *lines = file.read_text(errors="replace").splitlines()
        names = next(csv.reader([header]))
        for line in lines:
            values = next(csv.reader([line]), [])
            row = dict(zip(names, values, strict=False))
            if "\ufffd" not in line and len(values) == len(names) and _is_kept(row):
                kept[row["Id"]] = row
    orders: defaultdict[str, set[str]] = defaultdict(set)
    spend: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in kept.values():
        if row["Status"] == "completed":
            orders[row["Who"]].add(row["Order"])
            spend[row["Who"]] += Decimal(row["Amount"])
    cents = Decimal("0.01")
    return {who: (len(orders[who]), spend[who].quantize(cents, ROUND_HALF_UP)) for who in orders}


def _is_kept(row: Row) -> bool:
    quantity, amount = numbers = [row.get(name, "") for name in ("Quantity", "Amount")]
    price = row.get("Price", "")
    return (
        all(row.get(name, "").strip().lower() not in _NO_VALUE for name in ("Id", "Order", "Who"))
        and all(_PLAIN_NUMBER.fullmatch(number) for number in numbers)
        and quantity.lstrip("-").isdigit()
        # A price that is no number is emptied.
        and (not _PLAIN_NUMBER.fullmatch(price) or Decimal(price) >= 0)
        and (row["Status"] == "cancelled" or min(Decimal(quantity) - 1, Decimal(amount)) >= 0)
        and row["Status"] in {"completed", "cancelled"}
        and _PLAIN_TIME.fullmatch(row["Time"]) is not None
        and "1971" <= row["Time"] < "2026"
    )
