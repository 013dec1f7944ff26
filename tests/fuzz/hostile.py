"""Daily files of a shop with arbitrary content, to compare batch with stream."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from tests.fuzz.shop import COLUMNS, FIRST_DAY, Row, order
from tests.hostile_lines import CHUNKS, VALUES

_HEADER = ",".join(COLUMNS)
_CHANGEABLE = ("Id", "Order", "Who", "Quantity", "Price", "Amount", "Currency", "Time", "Status")


def day_of(draw: random.Random, number: int) -> bytes:
    """Return a file of one day: valid rows, repeats, corrections, invalid values, and noise."""
    rows = [_drawn_order(draw, FIRST_DAY + timedelta(10 * number)) for _ in range(40)]
    lines = [_line(row) for row in rows]
    lines += [_line(_with_strange_values(draw, row)) for row in draw.sample(rows, 8)]
    lines += draw.sample(lines, 4)
    lines += list(_noise(draw))
    draw.shuffle(lines)
    return b"\n".join([_HEADER.encode(), *lines]) + draw.choice((b"\n", b"", b"\r\n"))


def _drawn_order(draw: random.Random, day: date) -> Row:
    number = draw.randrange(10_000)
    who = f"c{draw.randrange(9)}"
    amount = f"{draw.randrange(1, 10_000) / 100:.2f}"
    status = draw.choice(("completed", "completed", "cancelled", "pending"))
    return order(number, who, day, amount, status)


def _with_strange_values(draw: random.Random, row: Row) -> Row:
    # With a new id: another test covers two contents of one key in one file.
    fresh = {**row, "Id": f"s{draw.randrange(10**9)}"}
    return fresh | {draw.choice(_CHANGEABLE[1:]): draw.choice(VALUES)}


def _line(row: Row) -> bytes:
    return ",".join(_quoted(row[name]) for name in COLUMNS).encode(errors="replace")


def _quoted(value: str) -> str:
    plain = value.replace("\n", " ").replace("\r", " ")
    return f'"{plain}"' if "," in plain else plain


def _noise(draw: random.Random) -> Iterator[bytes]:
    for _ in range(3):
        yield b"".join(draw.choices(CHUNKS, k=draw.randrange(1, 12))).replace(b"\n", b"")
