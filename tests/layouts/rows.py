"""Rows of a drawn shop: sales, invalid values, repeats, and newer versions."""

import random
from datetime import timedelta

from goldrun.contracts.value_words import NO_VALUE
from tests.layouts.shop import (
    BY_ID,
    CSV,
    EXCEL,
    ID,
    ITEM,
    METHOD,
    ORDER,
    OWN_NO_VALUE,
    PAID,
    PRICE,
    QUANTITY,
    STATUS,
    TIME,
    UPDATED,
    WHO,
    Record,
    Shop,
)
from tests.layouts.texts import ENCODINGS, LETTERS
from tests.layouts.times import FORMATS, draw_time, write_time

STATUSES = (
    *("completed", "completed", "paid", "PAID", "cancelled", "refunded", "Partially Refunded"),
    *("pending", "voided"),
)
_OWN_STATUSES = ("Bezahlt", "bezahlt ", "Storniert-(kunde)")
_ORDERS = ("o0", "o1", "o2", " o1 ", "o3")
METHODS = ("card", "Visa", "PayPal", "cash", "barter", "n/a", "")
_WHO = ("c1", "c2", "c3", " c1 ", "C1", "c\u00a01")
_NOBODY = (*NO_VALUE, *OWN_NO_VALUE, " ")
_NUMBERS = ("1", "2", "7", "1.0", "0.435", "+3", "007", "12.5", " 4 ", "1e1", "0.25", "19.9900")
_MONEY = (
    *("118.22999999999999", "0.30000000000000004", "10.000000000000002"),
    "5.551115123125783e-17",
)
_STRANGE = (
    *("0", "-1", "-2.50", "1.23456", "0.00005", "one", "1,5", "NaN", "-", "1e400"),
    *("\u0661", "0x1F", "1_000", "1.2.3", "+", "100000000000.0001", "9" * 14, "9" * 20),
)
_NO_TIMES = (
    *("yesterday", "31/02/2024 10:00", "0", "2024-02-30 10:00:00", "NaT", "24:00"),
    "12/31/2024",
)
_OTHERS = "é😀\u2028"
"""Letters of files that are no CSV."""


def draw_rows(dice: random.Random, shop: Shop, name: str, count: int) -> list[Record]:
    """Draw rows by column; ids begin with ``name``, and a later row may repeat an earlier one."""
    rows: list[Record] = []
    for number in range(count):
        if rows and dice.random() < 0.1:
            rows.append(_again(dice, shop, rows[-1], number))
        else:
            rows.append(_row(dice, shop, f"{name}-{number}"))
    return rows


def _row(dice: random.Random, shop: Shop, key: str) -> Record:
    at = draw_time(dice)
    row: Record = {
        ID: key,
        ORDER: dice.choice(_ORDERS) if dice.random() < 0.9 else dice.choice((key, None, "-")),
        WHO: dice.choice(_WHO),
        ITEM: _item(dice, shop),
        QUANTITY: dice.choice(_NUMBERS),
        PRICE: dice.choice((*_NUMBERS, None)),
        PAID: dice.choice((*_NUMBERS, *_MONEY)),
        TIME: write_time(dice, at, dice.choice(shop.formats)),
        STATUS: dice.choice(STATUSES + _OWN_STATUSES * bool(shop.words)),
        METHOD: dice.choice((*METHODS, None)),
        UPDATED: write_time(dice, at + timedelta(days=1), dice.choice(shop.formats)),
    }
    if shop.fills and dice.random() < 0.4:
        row |= {STATUS: dice.choice((None, "", " ")), TIME: None}
    for column in dice.sample(sorted(row), dice.choice((0, 0, 0, 1, 2))):
        row[column] = _strange(dice, column, row[column])
    return row


def _item(dice: random.Random, shop: Shop) -> str:
    layout = shop.layout
    letters = LETTERS + (ENCODINGS[layout.encoding] if layout.form == CSV else _OTHERS)
    text = "".join(dice.choices(letters, k=dice.randrange(8)))
    # A workbook has line feeds only: XML reads a carriage return as one.
    return text.replace("\r", "\n") if layout.form == EXCEL else text


def _strange(dice: random.Random, column: str, text: str | None) -> str | None:
    if column in (QUANTITY, PRICE, PAID):
        return dice.choice(_STRANGE)
    if column in (TIME, UPDATED):
        other = write_time(dice, draw_time(dice), dice.choice(FORMATS))
        far = dice.choice(("2999-01-01 00:00:00", "1970-06-01 10:00:00", "01/01/1900 00:00"))
        return dice.choice((*_NO_TIMES, other, other, far))
    if column == WHO:
        return dice.choice(_NOBODY)
    if column == STATUS:
        return dice.choice(("processing", "unknown", "N/A", ""))
    if column == ID:
        return dice.choice((text, "", "-"))
    return dice.choice((text, None, "\ufffd"))


def _again(dice: random.Random, shop: Shop, row: Record, number: int) -> Record:
    """Repeat a row, or return a newer version of it."""
    if shop.identified != BY_ID or dice.random() < 0.5:
        return dict(row)
    newer = write_time(dice, draw_time(dice) + timedelta(days=400), dice.choice(shop.formats))
    return {**row, ITEM: f"v{number}", UPDATED: newer}
