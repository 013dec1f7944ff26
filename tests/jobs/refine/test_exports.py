"""A shop that exports all its customers each day, without ``updated_at``."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from goldrun.contracts.entity_mapping import EntityMapping
from goldrun.contracts.source import Source
from goldrun.jobs.refine import silver

Shop = Any
"""The small shop of this folder's fixtures."""


def exports(shop: Shop, day: int, towns: dict[str, str]) -> None:
    """Write and process the customers of a day."""
    lines = [f"{who},{town},{day}\n" for who, town in towns.items()]
    (shop.folder / f"people{day}.txt").write_text("".join(["who,town,day\n", *lines]))
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=1))
    shop.bronze()


def test_a_repeated_export_is_a_duplicate_and_a_reverted_value_is_a_version(shop: Shop) -> None:
    columns = {"customer_id": "who", "location": "town"}
    customers = EntityMapping(path=f"{shop.folder}/*.txt", columns=columns)
    source: Source = shop.ctx.source.model_copy(update={"entities": {"customers": customers}})
    shop.ctx = replace(shop.ctx, source=source)
    exports(shop, 1, {"c1": "York", "c2": "Hull", "c3": "Leeds"})
    shop.silver()
    # Three exports in one run.
    exports(shop, 2, {"c1": "York", "c2": "Bath", "c3": "Leeds"})
    exports(shop, 3, {"c1": "York", "c2": "Bath", "c3": "Rome"})
    exports(shop, 4, {"c1": "York", "c2": "Hull", "c3": "Rome"})
    shop.silver()
    read = shop.ctx.lake.read
    current = read("silver/customers").select("customer_id", "location").collect()
    assert sorted(current) == [("c1", "York"), ("c2", "Hull"), ("c3", "Rome")]
    older = read("silver/customers_history").select("customer_id", "location").collect()
    assert sorted(older) == [("c2", "Bath"), ("c2", "Hull"), ("c3", "Leeds")]
    account = silver.accounts(shop.ctx)["customers"]
    assert account.closed
    assert {fate: n for fate, n in account.fates.items() if n} == {
        "silver": 3,
        "superseded": 3,
        "duplicate": 6,
    }
