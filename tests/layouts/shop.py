"""A drawn shop: its columns, formats of times, words, and what it declares in its TOML."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.jobs.old_files import age
from tests.layouts.texts import DELIMITERS, ENCODINGS
from tests.layouts.times import FORMATS

CSV, JSON, PARQUET, EXCEL = FORMS = ("csv", "json", "parquet", "excel")
ID, ORDER, WHO, ITEM, QUANTITY, PRICE, PAID, TIME, STATUS, METHOD, UPDATED = COLUMNS = (
    *("id", "order", "who", "item", "quantity", "price", "paid", "time", "status", "method"),
    "updated",
)
OF_ORDERS = (ORDER, WHO, TIME, STATUS)
"""Columns that nested orders have beside their lines."""
CONTRACT = {
    **{ID: "transaction_id", ORDER: "order_id", WHO: "customer_id", ITEM: "product_id"},
    **{QUANTITY: "quantity", PRICE: "price", PAID: "amount", TIME: "transaction_date"},
    **{STATUS: "transaction_status", METHOD: "payment_method", UPDATED: "updated_at"},
}
"""Column of the contract by column of the shop."""
ZONES = (
    *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"),
    *("America/Sao_Paulo", "Africa/Casablanca", "UTC", None),
)
ELEMENTS, JOINED = "items", "heads"
BY_ID, BY_PLACE, BY_LINE = "id", "place", "line"
PRODUCT = "product"
WORDS = {"Bezahlt": "completed", "storniert (Kunde)": "cancelled", "paid": "pending"}
OWN_NO_VALUE = ("", "void", "0")
Record = dict[str, str | None]


@dataclass(frozen=True)
class Layout:
    """The form of a shop's files.

    Attributes:
        form: Format.
        encoding: Encoding of texts.
        delimiter: Field separator of CSV.
    """

    form: str = CSV
    encoding: str = "utf-8"
    delimiter: str = ","

    @property
    def settings(self) -> dict[str, str]:
        """Keys of the TOML."""
        if self.form != CSV:
            return {"format": self.form}
        return {"format": CSV, "encoding": self.encoding, "delimiter": self.delimiter}


@dataclass(frozen=True)
class Shop:
    """What a shop declares.

    Attributes:
        names: Name in the files by column; a column that is not in it is not in the files.
        layout: Form of the files.
        zone: Time zone of times without one.
        formats: Formats of times.
        identified: What a transaction's id is made of.
        money: ``paid`` for a column of amounts, ``product`` for quantity times price.
        words: Words of the status.
        no_value: Texts that are no value; None for the usual ones.
        rounds: Whether further digits are rounded.
        fills: Whether lines of an order have status and time of earlier ones.
        nested: Whether lines are elements of their orders in JSON.
        joined: Customer by order, of a second file; None without one.
    """

    names: Mapping[str, str]
    layout: Layout = Layout()
    zone: str | None = None
    formats: tuple[str, ...] = ("iso",)
    identified: str = BY_ID
    money: str = PAID
    words: Mapping[str, str] = field(default_factory=dict)
    no_value: tuple[str, ...] | None = None
    rounds: bool = False
    fills: bool = False
    nested: bool = False
    joined: Mapping[str, str] | None = None

    def key(self, column: str) -> str:
        """Name of a column in a record."""
        inside = self.nested and column not in OF_ORDERS
        return f"{ELEMENTS}.{self.names[column]}" if inside else self.names[column]

    def toml(self, path: Path, joined: Path) -> str:
        """Return the settings of the shop, whose files are in ``path``."""
        return "\n".join(_lines(self, path, joined))


def draw_shop(dice: random.Random, form: str = "") -> Shop:
    """Draw a shop; its files have one form."""
    form = form or dice.choice((*FORMS, CSV))
    fills = form != JSON and dice.random() < 0.3
    layout = draw_layout(dice, form)
    shop = Shop(
        names=_names(dice),
        layout=layout,
        zone=dice.choice(ZONES),
        formats=_formats(dice),
        identified=dice.choice((BY_ID, BY_ID, BY_PLACE, BY_LINE if fills else BY_ID)),
        money=PRODUCT if dice.random() < 0.2 else PAID,
        words=WORDS if dice.random() < 0.5 else {},
        no_value=OWN_NO_VALUE if dice.random() < 0.3 else None,
        rounds=dice.random() < 0.3,
        fills=fills,
        nested=form == JSON and dice.random() < 0.4,
        joined={f"o{n}": f"w{n % 4}" for n in range(5)} if dice.random() < 0.3 else None,
    )
    left_out = {METHOD: 0.3, UPDATED: 0.5}
    if shop.joined is not None:
        left_out[WHO] = 1
    if shop.identified != BY_ID:
        left_out |= {ID: 0.5, UPDATED: 1}
    kept = {k: v for k, v in shop.names.items() if dice.random() >= left_out.get(k, 0)}
    return replace(shop, names=kept)


def draw_layout(dice: random.Random, form: str) -> Layout:
    """Draw the form of files."""
    return Layout(form, dice.choice(list(ENCODINGS)), dice.choice(DELIMITERS))


def _names(dice: random.Random) -> dict[str, str]:
    ends = ("", "", " no", ',"q"', "\nx", ";|", "'", "`")
    names = {column: column.title() + dice.choice(ends) for column in COLUMNS}
    order = dice.sample(COLUMNS, len(COLUMNS))
    return {column: names[column] for column in order}


def _formats(dice: random.Random) -> tuple[str, ...]:
    if dice.random() < 0.3:
        return ("iso",)
    return tuple(dice.sample(list(FORMATS), dice.choice((1, 1, 2, 3))))


def _lines(shop: Shop, path: Path, joined: Path) -> Iterator[str]:
    if shop.zone:
        yield f"timezone = {_text(shop.zone)}"
    yield '[customers]\nfrom = "transactions"\n[transactions]'
    yield f"path = {_text(str(path))}"
    yield from (f"{key} = {_text(value)}" for key, value in shop.layout.settings.items())
    if shop.formats != ("iso",):
        several = len(shop.formats) > 1
        yield f"timestamp_format = {_text(shop.formats if several else shop.formats[0])}"
    if shop.no_value is not None:
        yield f"no_value = {_text(shop.no_value)}"
    if shop.rounds:
        yield 'extra_digits = "round"'
    if shop.nested:
        yield f'each = "{ELEMENTS}"'
    yield "[transactions.columns]"
    yield from (f"{name} = {_text(sql)}" for name, sql in _expressions(shop).items())
    if shop.words:
        yield "[transactions.values.transaction_status]"
        yield from (f"{_text(word)} = {_text(meant)}" for word, meant in shop.words.items())
    if shop.fills:
        columns = [shop.names[STATUS], shop.names[TIME]]
        yield f"[transactions.fill_down]\nby = {_text(shop.names[ORDER])}"
        yield f"columns = {_text(columns)}"
    if shop.joined is not None:
        yield f"[transactions.join.{JOINED}]\npath = {_text(str(joined))}"
        yield f'on = {{ {_text(shop.names[ORDER])} = "No" }}'


def _expressions(shop: Shop) -> dict[str, str]:
    found = {CONTRACT[column]: _column(shop.key(column)) for column in shop.names}
    if shop.identified == BY_PLACE:
        found["transaction_id"] = "concat(_file, '-', _row)"
    if shop.identified == BY_LINE:
        found["transaction_id"] = f"concat({_column(shop.key(ORDER))}, '-', _line)"
    if shop.money == PRODUCT:
        numbers = (f"try_cast({_column(shop.key(c))} as decimal(18,4))" for c in (QUANTITY, PRICE))
        found["amount"] = " * ".join(numbers)
    if shop.joined is not None:
        found["customer_id"] = _column(f"{JOINED}.Who")
    return found


def _column(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(value: object) -> str:
    """Write a text or a list of texts as TOML does."""
    return json.dumps(value, ensure_ascii=False)


def write_joined(shop: Shop, folder: Path) -> Path:
    """Write the second file, if the shop has one; return its path."""
    file = folder / "heads.csv"
    if shop.joined is not None:
        lines = [f'{order},"{who}"' for order, who in shop.joined.items()]
        file.write_text("\n".join(["No,Who", *lines]), encoding="utf-8")
        age(file)
    return file
