"""Records of a lake have the values of other lines and files, and their own places as ids."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.errors import SettingsError, SourceError
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.jobs.ingest import reread
from goldrun.jobs.refine import silver
from goldrun.medallion.source_columns import check_mapping
from tests.jobs.old_files import age

Shop = Any
"""The small shop of this folder's fixtures."""
SETTINGS = """
timezone = "UTC"
max_reject_share = 1
[transactions]
path = "{folder}/lines*.csv"
[transactions.fill_down]
by = "Order"
columns = ["State"]
[transactions.join.heads]
path = "{folder}/heads.txt"
delimiter = ";"
on = {{ Order = "No" }}
[transactions.columns]
transaction_id = "concat(_file, '-', _row)"
order_id = "Order"
customer_id = "`heads.Who`"
product_id = "Item"
quantity = "1"
price = "Paid"
amount = "Paid"
transaction_date = "`heads.Bought at`"
transaction_status = "case when State = 'paid' then 'completed' else State end"
"""
LINES = """\
Order,State,Item,Paid
7,paid,cap,5

7,,cap,5
8,refunded,hat,6
8,,"tie",7
9,paid,coat,
x
6,paid,shoe,8
"""
HEADS = """\
No;Who;Bought at
7;ann;2024-05-01 10:00
8;bob;2024-05-02 11:00
9;ann;2024-05-03 12:00
"""


