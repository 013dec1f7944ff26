"""The query on the page about audits names the champion at a time, from the table alone."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from goldrun.contracts.promotions import PROMOTIONS
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.registry.history import champion_by
from goldrun.registry.ledger import Entry
from tests.project_copy import ROOT
from tests.registry.entries import START, chain
from tests.registry.records import MODEL, decisions

PAGE = (ROOT / "docs" / "how-to" / "audit.md").read_text(encoding="utf-8")
WRITTEN = re.findall(r'duckdb\.sql\("""\n(.*?)"""', PAGE, re.DOTALL)
ENTRIES = chain(*decisions())
TIMES = [START - timedelta(seconds=1), *(e.recorded_at for e in ENTRIES), START + timedelta(99)]


def query(at: datetime) -> str:
    """The page's query for another model and time."""
    text = str(WRITTEN[0]).replace("online_retail-churn", MODEL)
    return text.replace("2026-01-31 12:00:00+00:00", f"{at:%Y-%m-%d %H:%M:%S}+00:00")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Lake:
    lake = Lake(engine, str(tmp_path_factory.mktemp("audited") / "lake"))
    lake.append(PROMOTIONS, lake.frame(PROMOTIONS, [entry.to_row() for entry in ENTRIES]))
    return lake


def expected(at: datetime) -> tuple[int, datetime, str | None] | None:
    entry: Entry | None = champion_by(ENTRIES, at)
    return (entry.to_version, entry.recorded_at, entry.evidence) if entry else None


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_duckdb_finds_the_champion_at_a_time(stored: Lake, at: datetime) -> None:
    path = Path(stored.path(PROMOTIONS.name))
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'Asia/Tokyo'")
        database.register("promotions", DeltaTable(str(path)).to_pyarrow_table())
        rows = database.execute(query(at)).fetchall()
    found = [(row[0], row[1].astimezone(UTC), row[6]) for row in rows]
    assert found == ([expected(at)] if expected(at) else [])


def test_the_engine_finds_the_champion_at_a_time(stored: Lake) -> None:
    stored.read(PROMOTIONS.name).createOrReplaceTempView("promotions")
    for at in TIMES:
        rows = stored.session.sql(query(at).replace("TIMESTAMPTZ", "TIMESTAMP")).collect()
        champion = expected(at)
        assert [row["to_version"] for row in rows] == ([champion[0]] if champion else [])
