"""Children that are read before their parents wait in quarantine until a replay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from goldrun.contracts import lineage
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.monitor import quality
from goldrun.jobs.refine import silver
from tests.jobs.old_files import age

SETTINGS = """
max_reject_share = 1
unknown_customers = "quarantine"
[customers]
path = "{folder}/customers"
[customers.columns]
customer_id = "id"
name = "name"
location = "place"
updated_at = "updated"
[transactions]
path = "{folder}/transactions"
[transactions.columns]
transaction_id = "id"
customer_id = "who"
quantity = "1"
price = "paid"
amount = "paid"
transaction_date = "at"
transaction_status = "status"
updated_at = "updated"
[events]
path = "{folder}/events"
format = "json"
[events.columns]
event_id = "id"
customer_id = "who"
session_id = "visit"
event_type = "what"
event_timestamp = "at"
[sessions]
path = "{folder}/sessions"
[sessions.columns]
session_id = "id"
customer_id = "who"
session_start = "start"
"""
AT = "2024-05-01T10:00:00Z"
LATER = "2024-05-02T10:00:00Z"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


class Market:
    """A shop with five entities, whose files are processed day by day."""

    def __init__(self, folder: Path, ctx: Context) -> None:
        self.folder = folder
        self.ctx = ctx
        self.days = 0

    def add_file(self, entity: str, name: str, *lines: str) -> None:
        (self.folder / entity).mkdir(exist_ok=True)
        file = self.folder / entity / name
        file.write_text("".join(f"{line}\n" for line in lines))
        age(file)

    def refine(self, *, replay: bool = False) -> None:
        """Run bronze and silver, one day after the previous run."""
        self.days += 1
        now = NOW + timedelta(days=self.days)
        ctx = Context(self.ctx.lake, self.ctx.tracker, self.ctx.source, now)
        bronze.run(ctx)
        silver.run(ctx, replay=replay)

    def column(self, table: str, *names: str) -> set[tuple[object, ...]]:
        return {tuple(row) for row in self.ctx.lake.read(table).select(*names).collect()}

    def waiting(self) -> dict[object, object]:
        """Return the reasons of the open quarantine rows by the id of the record."""
        open_rows = self.ctx.lake.read(lineage.QUARANTINE.name).where("state = 'open'")
        found = open_rows.selectExpr("get_json_object(record, '$.id')", "reasons").collect()
        return {row[0]: row[1] for row in found}


@pytest.fixture(scope="module")
def market(engine: Engine, tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The first day: children without parents, and a pending purchase."""
    folder = tmp_path_factory.mktemp("market")
    settings = folder / "market.toml"
    settings.write_text(SETTINGS.format(folder=folder))
    lake = Lake(engine, str(folder / "lake"))
    made = Market(folder, Context(lake, tracker, load_source(str(settings)), NOW))
    made.add_file("customers", "1.csv", "id,name,place,updated", f"c1,Ada,Rome,{AT}")
    made.add_file(
        "transactions",
        "1.csv",
        "id,who,paid,at,status,updated",
        f"t1,c1,5,{AT},pending,{AT}",
        f"t2,c2,7,{AT},completed,{AT}",
        f"t3,c3,7,{AT},completed,{AT}",
        f"t4,c2,-7,{AT},completed,{AT}",
    )
    made.add_file("sessions", "1.csv", "id,who,start", f"s1,c1,{AT}", f"s2,c2,{AT}")
    made.add_file(
        "events",
        "1.json",
        f'{{"id":"e1","who":"c1","visit":"s1","what":"click","at":"{AT}"}}',
        f'{{"id":"e2","who":"c2","visit":"s2","what":"click","at":"{AT}"}}',
        f'{{"id":"e1","who":"c1","visit":"s1","what":"search","at":"{LATER}"}}',
        f'{{"id":"e3","who":"c1","visit":"s9","what":"click","at":"{AT}"}}',
    )
    made.refine()
    return made


@pytest.fixture(scope="module")
def first_day(market: Market) -> dict[object, object]:
    return market.waiting()


@pytest.fixture(scope="module")
def healed(market: Market, first_day: dict[object, object]) -> Market:
    """The second day adds c2, moves c1 and completes t1; a plain run, then a replay."""
    assert first_day
    market.add_file(
        "customers",
        "2.csv",
        "id,name,place,updated",
        f"c2,Bob,Oslo,{AT}",
        f"c1,Ada,Pisa,{LATER}",
    )
    market.add_file(
        "transactions",
        "2.csv",
        "id,who,paid,at,status,updated",
        f"t1,c1,5,{AT},completed,{LATER}",
    )
    market.refine()
    assert market.waiting() == first_day
    market.refine(replay=True)
    return market


def test_rows_of_an_unknown_customer_are_quarantined_with_the_reason(
    first_day: dict[object, object],
) -> None:
    assert first_day == {
        "t2": ["customer_unknown"],
        "t3": ["customer_unknown"],
        "t4": ["price_negative", "amount_negative"],
        "s2": ["customer_unknown"],
        "e2": ["customer_unknown"],
        "e1": ["key_conflict"],
    }


def test_a_replay_accepts_the_children_of_a_parent_that_was_read(healed: Market) -> None:
    assert healed.column("silver/transactions", "transaction_id") == {("t1",), ("t2",)}
    assert healed.column("silver/sessions", "session_id") == {("s1",), ("s2",)}
    assert healed.column("silver/events", "event_id") == {("e1",), ("e2",), ("e3",)}
    assert set(healed.waiting()) == {"t3", "t4", "e1"}


def test_a_released_row_keeps_its_id_and_its_reasons_as_history(healed: Market) -> None:
    rows = healed.ctx.lake.read(lineage.QUARANTINE.name).where("state = 'released'").collect()
    assert len(rows) == 3
    ids = {row[lineage.RECORD_ID] for row in rows}
    taken = [healed.column(f"silver/{e}", lineage.RECORD_ID) for e in ("transactions", "sessions")]
    taken += [healed.column("silver/events", lineage.RECORD_ID)]
    assert ids <= {record for found in taken for (record,) in found}
    assert all(row[lineage.REASONS] == ["customer_unknown"] for row in rows)
    assert all(row[lineage.RELEASED_AT] is not None for row in rows)


def test_the_newest_version_is_current_and_the_older_is_history(healed: Market) -> None:
    assert healed.column("silver/customers", "customer_id", "location") == {
        ("c1", "Pisa"),
        ("c2", "Oslo"),
    }
    assert healed.column("silver/customers_history", "customer_id", "location") == {("c1", "Rome")}
    status = ("transaction_id", "transaction_status")
    assert ("t1", "completed") in healed.column("silver/transactions", *status)
    assert healed.column("silver/transactions_history", *status) == {("t1", "pending")}


def test_an_event_of_an_unknown_session_stays_in_quarantine(healed: Market) -> None:
    rules = quality.measure(healed.ctx).rules.set_index(["entity", "rule"])
    assert tuple(rules.loc[("events", "session_unknown"), ["severity", "checked", "failed"]]) == (
        "warn",
        3,
        1,
    )


def test_every_record_has_one_fate_after_the_replay(healed: Market) -> None:
    for account in silver.accounts(healed.ctx).values():
        assert account.closed


def test_a_second_replay_changes_nothing(healed: Market) -> None:
    tables = ["silver/quarantine", "silver/transactions", "silver/events", "silver/duplicates"]
    before = healed.ctx.lake.versions(tables)
    healed.refine(replay=True)
    assert healed.ctx.lake.versions(tables) == before
