"""After damage by hand to silver or gold, a run ends in the tables of a lake built today."""

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.ops import GOLD_PROGRESS, GOLD_TABLES
from goldrun.errors import StorageError
from goldrun.features.catalog import definitions, feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.io.delta.errors import storage_explained
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.snapshots import write_snapshots
from tests import foreign
from tests.jobs.conftest import Shop, new_shop
from tests.jobs.refine.test_silver_converges import PowerCutError

pytestmark = pytest.mark.e2e

Line = Callable[..., str]
Damage = Callable[[Lake, str], None]
DAILY, PLACES = "gold/customer_daily", "gold/customer_places"
SALES = TRANSACTIONS.name
GOLD = (*feature_tables.ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES)
EARLIER = date(2024, 5, 2)
AGAIN = "computed again"


@pytest.fixture(scope="module")
def built(
    engine: Engine, tracker: Tracker, line: Line, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop whose lake two runs have built, with snapshots as of two dates."""
    shop = new_shop(engine, tracker, tmp_path_factory.mktemp("damaged"))
    shop.add_file("day1.csv", *(line(f"t{n}", "completed", 1, who=f"c{n % 8}") for n in range(9)))
    run(shop)
    later = line("t9", "completed", 2, who="c1").replace("2024-05-01", "2024-05-03")
    shop.add_file("day2.csv", later, line("t0", "cancelled", 3, who="c0"))
    run(shop)
    write_snapshots(shop.ctx, [EARLIER])
    run(shop)
    shutil.copytree(shop.ctx.lake.root, f"{shop.ctx.lake.root}-original")
    return shop


@pytest.fixture
def whole(built: Shop) -> Shop:
    """The shop with its original lake."""
    root = built.ctx.lake.root
    shutil.rmtree(root)
    shutil.copytree(f"{root}-original", root)
    return reopened(built)


def reopened(shop: Shop) -> Shop:
    """The shop as another process opens it."""
    lake = Lake(shop.ctx.lake.engine, shop.ctx.lake.root)
    return replace(shop, ctx=replace(shop.ctx, lake=lake))


def run(shop: Shop, *, silver: bool = True) -> None:
    shop.ctx = replace(shop.ctx, now=shop.ctx.now + timedelta(days=1))
    with shop.ctx.tracker.run("damage", "goldrun-pipeline"):
        if silver:
            shop.bronze()
            shop.silver()
        gold_tables.run(shop.ctx)


def tables(shop: Shop) -> dict[str, Any]:
    """Content of the tables of gold, with the columns of their contracts."""
    found = {}
    for table in GOLD:
        rows = DeltaTable(shop.ctx.lake.path(table.name)).to_pandas()[list(table.names)]
        found[table.name] = rows.sort_values(list(table.key)).to_csv(index=False)
    return found


def delete_rows(lake: Lake, table: str) -> None:
    who = "user_id" if table == USER_FEATURES.name else "customer_id"
    foreign.delete(lake, table, f"{who} = 'c1'")


def insert_rows(lake: Lake, table: str) -> None:
    rows = DeltaTable(lake.path(table)).to_pyarrow_table().slice(0, 1)
    write_deltalake(lake.path(table), rows, mode="append")


def restore(lake: Lake, table: str) -> None:
    foreign.restore(lake, table, 1)


def older_copy(lake: Lake, table: str) -> None:
    """Replace the table's folder by a copy from before its last commit."""
    path = Path(lake.path(table))
    log = sorted((path / "_delta_log").glob("*.json"))
    log[-1].unlink()
    (path / "_delta_log" / "_last_checkpoint").unlink(missing_ok=True)


def remove_folder(lake: Lake, table: str) -> None:
    shutil.rmtree(lake.path(table))


def created_again(lake: Lake, table: str) -> None:
    """Create the table again without its first row, in as many commits as it had."""
    path, version = lake.path(table), lake.version(table)
    rows = DeltaTable(path).to_pyarrow_table().slice(1)
    shutil.rmtree(path)
    write_deltalake(path, rows)
    for _ in range(version):
        DeltaTable(path).alter.set_table_properties({"delta.appendOnly": "false"})


def drop_column(lake: Lake, table: str) -> None:
    name = {DAILY: "pieces", CUSTOMER_FEATURES.name: "total_pieces"}[table]
    rows = DeltaTable(lake.path(table)).to_pyarrow_table()
    assert name in rows.column_names or table != DAILY
    kept = rows.drop_columns([name if name in rows.column_names else rows.column_names[-1]])
    write_deltalake(lake.path(table), kept, mode="overwrite", schema_mode="overwrite")


def slow(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    ("table", "damage", "named"),
    [
        (DAILY, restore, "(RESTORE) is not goldrun's"),
        slow(DAILY, older_copy, "an older copy with version"),
        (CUSTOMER_FEATURES.name, delete_rows, "(DELETE) is not goldrun's"),
        slow(DAILY, delete_rows, "(DELETE) is not goldrun's"),
        slow(DAILY, insert_rows, "(WRITE) is not goldrun's"),
        slow(DAILY, remove_folder, "it is not there"),
        slow(DAILY, created_again, "it was created again"),
        slow(DAILY, drop_column, "gains pieces"),
        slow(PLACES, delete_rows, "(DELETE) is not goldrun's"),
        slow(CUSTOMER_FEATURES.name, drop_column, "gains"),
        slow(USER_FEATURES.name, restore, "(RESTORE) is not goldrun's"),
        slow(USER_FEATURES.name, remove_folder, None),
    ],
)
def test_a_table_of_gold_that_is_not_what_gold_left_is_computed_again(
    whole: Shop, caplog: pytest.LogCaptureFixture, table: str, damage: Damage, named: str | None
) -> None:
    expected = tables(whole)
    damage(whole.ctx.lake, table)
    shop = reopened(whole)
    with caplog.at_level(logging.INFO):
        run(shop, silver=False)
    assert tables(shop) == expected
    if named:
        assert named in caplog.text
        assert table in caplog.text
    caplog.clear()
    run(shop, silver=False)
    assert AGAIN not in caplog.text


def test_what_changes_no_rows_computes_nothing_again(
    whole: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    lake = whole.ctx.lake
    # Own commits, after which there is more than one file to compact.
    write_snapshots(whole.ctx, [date(2024, 5, 3)])
    expected = tables(whole)
    for table in (DAILY, CUSTOMER_FEATURES.name, USER_FEATURES.name, SALES, "silver/customers"):
        foreign.compact_and_vacuum(lake, table)
        foreign.add_column(lake, table, "remark")
        DeltaTable(lake.path(table)).create_checkpoint()
    commits = DeltaTable(lake.path(CUSTOMER_FEATURES.name)).history()
    assert "OPTIMIZE" in {commit["operation"] for commit in commits}
    shop = reopened(whole)
    with caplog.at_level(logging.INFO):
        run(shop)
    assert AGAIN not in caplog.text
    assert tables(shop) == expected


@pytest.mark.parametrize("damage", [restore, slow(delete_rows), slow(remove_folder)])
def test_gold_equals_a_build_of_today_after_silver_was_damaged(whole: Shop, damage: Damage) -> None:
    expected = tables(whole)
    damage(whole.ctx.lake, SALES)
    shop = reopened(whole)
    run(shop)
    assert tables(shop) == expected


def disable_meanwhile(lake: Lake) -> None:
    table = DeltaTable(lake.path(SALES))
    table.alter.set_table_properties({"delta.enableChangeDataFeed": "false"})
    DeltaTable(lake.path(SALES)).delete("customer_id = 'c2'")
    DeltaTable(lake.path(SALES)).alter.set_table_properties({"delta.enableChangeDataFeed": "true"})


def vacuum_changes(lake: Lake) -> None:
    foreign.delete(lake, SALES, "customer_id = 'c2'")
    foreign.compact_and_vacuum(lake, SALES)


@pytest.mark.parametrize("lose", [vacuum_changes, slow(disable_meanwhile)])
def test_changes_of_silver_that_are_lost_are_named_and_computed(
    whole: Shop, caplog: pytest.LogCaptureFixture, lose: Callable[[Lake], None]
) -> None:
    lose(whole.ctx.lake)
    shop = reopened(whole)
    with caplog.at_level(logging.INFO):
        run(shop, silver=False)
    assert f"{SALES} can't be read after version" in caplog.text
    assert "c2" not in tables(shop)[USER_FEATURES.name]
    run(shop)
    assert "c2" in tables(shop)[USER_FEATURES.name]


def test_a_missing_data_file_is_named_with_its_remedy(whole: Shop) -> None:
    foreign.first_file(whole.ctx.lake, DAILY).unlink()
    named = pytest.raises(StorageError, match=r"is missing or damaged.*: restore")
    with named, storage_explained(whole.ctx.lake.root):
        run(reopened(whole), silver=False)


def test_a_stop_before_the_record_of_an_update_converges(
    whole: Shop, line: Line, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    late = line("t20", "completed", 1, who="c3")
    whole.add_file("late.csv", late)
    with monkeypatch.context() as patched:
        patched.setattr(gold_tables, "update_snapshots", _cut)
        with pytest.raises(PowerCutError):
            run(whole)
    shop = reopened(whole)
    with caplog.at_level(logging.INFO):
        run(shop)
    (shop.folder / "late.csv").unlink()
    assert f"snapshots as of {EARLIER} are computed again" in caplog.text
    assert features_of(shop, "c3") == {str(EARLIER): "2", "2024-05-04": "2"}


def _cut(*_: object) -> None:
    raise PowerCutError


def features_of(shop: Shop, customer: str) -> dict[str, str]:
    """Purchase frequency of a customer by date of the snapshot."""
    rows = shop.ctx.lake.read(CUSTOMER_FEATURES.name).where(f"customer_id = '{customer}'")
    found = rows.select("as_of", "purchase_frequency").collect()
    return {str(row["as_of"]): str(row["purchase_frequency"]) for row in found}


def test_late_records_update_the_stored_snapshots_after_them(
    whole: Shop, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    # Before the second day, and for one customer: all others keep their rows.
    second = line("t30", "completed", 1, who="c1").replace("2024-05-01", "2024-05-02")
    whole.add_file("late.csv", second)
    write_snapshots(whole.ctx, [date(2024, 5, 3)])
    with caplog.at_level(logging.INFO):
        run(whole)
    (whole.folder / "late.csv").unlink()
    assert "snapshots as of 2024-05-03 are computed again" in caplog.text
    found = features_of(whole, "c1")
    assert found == {str(EARLIER): "1", "2024-05-03": "2", "2024-05-04": "3"}


@pytest.mark.slow
def test_a_stop_in_a_full_computation_computes_it_again(
    whole: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = tables(whole)
    with monkeypatch.context() as patched:
        patched.setattr(definitions, "ROWS_VERSION", 2)
        patched.setattr(gold_tables, "update_snapshots", _cut)
        with pytest.raises(PowerCutError):
            run(whole, silver=False)
    assert whole.rows(GOLD_PROGRESS.name) == 0
    shop = reopened(whole)
    delete_rows(shop.ctx.lake, DAILY)
    run(shop, silver=False)
    assert tables(shop) == expected


def test_a_changed_definition_is_named_and_computes_what_it_changes(
    whole: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    before = stored(whole)
    for table, changed in ((DAILY, ["spend"]), (CUSTOMER_FEATURES.name, ["total_spend"])):
        kept = json.loads(before[table])
        kept[changed[0]] = "another"
        record(whole, table, json.dumps(kept))
        caplog.clear()
        with caplog.at_level(logging.INFO):
            run(whole, silver=False)
        assert f"{table}: the definition has changed of {changed[0]};" in caplog.text
        assert ("all activity" in caplog.text) is (table == DAILY)
        assert f"as of {EARLIER}" in caplog.text
        assert stored(whole) == before


def stored(shop: Shop) -> dict[str, str]:
    """The recorded definitions of gold's tables."""
    rows = shop.ctx.lake.read(GOLD_TABLES.name).where("definitions IS NOT NULL").collect()
    return {row["table"]: row["definitions"] for row in rows}


def record(shop: Shop, table: str, text: str) -> None:
    lake = shop.ctx.lake
    rows = lake.read(GOLD_TABLES.name).where(f"table = '{table}'")
    lake.upsert(GOLD_TABLES, rows.selectExpr(*_with(text)).localCheckpoint())


def _with(text: str) -> list[str]:
    return [
        f"'{text}' AS definitions" if name == "definitions" else f"`{name}`"
        for name in GOLD_TABLES.names
    ]


@pytest.mark.slow
def test_a_lake_without_the_record_is_computed_again_in_one_line(
    whole: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    expected = tables(whole)
    remove_folder(whole.ctx.lake, GOLD_TABLES.name)
    shop = reopened(whole)
    with caplog.at_level(logging.INFO):
        run(shop, silver=False)
    assert caplog.text.count("as after an older goldrun") == 1
    assert tables(shop) == expected
