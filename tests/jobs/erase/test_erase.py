"""After an erasure, no row, old file, change feed or log of the lake has a trace of the person."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F

from goldrun.contracts import gold, lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.erasure import CUSTOMER_ERASED, TOMBSTONES, Term
from goldrun.contracts.table import Table
from goldrun.errors import ErasureError, SettingsError
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, USER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.erasure.purge import ERASED_VALUE, leftovers, purge, tables_in
from goldrun.io.erasure.secret import VARIABLE
from goldrun.io.erasure.traces import find_traces
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.erase import erase
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from tests import foreign
from tests.project_copy import Project

# Each erasure rewrites every table of a lake: minutes on a small machine with Spark.
pytestmark = [pytest.mark.slow, pytest.mark.spark_too]

ADA, TWIN, LEO = "ada-77", "ada-76", "27"
SETTINGS = """
timezone = "UTC"
phone_region = "GB"
max_reject_share = 1
[customers]
path = "{folder}/customers"
[customers.columns]
customer_id = "Who"
name = "Name"
email = "Mail"
phone = "Tel"
registration_date = "Since"
location = "Town"
updated_at = "Updated"
[transactions]
path = "{folder}/transactions"
[transactions.columns]
transaction_id = "Id"
customer_id = "Who"
quantity = "Quantity"
price = "Price"
amount = "Amount"
transaction_date = "Time"
transaction_status = "Status"
updated_at = "Updated"
"""
PEOPLE = "Who,Name,Mail,Tel,Since,Town,Updated"
ORDERS = "Id,Who,Quantity,Price,Amount,Time,Status,Updated,Note"
FILES = {
    "customers/1.csv": [
        PEOPLE,
        f"{ADA},Ada Lovelace,Ada@Example.org,020 7946 0011,2024-01-01,London,2024-01-01",
        f"{TWIN},Tom Twin,tom@example.org,020 7946 0099,2024-01-01,Leeds,2024-01-01",
        f"{LEO},Leo Lane,leo@example.org,020 7946 0027,2024-01-01,York,2024-01-01",
    ],
    "customers/2.csv": [
        PEOPLE,
        f"{ADA},Ada King,ada.king@example.org,020 7946 0099,2024-01-01,Ockham,2024-03-01",
        f"{ADA},Ada King,no address,020 7946 0099,2024-01-01,Ockham,2024-04-01",
    ],
    "transactions/1.csv": [
        ORDERS,
        f"t1,{ADA},1,5,5,2024-05-01 10:00:00,pending,2024-05-01,",
        f"t2,{TWIN},1,7,7,2024-05-01 10:00:00,completed,2024-05-01,",
        f"t3,{LEO},27,1,27,2024-05-02 10:00:00,completed,2024-05-02,",
        f"t4,{ADA},1,9,9,2024-05-03 10:00:00,completed,2024-05-03,",
        f"t5,{ADA},1,9,free,2024-05-03 10:00:00,completed,2024-05-03,",
    ],
    "transactions/2.csv": [
        ORDERS,
        f"t1,{ADA},1,5,5,2024-05-01 10:00:00,completed,2024-05-06,",
        f"t4,{ADA},1,9,9,2024-05-03 10:00:00,completed,2024-05-03,again",
        f"t6,{ADA},1,2",
        "t7,,1,3,3,2024-05-04 10:00:00,completed,2024-05-04,asked by ADA@example.org",
        "t8,,27,3,81,2024-05-04 10:00:00,completed,2024-05-04,of nobody",
    ],
}
TEXTS = {
    "customer_id": (ADA,),
    "name": ("Ada Lovelace", "Ada King"),
    "email": ("ada@example.org", "ada.king@example.org"),
    "phone": ("020 7946 0011", "+442079460011"),
}
TERMS = [Term(kind, text, frozenset()) for kind, several in TEXTS.items() for text in several]
ADAS = {"customers": 3, "transactions": 7}


class PowerCutError(Exception):
    """An error that the pipeline does not handle."""


@dataclass
class Place:
    """A lake, with its traces and spend before the erasure."""

    ctx: Context
    folder: Path
    traces: set[tuple[str, str]]
    spend: Any

    def traces_of(self, *terms: Term) -> set[tuple[str, str]]:
        """Return the table and its folder (``_delta_log``, ``_change_data``) of every trace."""
        root = Path(self.ctx.lake.root)
        found = [Path(t.file).relative_to(root).parts for t in find_traces([root], terms)]
        return {("/".join(p[:2]), p[2] if len(p) > 3 else "") for p in found}

    def erase(self, who: str) -> str:
        with self.ctx.tracker.run("erase", "goldrun-pipeline") as run_id:
            erase.run(self.ctx, who)
        return run_id

    def rows(self, table: Table) -> list[Any]:
        return self.ctx.lake.read(table.name).collect()


def spend(lake: Lake) -> Any:
    total = lake.read(CUSTOMER_DAILY.name).agg(F.sum(daily_metrics.SPEND)).collect()
    return total[0][0]


def write_files(folder: Path) -> None:
    for name, lines in FILES.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def _key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(VARIABLE, "the key of these tests, which is long enough")
        yield


@pytest.fixture(scope="module")
def place(
    engine: Engine,
    tracker: Tracker,
    tmp_path_factory: pytest.TempPathFactory,
    _key: None,
) -> Place:
    """A shop up to gold, with change feeds, and with Spark deletion vectors on one table."""
    folder = tmp_path_factory.mktemp("shop")
    write_files(folder)
    settings = folder / "shop.toml"
    settings.write_text(SETTINGS.format(folder=folder))
    lake = Lake(engine, str(folder / "lake"))
    ctx = Context(lake, tracker, load_source(str(settings)), datetime(2026, 1, 2, tzinfo=UTC))
    lake.create(lineage.silver_table(CUSTOMERS))
    lake.create(lineage.silver_table(TRANSACTIONS))
    if isinstance(engine, SparkEngine):
        at = f"delta.`{lake.path(TRANSACTIONS.name)}`"
        vectors = "'delta.enableDeletionVectors' = true"
        engine.session.sql(f"ALTER TABLE {at} SET TBLPROPERTIES ({vectors})")
    bronze.run(ctx)
    silver.run(ctx)
    changes = ((CUSTOMERS, "location", "upper(location)"), (TRANSACTIONS, "price", "9"))
    for table, column, value in changes:
        foreign.update(lake, table.name, column, value, f"customer_id = '{ADA}'")
    with tracker.run("gold", "goldrun-pipeline"):
        gold_tables.run(ctx)
    made = Place(ctx, folder, set(), spend(lake))
    made.traces = made.traces_of(*TERMS)
    return made


@pytest.fixture(scope="module")
def erased(place: Place) -> Place:
    """The shop after the erasure of Ada."""
    place.erase(ADA)
    return place


def test_traces_are_found_in_data_change_feed_and_log_before_the_erasure(
    place: Place, engine: Engine
) -> None:
    # Of an UPDATE, delta-rs writes no change data.
    of_update = {("silver/customers", "_change_data")} if engine.name == "spark" else set()
    assert (
        of_update
        | {
            ("bronze/customers", ""),
            ("bronze/transactions", ""),
            ("silver/customers", ""),
            ("silver/customers", "_delta_log"),
            ("silver/customers_history", ""),
            ("silver/transactions_history", ""),
            ("silver/quarantine", ""),
            ("gold/customer_daily", ""),
            ("gold/user_features", ""),
        }
        <= place.traces
    )
    # Personal columns have no statistics: the logs contain her id only.
    names = [term for term in TERMS if term.kind != "customer_id"]
    places = {folder for _, folder in place.traces_of(*names)}
    assert {"", *(folder for _, folder in of_update)} <= places <= {"", "_change_data"}
    accounts = silver.accounts(place.ctx)
    assert all(a.closed and a.fates["erased"] == 0 for a in accounts.values())


def test_no_file_has_a_trace_after_the_erasure(erased: Place) -> None:
    assert erased.traces_of(*TERMS) == set()
    lake = erased.ctx.lake
    tables = [table for table in tables_in(Path(lake.root)) if not table.startswith("ops/")]
    assert len(tables) > 10
    assert [file for table in tables for file in leftovers(lake, table)] == []


def test_every_record_of_the_person_is_erased_and_accounted_for(erased: Place) -> None:
    accounts = silver.accounts(erased.ctx)
    assert {entity: a.fates["erased"] for entity, a in accounts.items()} == ADAS
    assert all(account.closed for account in accounts.values())
    rejected = [r for r in erased.rows(lineage.QUARANTINE) if r[lineage.STATE] == "erased"]
    assert {r[lineage.RECORD] for r in rejected} == {"{}"}
    reasons = {tuple(r[lineage.REASONS]) for r in rejected}
    assert (CUSTOMER_ERASED,) in reasons
    assert len(reasons) > 1


def test_other_customers_are_unchanged_and_totals_decrease(erased: Place) -> None:
    people = {r["customer_id"]: r["phone"] for r in erased.rows(CUSTOMERS)}
    assert people == {TWIN: "+442079460099", LEO: "+442079460027"}
    assert {r["transaction_id"] for r in erased.rows(TRANSACTIONS)} == {"t2", "t3"}
    assert spend(erased.ctx.lake) == erased.spend - 14 == 34
    assert {r[gold.USER_ID] for r in erased.rows(USER_FEATURES)} == {TWIN, LEO}
    bronze_rows = erased.ctx.lake.read("bronze/transactions")
    ids = bronze_rows.where(F.col(lineage.RECORD)["Id"].isNotNull()).select(
        F.col(lineage.RECORD)["Id"]
    )
    assert {r[0] for r in ids.collect()} == {"t2", "t3", "t8"}


def test_only_the_tombstone_remains(erased: Place) -> None:
    (row,) = erased.rows(TOMBSTONES)
    assert len(row["tombstone"]) == 64
    assert ADA not in str(row)


def test_a_lake_in_an_object_store_is_refused_before_any_change(
    engine: Engine, erased: Place
) -> None:
    ctx = erased.ctx
    elsewhere = Context(Lake(engine, "s3a://bucket/lake"), ctx.tracker, ctx.source, ctx.now)
    with ctx.tracker.run("erase", "goldrun-pipeline"), pytest.raises(ErasureError, match="mount"):
        erase.run(elsewhere, ADA)


def test_a_remaining_trace_is_an_error_with_its_place(
    erased: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase, "purge", lambda *_: None)
    note = Path(erased.ctx.lake.root) / "gold" / "note.txt"
    note.write_text(f"{ADA} called\n")
    with pytest.raises(ErasureError, match=r"note\.txt \(text: customer_id\)"):
        erased.erase(ADA)
    note.unlink()


def test_a_second_erasure_changes_nothing_and_removes_the_id_from_mlflow(
    erased: Place, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Path(project.store.removeprefix("sqlite:///"))
    tracker, lake = erased.ctx.tracker, erased.ctx.lake
    versions = lake.versions(tables_in(Path(lake.root)))
    experiment = tracker.client.create_experiment("erasures")
    given = tracker.client.create_run(experiment).info.run_id
    tracker.client.log_param(given, "customer_id", ADA)
    assert ADA.encode() in store.read_bytes()
    monkeypatch.setenv("MLFLOW_RUN_ID", given)
    assert erased.erase(ADA) == given
    assert ADA.encode() not in store.read_bytes()
    assert tracker.client.get_run(given).data.params == {"customer_id": ERASED_VALUE}
    with sqlite3.connect(store) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    changed = {t for t, version in lake.versions(list(versions)).items() if version > versions[t]}
    # Its deletion vectors are not visible from outside, so it is always rewritten.
    with_vectors = {TRANSACTIONS.name} if lake.engine.name == "spark" else set()
    assert changed <= with_vectors


def test_an_unknown_customer_is_refused(erased: Place) -> None:
    versions = erased.ctx.lake.versions(tables_in(Path(erased.ctx.lake.root)))
    with pytest.raises(SettingsError, match="has no customer with this id") as exc_info:
        erased.erase("ada-79")
    assert "ada-79" not in str(exc_info.value)
    assert erased.ctx.lake.versions(list(versions)) == versions


def test_new_records_of_an_erased_person_are_emptied_and_counted(erased: Place) -> None:
    before = silver.accounts(erased.ctx)
    ids = {r["customer_id"] for r in erased.rows(CUSTOMERS)}
    again = FILES["customers/1.csv"][:2]
    (erased.folder / "customers" / "3.csv").write_text("\n".join(again) + "\n")
    bronze.run(erased.ctx)
    silver.run(erased.ctx)
    after = silver.accounts(erased.ctx)
    assert after["customers"].closed
    added = {f: n - before["customers"].fates[f] for f, n in after["customers"].fates.items()}
    assert {fate: n for fate, n in added.items() if n} == {"erased": 1}
    assert {r["customer_id"] for r in erased.rows(CUSTOMERS)} == ids
    assert erased.traces_of(*TERMS) == set()


def test_an_erasure_that_was_interrupted_twice_ends_in_the_same_state(
    erased: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id is a plain number, which is searched in columns of ids only."""

    def cut_in_gold(self: Lake, table: str, keys: Any) -> bool:
        if table.startswith("gold/"):
            raise PowerCutError
        return remove(self, table, keys)

    def cut_after_bronze(lake: Lake, table: str) -> None:
        if not table.startswith("bronze/"):
            raise PowerCutError
        purge(lake, table)

    remove = Lake.delete_rows
    cuts = ((Lake, "delete_rows", cut_in_gold), (erase, "purge", cut_after_bronze))
    for where, name, cut in cuts:
        with monkeypatch.context() as patched:
            patched.setattr(where, name, cut)
            with pytest.raises(PowerCutError):
                erased.erase(LEO)
    erased.erase(LEO)
    leo = [
        Term("customer_id", LEO, frozenset({"customer_id", "user_id", "Who"})),
        Term("email", "leo@example.org", frozenset()),
        Term("name", "Leo Lane", frozenset()),
    ]
    assert erased.traces_of(*leo) == set()
    assert {r["customer_id"] for r in erased.rows(CUSTOMERS)} == {TWIN}
    assert len(erased.rows(TOMBSTONES)) == 2
    accounts = silver.accounts(erased.ctx)
    assert all(account.closed for account in accounts.values())
    assert accounts["transactions"].fates["erased"] == ADAS["transactions"] + 1
