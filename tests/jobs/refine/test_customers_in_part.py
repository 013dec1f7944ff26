"""A customers file that covers some buyers completes the customers that transactions define."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from goldrun.errors import SettingsError
from goldrun.io.settings import load_source
from goldrun.jobs.refine import silver
from tests.jobs.refine.test_shop_without_customers import (
    AT,
    CHILDREN,
    SALES,
    Shop,
    ids,
    run,
    waiting,
    with_settings,
    write,
)

PEOPLE = """
[customers]
path = "{folder}/people*.csv"
[customers.columns]
customer_id = "who"
name = "name"
updated_at = "since"
"""
SETTINGS = SALES + PEOPLE
WITHOUT_ACTIONS = SALES.split("[sessions]", maxsplit=1)[0]
EARLY, LATE = "2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z"
SOLD = {
    "sales1.csv": (("t1", "c1", AT), ("t2", "c2", "2024-04-01T10:00:00Z")),
    "sales2.csv": (("t3", "c2", "2024-03-01T10:00:00Z"), ("t4", "c3", LATE)),
}
KNOWN = {
    "people1.csv": (("c1", "Ada", EARLY), ("c9", "Zoe", EARLY)),
    # Older than the transactions that the customer was derived from.
    "people2.csv": (("c3", "Cy", EARLY),),
}
EXPECTED = {
    ("c1", "Ada", EARLY),
    ("c2", None, "2024-03-01T10:00:00Z"),
    ("c3", "Cy", EARLY),
    ("c9", "Zoe", EARLY),
}


def add(shop: Shop, name: str) -> None:
    if name in SOLD:
        lines = [f"{key},{who},5,{at}" for key, who, at in SOLD[name]]
        write(shop.folder, name, "id,who,paid,at", *lines)
    else:
        write(shop.folder, name, "who,name,since", *map(",".join, KNOWN[name]))


def actions(shop: Shop) -> None:
    """What two buyers and a person without a sale have done."""
    for name in ("visits", "events", "calls"):
        lines = (f"x1,c1,{AT}", f"x2,c2,{AT}", f"x3,GHOST,{AT}")
        write(shop.folder, f"{name}1.csv", "id,who,at", *lines)


def customers(shop: Shop) -> set[tuple[Any, ...]]:
    at = "date_format(updated_at, \"yyyy-MM-dd'T'HH:mm:ss'Z'\")"
    rows = shop.ctx.lake.read("silver/customers").selectExpr("customer_id", "name", at).collect()
    assert len(rows) == len({row[0] for row in rows})
    return {tuple(row) for row in rows}


def closed(shop: Shop) -> bool:
    return all(account.closed for account in silver.accounts(shop.ctx).values())


@pytest.fixture
def partly(shop: Shop) -> Callable[[str], Shop]:
    """Return the shop with other settings, and a customers file that covers one buyer of three."""

    def make(settings: str) -> Shop:
        for name in ("people1.csv", "sales1.csv", "sales2.csv"):
            add(shop, name)
        actions(shop)
        return with_settings(shop, settings, "partly")

    return make


def test_buyers_who_are_in_no_file_are_derived_and_what_they_did_is_accepted(
    partly: Callable[[str], Shop],
) -> None:
    shop = partly(SETTINGS)
    run(shop)
    assert customers(shop) == EXPECTED - {("c3", "Cy", EARLY)} | {("c3", None, LATE)}
    assert ids(shop, "transactions") == {"c1", "c2", "c3"}
    assert all(ids(shop, entity) == {"c1", "c2"} for entity in CHILDREN)
    assert waiting(shop) == {(entity, ("customer_unknown",)) for entity in CHILDREN}
    assert closed(shop)
    version = shop.ctx.lake.version("silver/customers")
    run(shop)
    assert shop.ctx.lake.version("silver/customers") == version


def test_a_record_replaces_the_derived_customer_whatever_its_time(
    partly: Callable[[str], Shop],
) -> None:
    shop = partly(WITHOUT_ACTIONS + PEOPLE)
    run(shop)
    add(shop, "people2.csv")
    # A further transaction does not displace it.
    write(shop.folder, "sales3.csv", "id,who,paid,at", f"t5,c3,5,{LATE}", f"t6,c9,5,{LATE}")
    run(shop)
    assert customers(shop) == EXPECTED
    assert shop.rows("silver/customers_history") == 0
    assert closed(shop)
    silver.run(shop.ctx, remap=True)
    assert customers(shop) == EXPECTED
    assert closed(shop)


QUICK = ("sales1.csv", "people1.csv", "sales2.csv", "people2.csv")
"""Each of the later files changes a customer that was derived: ``c2``, then ``c3``."""


def orders() -> Iterator[Any]:
    """Orders in which the files arrive; one of them is tested each time."""
    for order in itertools.permutations(QUICK):
        # Bronze wants a file of each entity, so that these come together.
        if {order[0] in SOLD, order[1] in SOLD} == {True, False}:
            marks = () if order == QUICK else (pytest.mark.slow,)
            yield pytest.param(order, marks=marks, id="-".join(order))


@pytest.mark.parametrize("order", [*orders()])
def test_the_customers_are_the_same_in_any_order_of_arrival(
    shop: Shop, order: tuple[str, ...]
) -> None:
    mixed = with_settings(shop, WITHOUT_ACTIONS + PEOPLE, "mixed")
    add(mixed, order[0])
    for name in order[1:]:
        add(mixed, name)
        run(mixed)
    assert customers(mixed) == EXPECTED
    assert ids(mixed, "transactions") == {"c1", "c2", "c3"}
    assert closed(mixed)


@pytest.mark.slow
def test_unknown_customers_are_kept_apart_where_the_shop_says_so(
    partly: Callable[[str], Shop], caplog: pytest.LogCaptureFixture
) -> None:
    shop = partly('unknown_customers = "quarantine"\nmax_reject_share = 1\n' + SETTINGS)
    run(shop)
    assert {row[0] for row in customers(shop)} == {"c1", "c9"}
    assert ids(shop, "transactions") == {"c1"}
    assert waiting(shop) == {(e, ("customer_unknown",)) for e in (*CHILDREN, "transactions")}
    derives = with_settings(shop, "max_reject_share = 1\n" + SETTINGS, "partly")
    derives.ctx = shop.ctx.__class__(
        shop.ctx.lake, shop.ctx.tracker, derives.ctx.source, shop.ctx.now
    )
    run(derives, replay=True)
    assert {row[0] for row in customers(derives)} == {"c1", "c2", "c3", "c9"}
    assert ids(derives, "transactions") == {"c1", "c2", "c3"}
    assert closed(derives)
    again = with_settings(
        derives, 'unknown_customers = "quarantine"\nmax_reject_share = 1\n' + SETTINGS, "partly"
    )
    silver.run(again.ctx, remap=True)
    assert {row[0] for row in customers(again)} == {"c1", "c9"}
    assert ids(again, "transactions") == {"c1"}
    assert closed(again)


def test_a_shop_that_adds_a_customers_file_keeps_its_lake(shop: Shop) -> None:
    for name in SOLD:
        add(shop, name)
    before = with_settings(shop, WITHOUT_ACTIONS, "grown")
    run(before)
    assert {row[0] for row in customers(before)} == {"c1", "c2", "c3"}
    for name in KNOWN:
        add(shop, name)
    after = with_settings(before, WITHOUT_ACTIONS + PEOPLE, "grown")
    run(after)
    assert customers(after) == EXPECTED
    assert closed(after)


def test_quarantine_without_a_customers_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('unknown_customers = "quarantine"\n' + SALES.format(folder="x"))
    with pytest.raises(SettingsError, match="requires customers files"):
        load_source(str(file))


def test_transactions_come_before_what_refers_to_their_customers(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SETTINGS.format(folder="x"))
    assert list(load_source(str(file)).with_files)[:3] == ["customers", "transactions", "sessions"]
