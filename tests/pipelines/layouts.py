"""Exports in the layouts of the presets, with hostile rows: breaks, repeats, guests, refunds."""

import csv
import io
from collections.abc import Sequence

Cells = dict[str, str]


def written(header: str, rows: Sequence[Cells]) -> str:
    """Return a CSV file as spreadsheets write it; cells that a row does not name are empty."""
    file = io.StringIO()
    writer = csv.DictWriter(file, header.split(","), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _order(name: str, email: str, at: str, head: Cells, *items: Cells) -> list[Cells]:
    """Lines of an order in Shopify's export: further ones have the name, e-mail and time only."""
    lines = [{"Name": name, "Email": email, "Created at": at, "Vendor": "Acme", **i} for i in items]
    return [{"Currency": "EUR", **lines[0], **head}, *lines[1:]]


def _paid(status: str, subtotal: str, discount: str = "0.00", **more: str) -> Cells:
    about = {"Financial Status": status, "Subtotal": subtotal, "Discount Amount": discount}
    return {**about, **{name.replace("_", " "): value for name, value in more.items()}}


def _item(quantity: str, name: str, price: str, sku: str = "") -> Cells:
    given = {"quantity": quantity, "name": name, "price": price, "sku": sku}
    return {f"Lineitem {key}": value for key, value in given.items()}


SHOPIFY = written(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,"
    "Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Shipping Name,"
    "Shipping Country,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Id,Tags,Source,Lineitem discount",
    [
        # Two equal items, a discount of the order, line breaks, quotes, another case of the e-mail.
        *_order(
            *("#1001", "ada@example.com", "2024-05-01 10:14:00 +0200"),
            {
                **_paid("paid", "52.00", "8.00", Billing_Country="IT", Discount_Code="TEN"),
                **{"Email": "Ada@Example.com", "Payment Method": "Shopify Payments"},
                **{"Notes": 'Please ring\r\nthe "bell",\n\ntwice', "Tags": "a, b"},
            },
            _item("2", 'Cap, "blue"', "20.00", "CAP-1"),
            *(_item("1", "Mug", "10.00"), _item("1", "Mug", "10.00")),
        ),
        # Refunded, with a free item; the day is another one in UTC.
        *_order(
            *("#1002", "bob@example.com", "2024-05-02 23:30:00 -0500"),
            {
                **_paid("refunded", "30.00", Refunded_Amount="30.00", Billing_Country="NO"),
                **{"Cancelled at": "2024-05-03 10:00:00 +0200", "Payment Method": "PayPal"},
            },
            *(_item("1", "Hat", "30.00", "HAT"), _item("3", "Gift", "0.00", "GIFT")),
        ),
        # A guest without an e-mail address.
        *_order(
            *("#1003", "", "2024-05-03 09:00:00 +0200"),
            _paid("paid", "9.99", Source="pos", Payment_Method="manual"),
            _item("1", "Pin", "9.99", "PIN"),
        ),
        *_order(
            *("#1004", "cy@example.com", "2024-05-04 09:00:00 +0200"),
            {
                **_paid("pending", "1.00", Payment_Method="Bank Deposit"),
                "Cancelled at": "2024-05-05 09:00:00 +0200",
            },
            _item("1", "Pin", "1.00", "PIN"),
        ),
        *_order(
            *("#1005", "dee@example.com", "2024-05-05 09:00:00 +0200"),
            _paid("partially_refunded", "40.00", Refunded_Amount="20.00"),
            _item("2", "Cap", "20.00", "CAP-1"),
        ),
        # Everything is free.
        *_order(
            *("#1006", "dee@example.com", "2024-05-06 09:00:00 +0200", _paid("paid", "0.00")),
            _item("1", "Sample", "0.00"),
        ),
    ],
)


def _payment(key: str, at: str, amount: str, back: str, status: str, cells: Cells) -> Cells:
    converted = {"Converted Amount": amount, "Converted Currency": "eur", "Currency": "eur"}
    return {
        **{"id": key, "Created date (UTC)": at, "Amount": amount, "Amount Refunded": back},
        **{"Status": status, "Mode": "Live", "Payment Source Type": "card"},
        **(converted | cells),
    }


_CONVERTED = _payment(
    *("ch_1", "2024-05-01 10:15:00", "100.00", "0.00", "Paid"),
    {
        **{"Currency": "usd", "Converted Amount": "92.50", "Customer Email": "Ada@Example.com"},
        **{"Customer ID": "cus_1", "Card Brand": "Visa", "Description": "Order 1\nsecond line"},
    },
)
STRIPE = written(
    "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,"
    "Converted Amount Refunded,Converted Currency,Description,Fee,Mode,Payment Source Type,Status,"
    "Customer ID,Customer Email,Card Brand,Invoice ID",
    [
        _CONVERTED,
        _payment(
            *("ch_2", "2024-05-01 23:59:59", "50.00", "50.00", "Refunded"),
            {"Customer Email": "ada@example.com", "Card Brand": "MasterCard"},
        ),
        _payment(
            *("ch_3", "2024-05-02 00:00:01", "80.00", "30.00", "Paid"), {"Customer ID": "cus_2"}
        ),
        _payment(
            *("ch_4", "2024-05-02 08:00:00", "70.00", "0.00", "Failed"),
            {"Currency": "gbp", "Converted Amount": "82.11", "Customer Email": "bob@example.com"},
        ),
        # Nobody is named.
        _payment("ch_5", "2024-05-02 09:00:00", "10.00", "0.00", "Paid", {}),
        _payment("ch_6", "2024-05-03 09:00:00", "0.00", "0.00", "Paid", {"Customer ID": "cus_3"}),
        _CONVERTED,
    ],
)


def _line(order: Cells, item: str, name: str, sku: str, pieces: str, paid: str, back: str) -> Cells:
    about = {"item_id": item, "item_product_id": f"3{item}", "item_name": name, "item_sku": sku}
    money = {"item_subtotal": paid, "item_total": paid, "item_refunded": back}
    return {**order, **about, "item_quantity": pieces, **money}


def _head(number: str, status: str, who: str, email: str, more: Cells | None = None) -> Cells:
    at = {"date": f"2024-05-0{number[-1]} 10:15:00", "order_currency": "EUR"}
    head = {"order_id": number, "order_number": number, "status": status, "customer_id": who}
    return {**head, "billing_email": email, **at, **(more or {})}


_FIRST = _head(
    *("501", "processing", "7", "Ada@Example.com"),
    {"customer_note": 'Leave it\nat the door; "thanks"', "payment_method": "stripe"},
)
_THIRD = _head("503", "completed", "0", "cy@example.com", {"payment_method": "bacs"})
WOOCOMMERCE = written(
    "order_id,order_number,date,status,shipping_total,order_total,refunded_total,order_currency,"
    "payment_method,customer_id,billing_first_name,billing_email,billing_country,customer_note,"
    "item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_subtotal_tax,"
    "item_total,item_total_tax,item_refunded,item_refunded_qty",
    [
        _line(_FIRST, "11", "Cap", "CAP", "2", "36.00", "0"),
        _line(_FIRST, "12", "Sticker", "", "1", "0", "0"),
        _line(
            _head("502", "refunded", "0", "bob@example.com"),
            *("13", "Hat", "HAT", "1", "30.00", "-30.00"),
        ),
        # One of two items was paid back.
        _line(_THIRD, "14", "Mug", "MUG", "2", "30.00", "0"),
        _line(_THIRD, "15", "Pin", "PIN", "1", "20.00", "20.00"),
        # Nobody is named.
        _line(_head("504", "completed", "0", ""), "16", "Custom", "", "1", "8.00", "0"),
        # A customer without an e-mail address.
        _line(_head("505", "on-hold", "8", ""), "17", "Cup", "CUP", "1", "8.00", "0"),
        _line(
            _head("506", "cancelled", "9", "eve@example.com"), "18", "Cup", "CUP", "1", "8.00", "0"
        ),
    ],
)


def _bought(
    invoice: str, code: str, about: str, pieces: str, at: str, price: str, who: str, land: str
) -> Cells:
    names = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price")
    values = (invoice, code, about, pieces, at, price)
    return {**dict(zip(names, values, strict=True)), "Customer ID": who, "Country": land}


_BALL = _bought(
    *("489434", "85048", '15CM "CHRISTMAS" BALL, 20 LIGHTS', "12", "2009-12-01 07:45:00"),
    *("6.95", "13085.0", "United Kingdom"),
)
RETAIL = written(
    "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
    [
        *(_BALL, _BALL),
        _bought(
            *("C489449", "22087", "BUNTING", "-12", "2010-07-01 10:33:00", "2.95", "16321"),
            "Australia",
        ),
        _bought("489435", "22350", "CAT", "1", "2009-12-01 07:46:00", "2.55", "", "United Kingdom"),
        _bought("489436", "22351", "DOG", "1", "2009-12-01 07:47:00", "0.0", "13085.0", "Norway"),
        _bought(
            *("489437", "22352", "TWO\nLINES", "3", "2010-07-01 10:33:00", "1.5", "13086"), "Norway"
        ),
    ],
)
