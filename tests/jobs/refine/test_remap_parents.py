"""A remap validates parents before the records that refer to them."""

from typing import Any

import pytest

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import mappings, silver
from tests.jobs.refine.test_shop_without_customers import (
    APART,
    AT,
    FILED,
    PEOPLE,
    SALES,
    waiting,
    with_settings,
    write,
)

Shop = Any
"""The small shop of this folder's fixtures."""
SHARED = [lineage.QUARANTINE.name, lineage.DUPLICATES.name]
TABLES = [
    *SHARED,
    *(table.name for table in ENTITIES.values()),
    *(lineage.history_table(table).name for table in ENTITIES.values()),
]


def rows(shop: Shop) -> dict[str, list[str]]:
    return {t: sorted(map(str, shop.ctx.lake.read(t).collect())) for t in TABLES}


@pytest.mark.slow
def test_children_follow_their_parents_into_quarantine_and_back(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [f"{who},{','.join(values)}" for who, values in PEOPLE.items()]
    write(shop.folder, "people1.csv", "who,mail,tel,kind,since", *lines)
    write(shop.folder, "sales1.csv", "id,who,paid,at", f"t1,c1,5,{AT}", f"t2,c2,5,{AT}")
    for name in ("visits", "events", "calls"):
        write(shop.folder, f"{name}1.csv", "id,who,at", f"x1,c1,{AT}", f"x2,c2,{AT}")
    filed = FILED.replace('*.csv"', '*.csv"\nreject = ["phone_unparsed"]')
    british = with_settings(shop, APART + SALES + filed, "lake")
    british.bronze()
    british.silver()
    before = rows(british)
    assert waiting(british) == set()
    # The telephone number of c1 has no country code.
    american = with_settings(shop, (APART + SALES + filed).replace('"GB"', '"US"'), "lake")
    with american.ctx.tracker.run("report", "goldrun-pipeline"):
        mappings.report(american.ctx)
    warnings = [r.getMessage().strip() for r in caplog.records if "rows came in" in r.message]
    assert [line.partition(";")[0] for line in warnings] == [
        "customers: 2 rows came in under other settings (phone_region"
    ]
    silver.run(american.ctx, remap=True)
    children = ("transactions", "sessions", "events", "interactions")
    assert waiting(american) == {
        ("customers", ("phone_unparsed",)),
        *((entity, ("customer_unknown",)) for entity in children),
    }
    fresh = with_settings(shop, (APART + SALES + filed).replace('"GB"', '"US"'), "fresh")
    bronze.run(fresh.ctx)
    fresh.silver()
    assert rows(american) == rows(fresh)
    silver.run(with_settings(shop, APART + SALES + filed, "lake").ctx, remap=True)
    assert rows(with_settings(shop, APART + SALES + filed, "lake")) == before