def write(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = folder / name.replace("_", ".")
        file.write_text(text)
        age(file)


@pytest.fixture
def market(shop: Shop) -> Shop:
    settings = shop.folder.parent / "market.toml"
    settings.write_text(SETTINGS.format(folder=shop.folder))
    write(shop.folder, lines_csv=LINES, heads_txt=HEADS)
    return replace(shop, ctx=replace(shop.ctx, source=load_source(str(settings))))


def fresh(shop: Shop, name: str) -> Shop:
    lake = Lake(shop.ctx.lake.engine, str(shop.folder.parent / name))
    return replace(shop, ctx=replace(shop.ctx, lake=lake))


def later(shop: Shop) -> Shop:
    return replace(shop, ctx=replace(shop.ctx, now=shop.ctx.now + timedelta(days=1)))


def sales(shop: Shop) -> set[tuple[object, ...]]:
    names = ("transaction_id", "customer_id", "transaction_status")
    at = "date_format(transaction_date, 'MM-dd HH:mm')"
    found = shop.ctx.lake.read("silver/transactions").selectExpr(*names, at)
    return {tuple(row) for row in found.collect()}


def expected(lines: str, heads: str, file: str) -> set[tuple[object, ...]]:
    """The accepted sales, read by Python's own means."""
    orders = {row["No"]: row for row in csv.DictReader(io.StringIO(heads), delimiter=";")}
    found: set[tuple[object, ...]] = set()
    states = {"paid": "completed", "refunded": "refunded"}
    latest: dict[str, str] = {}
    numbered = enumerate((line for line in lines.splitlines()[1:] if line), 1)
    for number, fields in ((n, next(csv.reader([line]))) for n, line in numbered):
        if len(fields) == 4 and fields[0] in orders and fields[3]:
            latest[fields[0]] = fields[1] or latest[fields[0]]
            order = orders[fields[0]]
            at = order["Bought at"][5:]
            found.add((f"{file}-{number}", order["Who"], states[latest[fields[0]]], at))
    return found


@pytest.mark.spark_too
def test_lines_have_their_orders_state_and_head_and_an_id_by_their_place(
    market: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    market.bronze()
    market.silver()
    assert sales(market) == expected(LINES, HEADS, "lines.csv")
    assert len(sales(market)) == 4
    held = market.ctx.lake.read(lineage.QUARANTINE.name).collect()
    reasons = {tuple(sorted(row[lineage.REASONS])) for row in held}
    assert reasons == {
        ("amount_missing",),
        ("record_malformed",),
        ("customer_id_missing", "transaction_date_missing"),
    }
    assert all(account.closed for account in silver.accounts(market.ctx).values())
    assert "transactions: 1 records have no row in" in caplog.text
    assert "heads.* are empty" in caplog.text


def test_a_joined_file_that_changes_is_reported_and_read_again(
    market: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    market.bronze()
    market.silver()
    heads = HEADS.replace("8;bob", "8;eve") + "6;eve;2024-05-04 10:00\n"
    write(market.folder, heads_txt=heads)
    caplog.clear()
    market = later(market)
    market.bronze()
    assert "transactions: 1 files were read with other settings" in caplog.text
    assert "joined heads on 'Order' = 'No'" in caplog.text
    assert "-P reread=true" in caplog.text
    reread.run(market.ctx)
    market.silver()
    assert sales(market) == expected(LINES, heads, "lines.csv")
    assert len(sales(market)) == 5
    caplog.clear()
    market.bronze()
    assert "other settings" not in caplog.text


def test_a_key_twice_in_a_joined_file_stops_the_batch_before_anything_is_written(
    market: Shop,
) -> None:
    write(market.folder, heads_txt=HEADS + "\n7;zoe;2024-05-04 10:00\n")
    with pytest.raises(
        SourceError, match=r"row 1, and .*heads.txt, row 4, have the same 'No'"
    ) as e:
        market.bronze()
    assert "zoe" not in str(e.value)
    assert not market.ctx.lake.exists("bronze/transactions")


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        (HEADS.replace("No;", "Nr;"), r"has no column 'No', which .*join.heads\] reads"),
        (HEADS.replace(";Who", ";Whom"), r"has no column 'Who'.*did you mean 'Whom'"),
    ],
)
def test_a_joined_file_without_a_column_is_refused_by_name(
    market: Shop, heads: str, message: str
) -> None:
    write(market.folder, heads_txt=heads)
    with pytest.raises(SourceError, match=message):
        market.bronze()


def test_a_missing_joined_file_is_refused_by_name(market: Shop) -> None:
    (market.folder / "heads.txt").unlink()
    with pytest.raises(SourceError, match=r"heads\.txt"):
        market.bronze()


def test_ambiguous_names_are_refused(market: Shop) -> None:
    write(market.folder, lines2_csv="Order,State,Item,Paid,_row\n")
    with pytest.raises(SourceError, match="has a column '_row'"):
        market.bronze()
    write(market.folder, lines2_csv="Order,State,Item,Paid,heads.x\n")
    with pytest.raises(SourceError, match=r"has a column 'heads\.x'"):
        market.bronze()


def test_two_files_of_one_name_are_refused_where_the_name_is_an_id(market: Shop) -> None:
    market.bronze()
    (market.folder / "more").mkdir()
    other = market.folder / "more" / "lines.csv"
    other.write_text(LINES + "7,,pen,1\n")
    age(other)
    text = SETTINGS.format(folder=market.folder).replace("/lines*.csv", "/**/lines*.csv")
    settings = market.folder.parent / "market.toml"
    settings.write_text(text)
    ctx = replace(market.ctx, source=load_source(str(settings)))
    with pytest.raises(SourceError, match=r"have the same name, which _file"):
        replace(market, ctx=ctx).bronze()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('columns = ["State"]', 'colums = ["State"]', r"fill_down.colums.*did you mean 'columns'"),
        ('columns = ["State"]', 'columns = ["a", "a"]', "listed twice"),
        ("delimiter", "delimeter", r"join.heads.delimeter.*did you mean 'delimiter'"),
        ("on = {{", "no = {{", r"join\.heads\.on is missing"),
        ('on = {{ Order = "No" }}', 'on = {{ a = "b", c = "d" }}', "give one column"),
        ("join.heads", 'join."my heads"', "is no name"),
        ("on = {{", 'on_changed = "refuse"\non = {{', r"join\.heads\.(form\.)?on_changed"),
    ],
)
def test_wrong_settings_are_refused_by_name(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(SETTINGS.replace(old, new).format(folder="x"))
    with pytest.raises(SettingsError, match=message):
        load_source(str(file))


def test_the_number_in_a_group_needs_a_group(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    text = SETTINGS.replace("\"concat(_file, '-', _row)\"", "\"concat(Order, '-', _line)\"")
    file.write_text(text.format(folder="x"))
    check_mapping(load_source(str(file)))
    start, rest = text.split("[transactions.fill_down]", maxsplit=1)
    file.write_text((start + rest[rest.index("[transactions.join") :]).format(folder="x"))
    with pytest.raises(SettingsError, match=r"reads _line, .* there is no \[fill_down\]"):
        check_mapping(load_source(str(file)))


def test_a_topic_has_no_place_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "topic.toml"
    start, columns = (
        SETTINGS.split("[transactions]", maxsplit=1)[0],
        SETTINGS.split("[transactions.columns]")[1],
    )
    head = f'{start}[transactions]\ntopic = "t"\nformat = "json"\n'
    file.write_text(f"{head}[transactions.columns]{columns}")
    with pytest.raises(SettingsError, match=r"reads _file.*has no files but a kafka"):
        check_mapping(load_source(str(file)))
    file.write_text(
        f'{head}[transactions.fill_down]\nby = "a"\ncolumns = ["b"]\n'
        f"[transactions.columns]{columns}"
    )
    with pytest.raises(SettingsError, match="fill_down is for files"):
        load_source(str(file))
