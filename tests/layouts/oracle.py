"""Outcomes of records in plain Python: values, reasons and fates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from goldrun.contracts.row_context import FillDown
from goldrun.contracts.text import INVISIBLE
from goldrun.contracts.value_words import NO_VALUE
from tests.layouts.files import File, Lines
from tests.layouts.shop import (
    BY_LINE,
    BY_PLACE,
    CONTRACT,
    ID,
    ITEM,
    JOINED,
    METHOD,
    ORDER,
    PAID,
    PRICE,
    PRODUCT,
    QUANTITY,
    STATUS,
    TIME,
    UPDATED,
    WHO,
    Record,
    Shop,
)
from tests.layouts.times import read_time
from tests.medallion.test_parse import is_noise
from tests.medallion.test_row_context import filled

SYNONYMS = {
    **{"paid": "completed", "partially_refunded": "completed", "voided": "cancelled"},
    **{"visa": "card", "paypal": "wallet"},
}
_STATUSES = {"completed", "pending", "cancelled", "refunded", "failed"}
_METHODS = {"card", "wallet", "bank_transfer", "invoice", "cash", "voucher", "other"}
_GIVE_BACK = {"cancelled", "refunded"}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_FOUR = Decimal("0.0001")
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
_MOST, _TINY = Decimal(10**11), Decimal("1e-10")


@dataclass
class Outcome:
    """What becomes of a record.

    Attributes:
        record: Its text by column; empty if it is malformed.
        values: Columns of the contract, if it is accepted.
        reasons: Why it is rejected.
        warnings: Faults of optional values.
    """

    record: Record
    values: dict[str, Any] = field(default_factory=dict)
    reasons: set[str] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)


def outcomes(shop: Shop, file: File, ingested_at: datetime) -> list[Outcome]:
    """Compute the outcome of each record of a file, in order."""
    lines = with_context(shop, file.lines)
    return [
        Outcome({}, reasons={"record_malformed"})
        if given is None
        else _Reader(shop, record, file.path.name, number, ingested_at).outcome()
        for number, (given, record) in enumerate(zip(file.lines, lines, strict=True), 1)
    ]


def with_context(shop: Shop, lines: Lines) -> list[Record]:
    """Add what other lines and the joined file have; the record of a malformed line is empty."""
    found = [dict(line or {}) for line in lines]
    if shop.fills:
        columns = (shop.names[STATUS], shop.names[TIME])
        settings = FillDown(by=shop.names[ORDER], columns=columns)
        found = filled(lines, settings, _no_value(shop))
    for record in found if shop.joined is not None else ():
        key = record.get(shop.names[ORDER])
        if key is not None and _known(key, shop) in (shop.joined or {}):
            order = _known(key, shop)
            record |= {f"{JOINED}.No": order, f"{JOINED}.Who": (shop.joined or {})[str(order)]}
    return found


def _no_value(shop: Shop) -> Sequence[str]:
    return NO_VALUE if shop.no_value is None else shop.no_value


def _known(text: str, shop: Shop) -> str | None:
    """Return a text without what is invisible at its ends; None if it is no value."""
    inner = text.strip(INVISIBLE)
    return None if inner.lower() in {t.lower() for t in _no_value(shop)} else inner or None


def number(text: str) -> Decimal | None:
    """Read a number exactly."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


