"""Files of a drawn shop, and their records as plain Python reads or has written them."""

import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from tests.jobs.old_files import age
from tests.layouts import texts
from tests.layouts.shop import (
    CSV,
    ELEMENTS,
    EXCEL,
    JSON,
    OF_ORDERS,
    PAID,
    PARQUET,
    PRICE,
    QUANTITY,
    Record,
    Shop,
)

Lines = list[Record | None]
"""Records of a file in order; None for one that is malformed."""
_ENDINGS = {
    **{CSV: (".csv", ".CSV", ".txt"), JSON: (".json", ".jsonl")},
    **{PARQUET: (".parquet",), EXCEL: (".xlsx",)},
}
_MALFORMED = (
    "nonsense",
    "[1, 2]",
    '"text"',
    '{"a": 1} x',
    '{"a": 1, "a": 2}',
    "{}{}",
    "5",
    '{"a":',
)
"""Lines of JSON that are no record."""
_NUMBERS = (QUANTITY, PRICE, PAID)


@dataclass(frozen=True)
class File:
    """A file and its records."""

    path: Path
    lines: Lines


def write_files(
    dice: random.Random, shop: Shop, rows: Sequence[Record], folder: Path, name: str
) -> list[File]:
    """Split rows into files, in order; names begin with ``name`` and ascend."""
    parts = enumerate(texts.parts_of(dice, rows))
    return [_write(dice, shop, part, folder / f"{name}{n:02}") for n, part in parts]


