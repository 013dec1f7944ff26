"""Customers that are derived from transactions are checked as those of a customers file."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.settings import load_source
from goldrun.jobs.refine import silver

Shop = Any
"""The small shop of this folder's fixtures."""
SALES = """
phone_region = "GB"
[transactions]
path = "{folder}/sales*.csv"
[transactions.columns]
transaction_id = "id"
customer_id = "who"
quantity = "1"
price = "paid"
amount = "paid"
transaction_date = "at"
transaction_status = "'completed'"
[sessions]
path = "{folder}/visits*.csv"
[sessions.columns]
session_id = "id"
customer_id = "who"
session_start = "at"
[events]
path = "{folder}/events*.csv"
[events.columns]
event_id = "id"
customer_id = "who"
event_type = "'click'"
event_timestamp = "at"
[interactions]
path = "{folder}/calls*.csv"
[interactions.columns]
interaction_id = "id"
customer_id = "who"
interaction_type = "'phone'"
interaction_date = "at"
"""
ATTRIBUTES = """
[customers.columns]
{id}email = "mail"
phone = "tel"
customer_segment = "kind"
registration_date = "since"
"""
APART = 'unknown_customers = "quarantine"\n'
DERIVED = '[customers]\nfrom = "transactions"\n' + ATTRIBUTES.format(id="")
FILED = '[customers]\npath = "{folder}/people*.csv"\n' + ATTRIBUTES.format(
    id='customer_id = "who"\n'
)
AT = "2024-05-01T10:00:00Z"
PEOPLE = {
    "c1": (" Ada@Example.COM ", "020 7946 0018", "Gold  Member", "2024-01-01T00:00:00Z"),
    "c2": ("Bob@Example.com", "+49 30 901820", "new-comer", "2023-05-06T07:08:09Z"),
}
FAULTY = {
    "c3": ("no address", "12", "gold", "2024-01-01T00:00:00Z"),
    "c4": ("d@example.com", "020 7946 0018", "gold", "2099-01-01T00:00:00Z"),
}
CHILDREN = ("sessions", "events", "interactions")


def write(folder: Path, name: str, header: str, *lines: str) -> None:
    (folder / name).write_text("\n".join([header, *lines]) + "\n")


def with_settings(shop: Shop, text: str, lake: str) -> Shop:
    """Return the shop with other settings and another lake."""
    settings = shop.folder.parent / "shop.toml"
    settings.write_text(text.format(folder=shop.folder))
    ctx = replace(
        shop.ctx,
        source=load_source(str(settings)),
        lake=Lake(shop.ctx.lake.engine, str(shop.folder.parent / lake)),
    )
    return replace(shop, ctx=ctx)


def run(shop: Shop, *, replay: bool = False) -> None:
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=1))
    shop.bronze()
    silver.run(shop.ctx, replay=replay)


def waiting(shop: Shop) -> set[tuple[str, tuple[str, ...]]]:
    """Return entity and reasons of each open row of quarantine."""
    rows = shop.ctx.lake.read(lineage.QUARANTINE.name).where("state = 'open'").collect()
    return {(row[lineage.ENTITY], tuple(row[lineage.REASONS])) for row in rows}


def ids(shop: Shop, entity: str) -> set[str]:
    return {r[0] for r in shop.ctx.lake.read(f"silver/{entity}").select("customer_id").collect()}


@pytest.fixture
def files(shop: Shop) -> Shop:
    """The sales of four people with their attributes, and what a person without a sale has done."""
    people = {**PEOPLE, **FAULTY}
    lines = [f"t-{who},{who},5,{AT},{','.join(values)}" for who, values in people.items()]
    write(shop.folder, "sales1.csv", "id,who,paid,at,mail,tel,kind,since", *lines)
    lines = [f"{who},{','.join(values)}" for who, values in PEOPLE.items()]
    write(shop.folder, "people1.csv", "who,mail,tel,kind,since", *lines)
    for name in ("visits", "events", "calls"):
        write(shop.folder, f"{name}1.csv", "id,who,at", f"x1,c1,{AT}", f"x2,GHOST,{AT}")
    return shop


def attributes(shop: Shop) -> dict[str, tuple[Any, ...]]:
    names = ("email", "phone", "customer_segment", "date_format(registration_date, 'yyyy-MM-dd')")
    rows = shop.ctx.lake.read("silver/customers").selectExpr("customer_id", *names).collect()
    return {row[0]: tuple(row)[1:] for row in rows}


def test_derived_values_equal_those_of_a_customers_file(files: Shop) -> None:
    derived = with_settings(files, SALES + DERIVED, "derived")
    run(derived)
    filed = with_settings(files, APART + SALES + FILED, "filed")
    run(filed)
    found, expected = attributes(derived), attributes(filed)
    assert expected["c1"] == ("ada@example.com", "+442079460018", "gold_member", "2024-01-01")
    assert {who: found[who] for who in PEOPLE} == expected
    # What a customers file would reject is not stored, and its transaction counts.
    assert found["c3"] == (None, None, "gold", "2024-01-01")
    assert found["c4"] == ("d@example.com", "+442079460018", "gold", None)


@pytest.mark.parametrize("settings", [pytest.param(SALES + DERIVED, marks=pytest.mark.slow), SALES])
def test_a_person_without_a_transaction_is_unknown_until_a_replay_after_the_first(
    files: Shop, settings: str
) -> None:
    shop = with_settings(files, settings, "derived")
    run(shop)
    assert waiting(shop) == {(entity, ("customer_unknown",)) for entity in CHILDREN}
    assert all(ids(shop, entity) == {"c1"} for entity in CHILDREN)
    header = "id,who,paid,at,mail,tel,kind,since"
    write(shop.folder, "sales2.csv", header, f"t9,GHOST,5,{AT},,,,")
    write(shop.folder, "visits2.csv", "id,who,at", f"x3,GHOST,{AT}")
    run(shop)
    # As with a file of customers: the new session is accepted at once, older ones wait.
    assert ids(shop, "sessions") == {"c1", "GHOST"}
    assert len(waiting(shop)) == len(CHILDREN)
    run(shop, replay=True)
    assert waiting(shop) == set()
    assert all(ids(shop, entity) == {"c1", "GHOST"} for entity in CHILDREN)
    assert all(account.closed for account in silver.accounts(shop.ctx).values())


def test_transactions_come_before_what_refers_to_their_customers(files: Shop) -> None:
    shop = with_settings(files, SALES, "derived")
    assert list(shop.ctx.source.with_files) == [
        "transactions",
        "sessions",
        "events",
        "interactions",
    ]
    assert shop.ctx.source.derives_customers
    filed = with_settings(files, APART + SALES + FILED, "filed").ctx.source
    assert list(filed.with_files)[:2] == ["customers", "sessions"]
    assert not filed.derives_customers
