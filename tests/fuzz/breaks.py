"""Faults in a shop, its lake and its models: one entry each."""

import bz2
import gzip
import json
import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.fuzz.shop import COLUMNS, FIRST_DAY, Row, Shop, order, some_orders, write_csv


@dataclass(frozen=True)
class Break:
    """One fault.

    Attributes:
        name: Description of the fault.
        commands: The commands to run with it, in this order, until one fails.
        apply: Applies the fault to a shop; returns more options for the commands.
        with_lake: Whether the shop has a lake, up to gold, before the fault.
    """

    name: str
    commands: tuple[str, ...]
    apply: Callable[[Shop, random.Random], Sequence[str] | None]
    with_lake: bool = False


REFINE = ("bronze", "silver")
LOAD = (*REFINE, "gold")


def in_toml(before: str, after: str, commands: tuple[str, ...] = REFINE) -> Break:
    def apply(shop: Shop, _: random.Random) -> None:
        shop.replace_in_toml(before, after)

    return Break(f"toml: {before!r} becomes {after[:60]!r}", commands, apply)


def toml_is(name: str, content: bytes) -> Break:
    def apply(shop: Shop, _: random.Random) -> None:
        shop.toml.write_bytes(content)

    return Break(f"toml: {name}", REFINE, apply)


_PRICE = 'price = "Price"'
_FORMAT = 'format = "csv"'
_PATH = 'path = "in/*.csv*"'
_ZONE = 'timezone = "UTC"'
_SHARE = "max_reject_share = 0.5"

