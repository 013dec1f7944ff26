"""An optional value that is not of its column is emptied and counted, and its record kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import functions as F

from goldrun.contracts.table import Severity
from goldrun.io.settings import load_source
from goldrun.jobs.monitor import quality, rejections
from goldrun.jobs.refine import silver
from tests.jobs.conftest import SETTINGS, Shop

Line = Callable[..., str]
STRICT = 'path = "{folder}/*.csv*"\nreject = ["price_unparsed"]'


@pytest.fixture
def filled(shop: Shop, line: Line) -> Shop:
    """A shop with a price that is no number, one of 0 and one that is not given."""
    shop.add_file(
        "day1.csv",
        line("t1", "completed", 1),
        line("text", "completed", 1, who="c2").replace(",1,5,5,", ",1,free,5,"),
        line("blank", "completed", 1, who="c3").replace(",1,5,5,", ",1,n/a,5,"),
        line("zero", "completed", 1, who="c4").replace(",1,5,5,", ",1,0,5,"),
    )
    shop.bronze()
    shop.silver()
    return shop


def prices(shop: Shop) -> dict[str, str | None]:
    shown = F.col("price").cast("string")
    rows = shop.ctx.lake.read("silver/transactions").select("transaction_id", shown).collect()
    return {row[0]: row[1] for row in rows}


def counted(shop: Shop) -> dict[str, tuple[Any, ...]]:
    rules = quality.measure(shop.ctx).rules
    broken = rules[rules.failed > 0]
    names = ("severity", "failed", "checked")
    return {str(each["rule"]): tuple(each[n] for n in names) for _, each in broken.iterrows()}


def warnings(shop: Shop) -> list[list[str]]:
    if not shop.ctx.lake.exists("silver/warnings"):
        return []
    rows = shop.ctx.lake.read("silver/warnings").select("warnings").collect()
    return [list(row[0]) for row in rows]


def strict(shop: Shop) -> Shop:
    text = SETTINGS.replace('path = "{folder}/*.csv*"', STRICT).format(folder=shop.folder)
    file = shop.folder.parent / "strict" / "shop.toml"
    file.parent.mkdir()
    file.write_text(text)
    return Shop(shop.folder, replace(shop.ctx, source=load_source(str(file))))


def test_the_record_is_accepted_without_the_value_and_counted(filled: Shop) -> None:
    assert prices(filled) == {"t1": "5.0000", "text": None, "blank": None, "zero": "0.0000"}
    assert warnings(filled) == [["price_unparsed"]]
    assert counted(filled) == {
        "price_unparsed": (Severity.WARN.value, 1, 4),
        "price_not_positive": (Severity.WARN.value, 1, 4),
    }


def test_silver_logs_how_many_values_it_empties_and_not_which(
    shop: Shop, line: Line, caplog: Any
) -> None:
    shop.add_file("day1.csv", line("t1", "completed", 1).replace(",1,5,5,", ",1,free,5,"))
    shop.bronze()
    rejections.log_reasons(shop.ctx, silver.run(shop.ctx))
    assert "transactions: price_unparsed: 1 values are emptied" in caplog.text
    assert "free" not in caplog.text


def test_a_remap_rejects_the_record_where_the_source_says_so_and_accepts_it_again(
    filled: Shop,
) -> None:
    other = strict(filled)
    silver.run(other.ctx, remap=True)
    assert set(prices(other)) == {"t1", "blank", "zero"}
    assert warnings(other) == []
    assert counted(other)["price_unparsed"] == (Severity.REJECT.value, 1, 4)
    silver.run(filled.ctx, remap=True)
    assert prices(filled)["text"] is None
    assert warnings(filled) == [["price_unparsed"]]


def test_a_replay_accepts_what_an_earlier_contract_rejected(shop: Shop, line: Line) -> None:
    other = strict(shop)
    shop.add_file("day1.csv", line("t1", "completed", 1).replace(",1,5,5,", ",1,free,5,"))
    other.bronze()
    other.silver()
    assert prices(other) == {}
    silver.run(shop.ctx, replay=True)
    assert prices(shop) == {"t1": None}
    assert warnings(shop) == [["price_unparsed"]]
