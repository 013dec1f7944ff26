"""A simulated marketplace with every kind of fault, up to gold, compared with its truth."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pytest

from goldrun.contracts import quarantine_reasons
from goldrun.contracts.marketplace import ENTITIES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.snapshots import write_snapshots
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from goldrun.jobs.simulate.simulation import write_marketplace
from goldrun.simulation.options import ALL, read_settings
from tests.conftest import NOW
from tests.marketplace import table_checks
from tests.marketplace.loading import load_truth
from tests.marketplace.verify import verify
from tests.project_copy import Project

# All steps take minutes; `make marketplace` also runs them, with more data and by the commands.
pytestmark = pytest.mark.slow

SETTINGS = read_settings(dirt=ALL, customers=300, days=200, seed=7)
SHIPPED = "data/marketplace"
EARLIER = date(2025, 4, 1)
FILLED_IN = {
    ("customers", "updated_at_missing"),
    ("transactions", "updated_at_missing"),
    ("transactions", "order_id_missing"),
}
"""Reasons that no record can have alone: what fills these in has a reason of its own when empty."""


@dataclass(frozen=True)
class Marketplace:
    """A lake, the folder of its files, and the results of its verification."""

    ctx: Context
    data: Path
    results: list[table_checks.Check]


@pytest.fixture(scope="module")
def marketplace(
    engine: Engine,
    tracker: Tracker,
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
) -> Marketplace:
    folder = tmp_path_factory.mktemp("marketplace")
    data = folder / "data"
    write_marketplace(SETTINGS, data, processes=1)
    shipped = (project.folder / "pipelines" / "sources" / "marketplace.toml").read_text()
    assert SHIPPED in shipped
    settings = folder / "marketplace.toml"
    settings.write_text(shipped.replace(SHIPPED, str(data)))
    lake = Lake(engine, str(folder / "lake"))
    ctx = Context(lake, tracker, load_source(str(settings)), NOW)
    bronze.run(ctx)
    silver.run(ctx)
    with tracker.run("gold", "goldrun-pipeline"):
        gold_tables.run(ctx)
        write_snapshots(ctx, [EARLIER])
    search = [
        path for path in (project.folder / "mlruns", project.folder / "logs") if path.exists()
    ]
    store = Path(project.store.removeprefix("sqlite:///"))
    return Marketplace(ctx, data, verify(lake, ctx.source, data, [*search, store]))


def test_every_check_passes(marketplace: Marketplace) -> None:
    failed = [f"{c.name}: {c.numbers}" for c in marketplace.results if not c.passed]
    assert not failed, "\n".join(failed)


def test_the_checks_cover_all_tables(marketplace: Marketplace) -> None:
    subjects = Counter(check.name.split()[0].rstrip(":") for check in marketplace.results)
    assert subjects["accounting"] == subjects["lines"] == subjects["duplicates"] == len(ENTITIES)
    assert subjects["gold/customer_features"] == 2
    named = {check.name for check in marketplace.results}
    assert {f"silver/{entity} equals the truth" for entity in ENTITIES} <= named
    assert {f"silver/{e}_history equals the truth" for e in ("customers", "transactions")} <= named


def test_every_reason_of_a_contract_is_planted(marketplace: Marketplace) -> None:
    with duckdb.connect() as db:
        load_truth(db, marketplace.data)
        found = db.execute("SELECT DISTINCT entity, unnest(reasons) FROM truth.ledger").fetchall()
    source = load_source("marketplace")
    known = {
        (entity, reason)
        for entity in ENTITIES
        for reason in quarantine_reasons.reject_reasons(source.contract(entity))
    }
    assert set(found) == known - FILLED_IN
