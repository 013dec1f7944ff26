"""Small exports in the layouts of real ones, each with its truth in plain Python."""

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

START = datetime(2024, 1, 1, 9)  # noqa: DTZ001 - exports have local times
Row = list[str]


@dataclass(frozen=True)
class Truth:
    """What a run must make of an export.

    Attributes:
        accepted: Rows in silver.
        customers: Customers with a row.
        completed: Money of the completed rows.
    """

    accepted: int
    customers: int
    completed: Decimal


@dataclass(frozen=True)
class Layout:
    """A layout of exports.

    Attributes:
        name: Its name.
        write: Writes the files into a folder, and returns the truth.
        edits: Lines of the proposed TOML that a user changes, by their old text.
    """

    name: str
    write: Callable[[Path], Truth]
    edits: tuple[tuple[str, str], ...] = ()


def write_csv(
    file: Path,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)


def grocery(folder: Path) -> Truth:
    """Members and what they took; no order, no price, equal rows."""
    draw = random.Random(1)
    rows = [
        (draw.randint(1000, 1040), f"{START + timedelta(days=n // 8):%d-%m-%Y}", item)
        for n in range(400)
        for item in [draw.choice(("whole milk", "rolls", "yogurt"))]
    ]
    write_csv(folder / "groceries.csv", ["Member_number", "Date", "itemDescription"], rows)
    return Truth(len(rows), len({who for who, *_ in rows}), Decimal(0))


def cds(folder: Path) -> Truth:
    """Purchases of CDs: days as one number, money of the purchase."""
    draw = random.Random(2)
    rows = [
        (
            f"{draw.randint(1, 60):05}",
            f"{START + timedelta(days=n):%Y%m%d}",
            draw.randint(1, 5),
            paid,
        )
        for n in range(300)
        for paid in [Decimal(draw.randint(500, 9000)) / 100]
    ]
    header = ["customer_id", "date", "number_of_cds", "dollar_value"]
    write_csv(folder / "cdnow.csv", header, rows)
    return Truth(len(rows), len({row[0] for row in rows}), sum((r[3] for r in rows), Decimal(0)))