_WRONG_VALUES = {
    _ZONE: (
        "timezone = 5",
        'timezone = ""',
        'timezone = "Mars/Base"',
        "timezone = []",
        'timezone = "../etc"',
    ),
    _SHARE: (
        *('max_reject_share = "much"', "max_reject_share = true", "max_reject_share = nan"),
        *("max_reject_share = -1", "max_reject_share = 1e999", "max_reject_share = 2024-01-01"),
        *("max_reject_share = 0", "max_reject_share = {}"),
    ),
    _FORMAT: (
        *(
            'format = "xml"',
            "format = 1",
            'delimiter = ""',
            'delimiter = ";;"',
            'delimiter = "\\""',
        ),
        *('delimiter = "\\n"', 'delimiter = "\\u20ac"', 'encoding = "utf-16"', "encoding = 5"),
        *(
            'timestamp_format = "QQQ"',
            'timestamp_format = ""',
            "timestamp_format = 5",
            'encoding = ""',
        ),
        *('timestamp_format = "yyyy-MM-dd\'T"', 'timestamp_format = "\\u0000"', 'topic = "t"'),
        *(
            'feed = "rate"',
            'from = "transactions"',
            "feed_rows = 0",
            'unknown = "x"',
            'format = "json"',
        ),
        *('delimiter = "a"', 'delimiter = "\\u0001"', 'encoding = "rot13"', 'encoding = "hex"'),
    ),
    _PATH: (
        *(
            'path = "nowhere/*.csv"',
            'path = "in/nothing.csv"',
            'path = "in"',
            'path = "in/["',
            "path = 5",
        ),
        *(
            'path = ""',
            'path = "/dev/null"',
            'path = "in/\\u0000.csv"',
            'path = "."',
            'path = "**"',
        ),
        *('path = "in/**/*.csv"', 'path = "shop.toml"', 'path = "in/day1.csv/x"', "path = []"),
        *(
            'path = "~/in/*.csv"',
            'path = "s3://nowhere/*.csv"',
            f'path = "{"x" * 5000}"',
            'path = "in/*.csv\\n"',
        ),
        *('path = "lake"', 'path = "in/day1.csv"', 'topic = "t"', 'feed = "rate"'),
    ),
    _PRICE: (
        *(
            'price = ""',
            'price = "1 +"',
            'price = "nope(Price)"',
            'price = "sum(Price)"',
            "price = 5",
        ),
        *(
            'price = "explode(array(Price))"',
            'price = "Price; drop table x"',
            'price = "`"',
            'price = "*"',
        ),
        *(
            'price = "1/0"',
            'price = "(select 1)"',
            'price = "Price Price"',
            'price = "array(Price)"',
        ),
        *(
            'price = "map(1, Price)"',
            'price = "null"',
            'price = "true"',
            'price = "current_timestamp()"',
        ),
        *('price = "cast(Price as binary)"', 'price = "interval 1 day"', 'price = "x -> x"'),
        *('price = "rand()"', 'price = "row_number() over (order by Price)"', 'price = "Nothing"'),
        *(
            'price = "1 / (try_cast(Price as decimal(18,4)) - 5)"',
            'price = "\\u0000"',
            'prise = "Price"',
        ),
        *("price = \"if(Price = '?', 1, cast(Who as int))\"", 'price = "((Price))"'),
        *(
            "price = \"timestamp'2024-01-01'\"",
            'price = "_lineage"',
            'price = "record"',
            'price = "`a.b`"',
        ),
        *(
            "price = \"split(Price, ',')[3]\"",
            'price = "9e18"',
            'price = "1e400"',
            "price = \"named_struct('a', 1)\"",
        ),
        *(
            "price = \"java_method('java.lang.System', 'exit', 3)\"",
            'price = "uuid()"',
            'price = "-- Price"',
        ),
        *(
            "price = \"named_struct('a', Price).a\"",
            'price = "Price as x"',
            "price = \"from_json(Price, 'a')\"",
        ),
        *(
            'price = "to_json(Price)"',
            "price = \"rlike(Price, '(')\"",
            "price = \"regexp_extract(Price, '(', 1)\"",
        ),
        *(
            "price = \"raise_error('no')\"",
            "price = \"if(Price = '?', 1, raise_error(Who))\"",
            'price = "version()"',
        ),
    ),
}
_SECTIONS = {
    "[transactions.columns]": "[transactions.colums]",
    'customer_id = "Who"\n': "",
    "[transactions]\n": "[transaction]\n",
    "[transactions.columns]\n": '[customers]\nfrom = "transactions"\n[transactions.columns]\n',
}
TOMLS = (
    *(in_toml(before, after) for before, values in _WRONG_VALUES.items() for after in values),
    *(in_toml(before, after) for before, after in _SECTIONS.items()),
    toml_is("empty", b""),
    toml_is("one byte", b"\x00"),
    toml_is("binary", bytes(range(256)) * 20),
    toml_is("utf-16", "timezone = 'UTC'".encode("utf-16")),
    toml_is("an array of tables", b"[[transactions]]\npath = 'x'\n"),
    toml_is("a section that is a number", b"transactions = 5\n"),
    toml_is("a section that is a list", b"transactions = []\n"),
    toml_is("the same key twice", b"timezone = 'UTC'\ntimezone = 'UTC'\n"),
    toml_is("columns that are a list", b"[transactions]\npath = 'in'\ncolumns = ['a']\n"),
    toml_is("nested without end", b"a = " + b"[" * 5000 + b"]" * 5000),
    toml_is("entities and a name", b"name = 'x'\nentities = {}\n[transactions]\npath = 'in'\n"),
    toml_is("customers from nothing", b"[customers]\nfrom = 'transactions'\n"),
    toml_is("a huge number", b"max_reject_share = " + b"9" * 6000 + b"\n"),
)


def a_file(name: str, change: Callable[[Shop], Any], commands: tuple[str, ...] = LOAD) -> Break:
    def apply(shop: Shop, _: random.Random) -> None:
        change(shop)

    return Break(f"file: {name}", commands, apply)


def _bytes(content: bytes, name: str = "day2.csv") -> Callable[[Shop], object]:
    return lambda shop: (shop.inbox / name).write_bytes(content)


def _appended(content: bytes) -> Callable[[Shop], object]:
    return lambda shop: shop.file.write_bytes(shop.file.read_bytes() + content)


def _header(header: str) -> Callable[[Shop], object]:
    def change(shop: Shop) -> None:
        lines = shop.file.read_text().splitlines()
        shop.file.write_text("\n".join([header, *lines[1:]]))

    return change


def _a_folder(shop: Shop) -> None:
    shop.file.unlink()
    shop.file.mkdir()


def _a_link(target: str) -> Callable[[Shop], object]:
    def change(shop: Shop) -> None:
        shop.file.unlink()
        shop.file.symlink_to(target)

    return change


def _clear(shop: Shop) -> None:
    for file in shop.inbox.iterdir():
        file.unlink()


def _no_folder(shop: Shop) -> None:
    shutil.rmtree(shop.inbox)
    shop.inbox.write_text("")