class _Reader:
    """Computes the outcome of one record."""

    def __init__(self, shop: Shop, record: Record, file: str, row: int, at: datetime) -> None:
        self.shop, self.record, self.file, self.row, self.at = shop, record, file, row, at
        self.values: dict[str, Any] = dict.fromkeys(CONTRACT.values())
        self.faults: set[str] = set()
        self.warnings: set[str] = set()

    def raw(self, column: str) -> str | None:
        """Text of a column as expressions read it."""
        if column not in self.shop.names:
            return None
        text = self.record.get(self.shop.key(column))
        return None if text is None or self._is_no_value(text) else text

    def _is_no_value(self, text: str) -> bool:
        return text.strip(INVISIBLE).lower() in {t.lower() for t in _no_value(self.shop)}

    def text(self, column: str) -> str | None:
        return (self.raw(column) or "").strip(INVISIBLE) or None

    def outcome(self) -> Outcome:
        self._ids()
        for column in (QUANTITY, PRICE):
            self._number(CONTRACT[column], self.text(column))
        self._number("amount", self._product() if self.shop.money == PRODUCT else self.text(PAID))
        for column in (TIME, UPDATED):
            self._time(column)
        self._words()
        missing = {name for name in _REQUIRED if self._is_missing(name)}
        self.faults |= {f"{name}_missing" for name in missing}
        self._rules()
        if any("\ufffd" in f"{key}{text}" for key, text in self.record.items()):
            self.faults.add("record_undecodable")
        return Outcome(self.record, self.values, self.faults, self.warnings)

    def _is_missing(self, name: str) -> bool:
        return self.values[name] is None and not any(f.startswith(f"{name}_") for f in self.faults)

    def _ids(self) -> None:
        shop, values = self.shop, self.values
        values["transaction_id"] = self.text(ID)
        if shop.identified == BY_PLACE:
            values["transaction_id"] = f"{self.file}-{self.row}"
        if shop.identified == BY_LINE:
            order, line = self.raw(ORDER), self.record.get("_line")
            values["transaction_id"] = order and f"{order}-{line}".strip(INVISIBLE)
        values["order_id"] = self.text(ORDER) or values["transaction_id"]
        values["customer_id"] = self.text(WHO)
        if shop.joined is not None:
            values["customer_id"] = self.record.get(f"{JOINED}.Who")
        values["product_id"] = self.text(ITEM)

    def _number(self, name: str, text: str | None) -> None:
        if text is None:
            return
        exact = number(text)
        fits = exact is not None and abs(_rounded(exact)) < 10**14
        if exact is None or not fits:
            self._fault(name, "unparsed")
            return
        self.values[name] = _rounded(exact)
        noise = is_noise(exact) or (abs(exact) < _TINY and _digits(text) >= 15)
        lost = exact != _rounded(exact) and not noise
        if lost and not self.shop.rounds:
            self._fault(name, "digits_lost")

    def _fault(self, name: str, fault: str) -> None:
        if name == "price":
            self.warnings.add(f"{name}_{fault}")
        else:
            self.faults.add(f"{name}_{fault}")
        if name == "price" or fault == "unparsed":
            self.values[name] = None

    def _product(self) -> str | None:
        factors = [number(self.text(column) or "") for column in (QUANTITY, PRICE)]
        if any(f is None or abs(_rounded(f)) >= 10**14 for f in factors):
            return None
        first, second = (_rounded(f) for f in factors if f is not None)
        return f"{_EXACT.multiply(first, second):f}"

    def _time(self, column: str) -> None:
        name, text = CONTRACT[column], self.text(column)
        if text is not None:
            self.values[name], faults = read_time(text, self.shop.formats, self.shop.zone)
            self.faults |= {f"{name}_{fault}" for fault in faults}
        if column == UPDATED and self.values[name] is None:
            self.values[name] = self.values["transaction_date"]

    def _words(self) -> None:
        words = {_form(word): meant for word, meant in self.shop.words.items()}
        status = self.text(STATUS)
        if status is not None:
            status = (SYNONYMS | words).get(_form(status), _form(status))
            if status not in _STATUSES:
                self.faults.add("transaction_status_not_allowed")
        self.values["transaction_status"] = status
        method = self.text(METHOD)
        if method is not None:
            method = SYNONYMS.get(_form(method), _form(method))
            if method not in _METHODS:
                self.warnings.add("payment_method_not_allowed")
                method = None
        self.values["payment_method"] = method

    def _rules(self) -> None:
        values, faults = self.values, self.faults
        price, amount, quantity = (values[n] for n in ("price", "amount", "quantity"))
        if price is not None and price < 0:
            faults.add("price_negative")
        for name, value in (("price", price), ("amount", amount)):
            if value is not None and abs(value) > _MOST:
                faults.add(f"{name}_out_of_range")
        status = values["transaction_status"]
        keeps = status is not None and status not in _GIVE_BACK
        if keeps and quantity is not None and quantity <= 0:
            faults.add("quantity_not_positive")
        if keeps and amount is not None and amount < 0:
            faults.add("amount_negative")
        for name in ("transaction_date", "updated_at"):
            if values[name] is not None and values[name] > self.at + timedelta(days=1):
                faults.add(f"{name}_in_future")
        bought = values["transaction_date"]
        if bought is not None and bought < datetime(1971, 1, 1, tzinfo=UTC):
            faults.add("transaction_date_long_ago")


_REQUIRED = (
    *("transaction_id", "customer_id", "quantity", "amount", "transaction_date"),
    "transaction_status",
)


def _rounded(exact: Decimal) -> Decimal:
    return _EXACT.quantize(exact, _FOUR) if exact.adjusted() < 60 else exact


def _digits(text: str) -> int:
    return len(re.sub(r"[eE].*|[^0-9]", "", text).lstrip("0"))


def _form(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.strip(INVISIBLE).lower())