def office(folder: Path) -> Truth:
    """Order lines of an office supplier: American dates, quotes in names, noise of doubles."""
    draw, rows, total, who = random.Random(3), [], Decimal(0), set()
    for n in range(300):
        sales, day = Decimal(draw.randint(100, 90000)) / 100, START + timedelta(days=n // 4)
        written = f"{float(sales):.17g}" if n % 40 == 0 else str(sales)
        customer = f"CG-{12000 + (n // 2) % 50}"
        rows.append(
            [
                *(n + 1, f"CA-2016-{100000 + n // 2}", f"{day.month}/{day.day}/{day.year}"),
                *("Second Class", customer, "Claire Gute", "Consumer", "United States"),
                *(f"FUR-{n % 30}", "Furniture", 'Bush "Somerset"\u2122, 3 ft'),
                *(written, draw.randint(1, 9), "0.2", "-41.9"),
            ]
        )
        total += sales
        who.add(customer)
    header = ["Row ID", "Order ID", "Order Date", "Ship Mode", "Customer ID", "Customer Name"]
    header += ["Segment", "Country", "Product ID", "Category", "Product Name", "Sales", "Quantity"]
    write_csv(folder / "Superstore.csv", [*header, "Discount", "Profit"], rows, encoding="cp1252")
    return Truth(len(rows), len(who), total)


def apparel(folder: Path) -> Truth:
    """A German shop: semicolons, decimal commas, days first, its own words, two files."""
    draw, total, who = random.Random(4), Decimal(0), set()
    rows: list[Row] = []
    for n in range(300):
        pieces, price = draw.randint(1, 4), Decimal(draw.randint(500, 150000)) / 100
        status = draw.choice(["Bezahlt"] * 8 + ["Storniert"])
        written = f"{price:,.2f}".translate(str.maketrans(",.", ".,"))
        customer = f"K{draw.randint(1, 40)}"
        time = f"{START + timedelta(hours=6 * n):%d.%m.%Y %H:%M}"
        rows.append([f"R{n // 3}", time, customer, f"A{n % 30}", str(pieces), written, status])
        total += pieces * price * (status == "Bezahlt")
        who.add(customer)
    header = ["Rechnungsnr", "Rechnungsdatum", "KundenNr", "Artikel", "Menge", "Einzelpreis"]
    for number, part in enumerate((rows[:150], rows[150:])):
        file = folder / f"umsatz_{number}.csv"
        write_csv(file, [*header, "Status"], part, delimiter=";")
    return Truth(len(rows), len(who), total)


def shopify(folder: Path) -> Truth:
    """Order lines as Shopify exports them: only the first line of an order has its values."""
    draw, total, who = random.Random(5), Decimal(0), set()
    rows: list[Row] = []
    for n in range(200):
        items = [
            (draw.randint(1, 3), Decimal(draw.randint(500, 5000)) / 100)
            for _ in range(draw.randint(1, 3))
        ]
        paid = sum((pieces * price for pieces, price in items), Decimal(0))
        status = draw.choice(["paid"] * 8 + ["refunded", "pending"])
        time = f"{START + timedelta(hours=5 * n):%Y-%m-%d %H:%M:%S} +0100"
        who_bought = f"c{draw.randint(1, 40)}@example.com"
        for place, (pieces, price) in enumerate(items):
            order = [status, time, "EUR", f"{paid}", "leave at\nthe door" * (n % 9 == 0)]
            values = order if not place else [""] * len(order)
            line = [str(pieces), f"Shirt {place}", f"{price}", f"SKU{place}"]
            rows.append([f"#{1001 + n}", who_bought, *values, *line, time])
        total += paid * (status == "paid")
        who.add(who_bought)
    header = ["Name", "Email", "Financial Status", "Paid at", "Currency", "Total", "Notes"]
    header += ["Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku"]
    write_csv(folder / "orders_export_1.csv", [*header, "Created at"], rows)
    return Truth(len(rows), len(who), total)


def stripe(folder: Path) -> Truth:
    """Payments as Stripe exports them: one row a payment, decimal commas."""
    draw, total, who = random.Random(6), Decimal(0), set()
    rows: list[Row] = []
    for n in range(300):
        paid, status = (
            Decimal(draw.randint(100, 9000)) / 100,
            draw.choice(["Paid"] * 9 + ["Failed"]),
        )
        customer = f"cus_{draw.randint(1, 50)}"
        time = f"{START + timedelta(hours=7 * n):%Y-%m-%d %H:%M:%S}"
        amounts = [f"{paid:.2f}".replace(".", ","), "0,00"]
        rows.append([f"py_{n}", time, *amounts, "eur", "true", customer, "a@b.example", status])
        total += paid * (status == "Paid")
        who.add(customer)
    header = ["id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured"]
    write_csv(folder / "payments.csv", [*header, "Customer ID", "Customer Email", "Status"], rows)
    return Truth(len(rows), len(who), total)


def tables(folder: Path) -> Truth:
    """Tables of a database: orders, their items and customers, each in a file."""
    draw, total, who = random.Random(7), Decimal(0), set()
    orders = [
        [str(n), f"c{n % 40}", (START + timedelta(hours=9 * n)).isoformat(), status]
        for n in range(200)
        for status in [draw.choice(("completed", "completed", "cancelled"))]
    ]
    items: list[Row] = []
    for n in range(400):
        pieces, price, order = (
            draw.randint(1, 3),
            Decimal(draw.randint(100, 900)) / 100,
            orders[n // 2],
        )
        items.append([str(9000 + n), order[0], f"p{n % 20}", str(pieces), f"{price}"])
        total += pieces * price * (order[3] == "completed")
        who.add(order[1])
    customers = [
        [f"c{n}", f"Name {n}", f"n{n}@example.com", "Rome", START.isoformat()] for n in range(40)
    ]
    write_csv(folder / "orders.csv", ["id", "customer_id", "created_at", "status"], orders)
    header = ["id", "order_id", "product_id", "quantity", "price"]
    write_csv(folder / "order_items.csv", header, items)
    header = ["id", "name", "email", "city", "created_at"]
    write_csv(folder / "customers.csv", header, customers)
    return Truth(len(items), len(who), total)


LAYOUTS = (
    Layout("grocery", grocery),
    Layout("cds", cds),
    Layout("office", office, (('timezone = "UTC"', 'timezone = "America/New_York"'),)),
    Layout("apparel", apparel, (('timezone = "UTC"', 'timezone = "Europe/Berlin"'),)),
    Layout("shopify", shopify),
    Layout("stripe", stripe),
    Layout("tables", tables),
)