def _all_rejected(shop: Shop) -> None:
    _clear(shop)
    write_csv(shop.file, [_value("Price", "-1")] * 3)


def _cut(packed: Callable[[bytes], bytes], name: str) -> Callable[[Shop], object]:
    def change(shop: Shop) -> None:
        whole = packed(shop.file.read_bytes() * 50)
        (shop.inbox / name).write_bytes(whole[: len(whole) // 2])

    return change


def _rows(rows: list[Row]) -> Callable[[Shop], object]:
    return lambda shop: write_csv(shop.file, rows)


def _value(column: str, value: str) -> Row:
    return {**order(9001, "c1", FIRST_DAY), column: value}


_HOSTILE = ("", " ", "?", "NaN", "1e400", "9" * 60, "0." + "1" * 60, "\u0661", "'", "\\", "=1+1")
_HEAD = ",".join(COLUMNS)
FILES = (
    a_file("empty", _bytes(b"")),
    a_file("one line feed", _bytes(b"\n")),
    a_file("only a header", _bytes(f"{_HEAD}\n".encode())),
    a_file("only a header without a line end", _bytes(_HEAD.encode())),
    a_file("a header with an empty name", _header(_HEAD.replace("Currency", ""))),
    a_file("a header with two empty names", _header(f"{_HEAD},,")),
    a_file("a header named twice", _header(_HEAD.replace("Currency", "Price"))),
    a_file("a header in other letters", _header(_HEAD.lower())),
    a_file("a header that says _c6", _header(_HEAD.replace("Currency", "_c6"))),
    a_file("a header with a quote", _header('"' + _HEAD)),
    a_file("one column", _bytes(b"Id\n1\n2\n")),
    a_file("a huge line", _appended(b"x" * (17 << 20))),
    a_file("a huge field", _appended(b"t9000,o9000," + b"x" * (3 << 20) + b",1,1,1,EUR,x,y\n")),
    a_file("binary", _bytes(bytes(range(256)) * 100)),
    a_file("zeros", _bytes(bytes(5000))),
    a_file("utf-16", _bytes(f"{_HEAD}\n".encode("utf-16"))),
    a_file(
        "carriage returns",
        lambda shop: shop.file.write_bytes(shop.file.read_bytes().replace(b"\n", b"\r")),
    ),
    a_file("gzip that is cut", _cut(gzip.compress, "day3.csv.gz")),
    a_file("bzip2 that is cut", _cut(bz2.compress, "day3.csv.bz2")),
    a_file("gzip that is none", _bytes(b"Id,Who\n", "day3.csv.gz")),
    a_file("bzip2 that is none", _bytes(b"Id,Who\n", "day3.csv.bz2")),
    a_file("gzip of nothing", _bytes(gzip.compress(b""), "day3.csv.gz")),
    a_file(
        "gzip with rubbish behind it",
        _bytes(gzip.compress(f"{_HEAD}\n".encode()) + b"rubbish", "day3.csv.gz"),
    ),
    a_file("an empty file called gzip", _bytes(b"", "day3.csv.gz")),
    a_file("zip called gzip", _bytes(b"PK\x03\x04" + bytes(100), "day3.csv.gz")),
    a_file("a folder", _a_folder),
    a_file("a link to nothing", _a_link("nothing")),
    a_file("a link to itself", _a_link("day2.csv")),
    a_file("a link to a folder", _a_link(".")),
    a_file("no file at all", _clear),
    a_file("no folder", lambda shop: shutil.rmtree(shop.inbox)),
    a_file("a file for a folder", _no_folder),
    a_file("a name with a colon", _bytes(f"{_HEAD}\n".encode(), "a:b.csv")),
    a_file("a name with a bracket", _bytes(f"{_HEAD}\n".encode(), "a[b].csv")),
    a_file("a name with a line end", _bytes(f"{_HEAD}\n".encode(), "a\nb.csv")),
    a_file(
        "a name that is no text",
        lambda shop: Path(os.fsdecode(os.fsencode(shop.inbox) + b"/\xff.csv")).write_text(
            f"{_HEAD}\n"
        ),
    ),
    a_file("a name that begins with _", _bytes(f"{_HEAD}\n".encode(), "_a.csv")),
    a_file("a hidden name", _bytes(b"rubbish", ".hidden.csv")),
    a_file(
        "a quote that is not closed",
        _appended(b't9000,"o9000,c1,1,5,5,EUR,2024-05-01 10:00:00,completed\n'),
    ),
    a_file("too many fields", _appended(b"," * 30_000 + b"\n")),
    a_file(
        "invalid bytes",
        _appended(b"t9000,o9000,\xff\xfe,1,5,5,EUR,2024-05-01 10:00:00,completed\n"),
    ),
    a_file("blank lines", _appended(b"\n\n   \n\t\n")),
    a_file("the same rows again", _appended(b"")),
    *(
        a_file(f"{column} is {value[:10]!r}", _rows([_value(column, value)]))
        for column in ("Id", "Who", "Quantity", "Price", "Amount", "Time", "Status")
        for value in _HOSTILE
    ),
    a_file("all rows refused", _all_rejected),
)


def rates(name: str, content: bytes | None, currency: str = "USD") -> Break:
    def apply(shop: Shop, _: random.Random) -> None:
        shop.replace_in_toml(_ZONE, f'{_ZONE}\ncurrency = "{currency}"\nrates = "rates.csv"')
        shop.replace_in_toml('amount = "Amount"', 'amount = "Amount"\ncurrency = "Currency"')
        if content is not None:
            (shop.folder / "rates.csv").write_bytes(content)

    return Break(f"rates: {name}", REFINE, apply)


def _rates_folder(shop: Shop, draw: random.Random) -> None:
    rates("", None).apply(shop, draw)
    (shop.folder / "rates.csv").mkdir()


_RATES = b"currency,valid_from,rate\n"
RATES = (
    rates("missing", None),
    Break("rates: a folder", REFINE, _rates_folder),
    rates("empty", b""),
    rates("only a header", _RATES),
    rates("another header", b"a,b\n1,2\n"),
    rates("binary", bytes(range(256))),
    rates("zeros", bytes(500)),
    rates("too few fields", _RATES + b"EUR\n"),
    rates("too many fields", _RATES + b"EUR,2020-01-01,1.1,9,9\n"),
    rates("no currency", _RATES + b"XXXX,2020-01-01,1\n"),
    rates("no date", _RATES + b"EUR,yesterday,1\n"),
    rates("no number", _RATES + b"EUR,2020-01-01,much\n"),
    rates("not a finite number", _RATES + b"EUR,2020-01-01,NaN\n"),
    rates("signalling NaN", _RATES + b"EUR,2020-01-01,sNaN\n"),
    rates("zero", _RATES + b"EUR,2020-01-01,0\n"),
    rates("negative", _RATES + b"EUR,2020-01-01,-1\n"),
    rates("infinite", _RATES + b"EUR,2020-01-01,1e999999999999999999\n"),
    rates("a huge exponent", _RATES + b"EUR,2020-01-01,1E+999999\n"),
    rates("tiny", _RATES + b"EUR,2020-01-01,1e-30\n"),
    rates("twice", _RATES + b"EUR,2020-01-01,1\nEUR,2020-01-01,2\n"),
    rates("the own currency", _RATES + b"USD,2020-01-01,1\n"),
    rates("a quote that is not closed", _RATES + b'"EUR,2020-01-01,1\n'),
    rates("a huge field", _RATES + b"x" * 200_000 + b",2020-01-01,1\n"),
    rates("year 1", _RATES + b"EUR,0001-01-01,1\n"),
    rates("year 9999", _RATES + b"EUR,9999-12-31,1\n"),
    rates("large", _RATES + b"EUR,2020-01-01,9999999999\n"),
)


def on_lake(name: str, change: Callable[[Path, random.Random], object], *commands: str) -> Break:
    def apply(shop: Shop, draw: random.Random) -> None:
        change(shop.lake, draw)

    return Break(f"lake: {name}", commands or (*LOAD, "quality"), apply, with_lake=True)


def _table(lake: Path, draw: random.Random) -> Path:
    return draw.choice(sorted(log.parent for log in lake.glob("*/*/_delta_log")))


def _on_table(
    change: Callable[[Path, random.Random], object],
) -> Callable[[Path, random.Random], object]:
    return lambda lake, draw: change(_table(lake, draw), draw)


def _logs(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))


def _data(table: Path) -> list[Path]:
    return sorted(table.glob("**/*.parquet"))


def _to_file(place: Path, _: random.Random) -> None:
    shutil.rmtree(place)
    place.write_text("a file")


def _empty_log(table: Path, _: random.Random) -> None:
    shutil.rmtree(table / "_delta_log")
    (table / "_delta_log").mkdir()


def _no_data(table: Path, draw: random.Random) -> None:
    if files := _data(table):
        draw.choice(files).unlink()


def _cut_data(table: Path, draw: random.Random) -> None:
    if files := _data(table):
        file = draw.choice(files)
        file.write_bytes(file.read_bytes()[: draw.randrange(file.stat().st_size)])


def _rubbish_data(table: Path, draw: random.Random) -> None:
    if files := _data(table):
        draw.choice(files).write_bytes(b"rubbish" * 9)


def _garbled_log(content: bytes) -> Callable[[Path, random.Random], object]:
    def change(table: Path, draw: random.Random) -> None:
        draw.choice(_logs(table)).write_bytes(content)

    return change


def _cut_log(table: Path, draw: random.Random) -> None:
    file = draw.choice(_logs(table))
    file.write_bytes(file.read_bytes()[: draw.randrange(file.stat().st_size)])


def _log_deleted(table: Path, draw: random.Random) -> None:
    draw.choice(_logs(table)).unlink()


def _log_folder(table: Path, draw: random.Random) -> None:
    file = draw.choice(_logs(table))
    file.unlink()
    file.mkdir()


def _other_schema(table: Path, draw: random.Random) -> None:
    lake = table.parents[1]
    other = _table(lake, draw)
    shutil.rmtree(table)
    if other.exists():
        shutil.copytree(other, table)


def _renamed_column(table: Path, _: random.Random) -> None:
    first = _logs(table)[0]
    lines = []
    for line in first.read_text().splitlines():
        action = json.loads(line)
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            schema["fields"][0]["name"] = "something_else"
            action["metaData"]["schemaString"] = json.dumps(schema)
        lines.append(json.dumps(action))
    first.write_text("\n".join(lines))


def _future_protocol(table: Path, _: random.Random) -> None:
    last = _logs(table)[-1]
    action = {"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}
    last.write_text(last.read_text() + "\n" + json.dumps(action) + "\n")


def _lock_folder(lake: Path, draw: random.Random) -> None:
    locks = lake / ".locks"
    if locks.is_dir():
        shutil.rmtree(locks)
    locks.write_text("")


LAKES = (
    on_lake("a file", _to_file),
    on_lake("its locks are a file", _lock_folder),
    on_lake(
        "a layer is a file",
        lambda lake, draw: _to_file(lake / draw.choice(("bronze", "silver", "gold")), draw),
    ),
    on_lake(
        "a layer is gone",
        lambda lake, draw: shutil.rmtree(lake / draw.choice(("bronze", "silver", "gold"))),
    ),
    on_lake(
        "gone",
        lambda lake, _: shutil.rmtree(lake),
        "silver",
        "gold",
        "quality",
        "churn",
        "segmentation",
        "drift",
    ),
    *(
        on_lake(name, _on_table(change))
        for name, change in {
            "a table is gone": lambda table, _: shutil.rmtree(table),
            "a table is a file": _to_file,
            "a table has an empty log": _empty_log,
            "a table has no log": lambda table, _: shutil.rmtree(table / "_delta_log"),
            "a data file is gone": _no_data,
            "a data file is cut": _cut_data,
            "a data file is rubbish": _rubbish_data,
            "a commit is empty": _garbled_log(b""),
            "a commit is rubbish": _garbled_log(b"rubbish\n"),
            "a commit is another JSON": _garbled_log(b'{"a": 1}\n'),
            "a commit is a list": _garbled_log(b"[1, 2]\n"),
            "a commit is binary": _garbled_log(bytes(range(256))),
            "a commit is cut": _cut_log,
            "a commit is gone": _log_deleted,
            "a commit is a folder": _log_folder,
            "a table of another schema": _other_schema,
            "a renamed column": _renamed_column,
            "a protocol of the future": _future_protocol,
        }.items()
    ),
)


def options(command: str, *given: str) -> Break:
    return Break(
        f"options: {command} {' '.join(given)[:60]}", (command,), lambda *_: given, with_lake=True
    )


OPTIONS = (
    *(
        options(command, f"--as-of={text}")
        for command in ("gold", "churn", "segmentation", "drift")
        for text in (
            "yesterday",
            "2024-13-01",
            "1900-01-01",
            "9999-12-31",
            "0001-01-01",
            "2024-W05",
            "20240601",
            " ",
        )
    ),
    options("gold", "--rebuild=perhaps"),
    options("silver", "--replay=1"),
    options("bronze", "--engine=duckdb"),
    options("bronze", "--engine=SAIL"),
    options("bronze", "--lake="),
    options("bronze", "--lake=/proc/nowhere"),
    options("bronze", "--lake=/dev/null"),
    options("bronze", "--lake=/dev/null/lake"),
    options("bronze", "--lake=file:///proc/x"),
    options("bronze", f"--lake={'x' * 3000}"),
    options("bronze", "--lake=a\nb"),
    options("bronze", "--lake=shop.toml"),
    options("silver", "--lake=in"),
    options("gold", "--lake=shop.toml/x"),
    options("bronze", "--source="),
    options("bronze", "--source=.toml"),
    options("bronze", "--source=in"),
    options("bronze", "--source=nothing.toml"),
    options("bronze", "--source=../shop"),
    options("bronze", f"--source={'x' * 3000}.toml"),
    options("bronze", f"--source={'x' * 3000}"),
    options("bronze", "--nothing"),
    options("bronze", "extra"),
    options("drift", "--model=churm"),
    options("drift", "--model="),
)


def model(name: str, before: str, after: str) -> Break:
    def apply(shop: Shop, _: random.Random) -> None:
        file = shop.model(name)
        text = file.read_text()
        assert before in text, before
        file.write_text(text.replace(before, after, 1))

    return Break(f"{name}.toml: {before!r} becomes {after!r}", (name,), apply, with_lake=True)


_FEATURES = 'rfm = ["recency_days", "purchase_frequency", "total_spend", "avg_transaction_value"]'
_OF_RFM = 'features = "rfm"'
"""In the first candidate, which is used if a history is too short to compare candidates."""
_RFM = 'features = ["recency_days", "purchase_frequency", "net_spend"]'
MODELS = (
    *(
        model("churn", "horizon_days = 90", after)
        for after in (
            "horizon_days = 0",
            "horizon_days = -5",
            'horizon_days = "90"',
            "horizon_days = 9.5",
            "horizon_days = 99999999999",
            "horizon_days = 3650000",
            "horizon_days = 250",
            "horizon_days = 1",
            "horizon_days = 140",
        )
    ),
    *(
        model("churn", "max_origins = 18", after)
        for after in ("max_origins = 0", "max_origins = 1", "max_origins = 99999999")
    ),
    *(
        model("churn", 'estimator = "logistic_regression"', after)
        for after in (
            'estimator = "tree"',
            "",
            "estimator = 5",
            'estimator = "hist_gradient_boosting"',
        )
    ),
    *(
        model("churn", _FEATURES, after)
        for after in (
            "rfm = []",
            'rfm = ["nothing"]',
            "",
            "rfm = 5",
            'rfm = ["recency_days", "recency_days"]',
            'rfm = ["customer_id"]',
            'rfm = ["recency_days"]',
        )
    ),
    *(
        model("churn", "seed = 42", after)
        for after in ("seed = -1", "seed = 4294967296", "seed = 1.5")
    ),
    *(
        model("churn", _OF_RFM, f"{_OF_RFM}\nparameters = {{{after}}}")
        for after in (
            "C = -1.0",
            'C = "x"',
            "C = 0",
            "nothing = 5",
            "random_state = 5",
            "max_iter = 0",
            "max_iter = 1",
            'penalty = "l9"',
            "C = nan",
            "C = inf",
            'solver = "x"',
            "n_jobs = 0",
            "l1_ratio = 5.0",
            "class_weight = 5",
            "verbose = 'x'",
            "C = 1e-300",
            "warm_start = 'x'",
            "tol = -1.0",
            "multi_class = 'x'",
        )
    ),
    *(model("churn", 'drift = "warn"', after) for after in ("drift = 'x'", "drift = 'block'")),
    *(
        model("churn", "max_psi = 0.1", after)
        for after in ("max_psi = 0", "max_psi = nan", "max_psi = inf", "max_psi = 1e-300")
    ),
    *(
        model("segmentation", _RFM, after)
        for after in (
            "features = []",
            'features = ["recency_days"]',
            'features = ["recency_days", "purchase_frequency", "total_spend", "spend_90d"]',
        )
    ),
    *(
        model("segmentation", "k_min = 3", after)
        for after in ("k_min = 1", "k_min = 9", "k_min = 2", "k_min = 8")
    ),
    *(
        model("segmentation", "k_max = 8", after)
        for after in ("k_max = 3", "k_max = 99", "k_max = 2")
    ),
    *(
        model("segmentation", "bootstraps = 20", after)
        for after in ("bootstraps = 1", "bootstraps = 2", "bootstraps = -1")
    ),
    *(
        model("segmentation", "min_share = 0.03", after)
        for after in ("min_share = 1", "min_share = nan", "min_share = 2")
    ),
    *(
        model("segmentation", "drift_reference_days = 90", after)
        for after in (
            "drift_reference_days = 0",
            "drift_reference_days = 99999999",
            "drift_reference_days = 9999999999999",
            "drift_reference_days = 100000",
        )
    ),
)


def only(name: str, rows: Callable[[random.Random], list[Row]], *commands: str) -> Break:
    def apply(shop: Shop, draw: random.Random) -> None:
        _clear(shop)
        write_csv(shop.file, rows(draw))

    return Break(f"shop: {name}", commands or (*LOAD, "segmentation", "churn"), apply)


def _same_for_all(days: Sequence[int], customers: int = 40) -> list[Row]:
    moments = [(c, d) for c in range(customers) for d in days]
    return [order(n, f"c{c}", FIRST_DAY + timedelta(d)) for n, (c, d) in enumerate(moments)]


def _loyal(draw: random.Random) -> list[Row]:
    """Every customer buys each month, so none churns."""
    return [
        order(
            100 * c + m,
            f"c{c}",
            FIRST_DAY + timedelta(30 * m + c % 7),
            f"{draw.randrange(100, 9000) / 100:.2f}",
        )
        for c in range(40)
        for m in range(11)
    ]


def _one_time(draw: random.Random) -> list[Row]:
    """Every customer buys once, so all churn."""
    return [
        order(
            n,
            f"c{n}",
            FIRST_DAY + timedelta(draw.randrange(300)),
            f"{draw.randrange(100, 9000) / 100:.2f}",
        )
        for n in range(60)
    ]


SHOPS = (
    only(
        "one customer", lambda draw: [order(n, "c1", FIRST_DAY + timedelta(n)) for n in range(300)]
    ),
    only("one order", lambda _: [order(1, "c1", FIRST_DAY)]),
    only("one day", lambda draw: [order(n, f"c{n}", FIRST_DAY, f"{n + 1}.00") for n in range(50)]),
    only("identical customers", lambda _: _same_for_all(range(0, 300, 30))),
    only(
        "identical customers of one order",
        lambda _: [*_same_for_all([0]), order(9999, "x", FIRST_DAY + timedelta(300))],
    ),
    only("nobody stays away", _loyal),
    only("everybody stays away", _one_time),
    only("fewer customers than segments", lambda draw: some_orders(draw, customers=5)),
    only("three customers", lambda draw: some_orders(draw, customers=3)),
    only("two customers", lambda draw: some_orders(draw, customers=2)),
    only("only future dates", lambda _: [order(n, f"c{n}", date(2999, 1, 1)) for n in range(9)]),
    only("only old dates", lambda _: [order(n, f"c{n}", date(1901, 1, 1)) for n in range(9)]),
    only(
        "only cancelled", lambda draw: [{**row, "Status": "cancelled"} for row in some_orders(draw)]
    ),
    only("only pending", lambda draw: [{**row, "Status": "pending"} for row in some_orders(draw)]),
    only("free of charge", lambda draw: [{**row, "Amount": "0"} for row in some_orders(draw)]),
    only(
        "huge amounts",
        lambda draw: [
            {**row, "Amount": "99999999999.9999", "Price": "1"} for row in some_orders(draw)
        ],
    ),
    only(
        "a gap of fifty years",
        lambda draw: [order(99_999, "c1", date(1972, 1, 1)), *some_orders(draw)],
    ),
    only("no order at all", lambda _: []),
    only("sound", some_orders),
)

GROUPS: dict[str, tuple[Break, ...]] = {
    "toml": TOMLS,
    "files": FILES,
    "rates": RATES,
    "lakes": LAKES,
    "options": OPTIONS,
    "models": MODELS,
    "shops": SHOPS,
}