def _write(dice: random.Random, shop: Shop, rows: Sequence[Record], place: Path) -> File:
    form = shop.layout.form
    members = [rows]
    packing = dice.choice(texts.PACKINGS if form in (CSV, JSON) else (texts.plain, texts.zipped))
    if packing is texts.zipped and len(rows) > 1 and dice.random() < 0.5:
        members = [rows[: len(rows) // 2], rows[len(rows) // 2 :]]
    written = [_FORMS[form](dice, shop, part) for part in members]
    ending = _ending(dice, shop)
    contents = {f"{n}{ending}": content for n, (content, _) in enumerate(written)}
    packed, content = packing(contents)
    # "0.csv.gz" becomes ".csv.gz", and "x.zip" ".zip".
    path = place.with_name(f"{place.name}{packed[1:]}")
    path.write_bytes(content)
    return File(age(path), [line for _, lines in written for line in lines])


def _ending(dice: random.Random, shop: Shop) -> str:
    endings = list(_ENDINGS[shop.layout.form])
    if shop.layout.form == CSV and shop.layout.delimiter == "\t":
        endings.append(".tsv")
    return dice.choice(endings)


def _csv(dice: random.Random, shop: Shop, rows: Sequence[Record]) -> tuple[bytes, Lines]:
    layout, names = shop.layout, list(shop.names.values())
    table = [[row[column] or "" for column in shop.names] for row in rows]
    for fault in ([], ["x"], [*"abcdefghijklmn"], names):
        if dice.random() < 0.1:
            table.insert(dice.randrange(len(table) + 1), fault)
    text = texts.csv_text(dice, [names, *table], layout.delimiter)
    # What the encoding lacks becomes a question mark.
    content = text.encode(layout.encoding, "replace")
    first, *parsed = texts.csv_rows(content.decode(layout.encoding), layout.delimiter)
    keys = [name.strip() for name in first]
    return content, [_csv_record(keys, first, row) for row in parsed if row]


def _csv_record(keys: list[str], first: list[str], row: list[str]) -> Record | None:
    if len(row) != len(keys) or row == first:
        return None
    return dict(zip(keys, (value or None for value in row), strict=True))


def _json(dice: random.Random, shop: Shop, rows: Sequence[Record]) -> tuple[bytes, Lines]:
    objects = [{shop.names[c]: _json_value(dice, c, row[c]) for c in shop.names} for row in rows]
    lines: Lines = [{name: _json_text(value) for name, value in each.items()} for each in objects]
    if shop.nested:
        objects, lines = _nested(shop, objects)
    ascii_only, kind = dice.random() < 0.5, dice.randrange(3)
    if kind == 0:
        text = json.dumps(objects, indent=dice.choice((None, 1)), ensure_ascii=ascii_only)
    else:
        indent = None if kind == 1 else 2
        given = [json.dumps(o, indent=indent, ensure_ascii=ascii_only) for o in objects]
        if kind == 1 and not shop.nested and dice.random() < 0.3:
            place = dice.randrange(1, len(given) + 1)
            given.insert(place, dice.choice(_MALFORMED))
            lines.insert(place, None)
        text = "\n".join(given)
    return text.encode(dice.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32"))), lines


def _json_value(dice: random.Random, column: str, text: str | None) -> object:
    """Return a number where its text is the one that JSON has; else the text."""
    if column in _NUMBERS and text and dice.random() < 0.7:
        for kind in (int, float):
            try:
                value = kind(text)
            except (ValueError, OverflowError):
                continue
            if json.dumps(value) == text:
                return value
    return text


def _json_text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _nested(shop: Shop, objects: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], Lines]:
    """Put the rows of an order that follow each other into a list of their order."""
    outer = [shop.names[column] for column in OF_ORDERS if column in shop.names]
    orders: list[dict[str, Any]] = []
    lines: Lines = []
    for each in objects:
        head = {name: each[name] for name in outer}
        inner = {name: value for name, value in each.items() if name not in outer}
        if not orders or {k: v for k, v in orders[-1].items() if k != ELEMENTS} != head:
            orders.append({**head, ELEMENTS: []})
        orders[-1][ELEMENTS].append(inner)
        line = {name: _json_text(value) for name, value in head.items()}
        lines.append(line | {f"{ELEMENTS}.{k}": _json_text(v) for k, v in inner.items()})
    return orders, lines


def _parquet(dice: random.Random, shop: Shop, rows: Sequence[Record]) -> tuple[bytes, Lines]:
    lines: list[Record] = [{} for _ in rows]
    columns = {}
    for column, name in shop.names.items():
        texts = [row[column] for row in rows]
        values, shown = pa.array(texts, pa.string()), texts
        if column in _NUMBERS and (numbers := _plain_numbers(texts)):
            values, shown = _typed(dice, numbers)
        columns[name] = values
        for line, text in zip(lines, shown, strict=True):
            line[name] = text
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue(), [*lines]


def _plain_numbers(texts: Sequence[str | None]) -> list[Decimal | None]:
    """Return the numbers of a column; none if a text is no usual number of four decimals."""
    try:
        numbers = [None if text is None else Decimal(text.strip()) for text in texts]
        given = [number for number in numbers if number is not None]
        usual = all(abs(n) < 10**9 and n == round(n, 4) for n in given)
    except (InvalidOperation, ValueError, OverflowError):
        return []
    return numbers if usual else []


def _typed(
    dice: random.Random, numbers: Sequence[Decimal | None]
) -> tuple[pa.Array, list[str | None]]:
    """Return numbers as decimals or doubles, and their texts."""
    if dice.random() < 0.5:
        exact = [None if n is None else n.quantize(Decimal("0.0001")) for n in numbers]
        return pa.array(exact, pa.decimal128(18, 4)), [None if n is None else str(n) for n in exact]
    floats = [None if n is None else float(n) for n in numbers]
    return pa.array(floats, pa.float64()), [None if n is None else _float_text(n) for n in floats]


def _excel(dice: random.Random, shop: Shop, rows: Sequence[Record]) -> tuple[bytes, Lines]:
    out = io.BytesIO()
    middle = dice.randrange(len(rows)) if dice.random() < 0.3 else 0
    sheets = [rows[:middle], rows[middle:]] if middle else [rows]
    lines: Lines = []
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for part in sheets:
            sheet = book.add_worksheet()
            for column, name in enumerate(shop.names.values()):
                sheet.write_string(0, column, name)
            for number, row in enumerate(part, 1):
                lines.append(_excel_row(dice, shop, sheet, number, row))
    return out.getvalue(), lines


def _excel_row(dice: random.Random, shop: Shop, sheet: Any, number: int, row: Record) -> Record:
    record: Record = {}
    for place, (column, name) in enumerate(shop.names.items()):
        text = row[column]
        value = _json_value(dice, column, text) if column in _NUMBERS else text
        record[name] = text or None
        # The writer keeps 16 digits.
        if isinstance(value, int | float) and float(f"{value:.16G}") == value:
            sheet.write_number(number, place, value)
            record[name] = _float_text(float(value))
        elif text:
            sheet.write_string(number, place, text)
    return record


def _float_text(value: float) -> str:
    """Write a double with the fewest digits that give it again, as Python does."""
    return repr(value).removesuffix(".0")


_FORMS: Mapping[str, Callable[[random.Random, Shop, Sequence[Record]], tuple[bytes, Lines]]] = {
    CSV: _csv,
    JSON: _json,
    PARQUET: _parquet,
    EXCEL: _excel,
}
