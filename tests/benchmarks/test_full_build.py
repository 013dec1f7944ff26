"""The side-by-side benchmark compares its contenders' tables correctly."""

from collections import Counter
from datetime import date
from itertools import chain
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from benchmarks.contenders import by_duckdb
from benchmarks.equal import same_tables, same_users
from benchmarks.feed import ROWS_A_CUSTOMER, write_feed
from benchmarks.full_build import last_day

ROWS = 5_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    write_feed(folder / "feed", 0, ROWS, ROWS // ROWS_A_CUSTOMER)
    by_duckdb.main(folder / "feed", folder / "lake", last_day(ROWS))
    return folder / "lake"


def test_a_longer_feed_begins_with_the_shorter_one(tmp_path: Path) -> None:
    short = write_feed(tmp_path / "short", 0, 1_500, 10)
    long = write_feed(tmp_path / "long", 0, 2_000, 10)
    assert long[0].read_bytes().startswith(short[0].read_bytes())


def test_the_feed_has_the_errors_that_it_documents(lake: Path) -> None:
    rejected = DeltaTable(str(lake / "silver/quarantine")).to_pyarrow_table()
    found = Counter(chain.from_iterable(rejected["reasons"].to_pylist()))
    expected = {
        "record_malformed": ROWS // 1000,
        "customer_id_missing": ROWS // 100,
        "quantity_not_positive": ROWS // 200,
        "price_unparsed": ROWS // 200,
        "amount_unparsed": ROWS // 200,
    }
    assert found == expected
    assert DeltaTable(str(lake / "silver/duplicates")).to_pyarrow_table().num_rows == ROWS // 50


def copy_changed(lake: Path, other: Path, table: str, change: str) -> None:
    """Copy the tables of a lake, and apply a change to one of them, named ``stored``."""
    for folder in lake.glob("*/*/_delta_log"):
        name = folder.parent.relative_to(lake)
        rows = DeltaTable(str(lake / name)).to_pyarrow_table()
        if str(name) == table:
            with duckdb.connect() as db:
                db.execute("SET TimeZone = 'UTC'")
                db.register("given", rows)
                db.execute("CREATE TABLE stored AS FROM given")
                db.execute(change)
                rows = db.sql("FROM stored").to_arrow_table()
        write_deltalake(str(other / name), rows)


def test_a_lake_equals_itself_in_every_table(lake: Path) -> None:
    different = same_tables(lake, lake)
    assert len(different) == 9
    assert set(different.values()) == {0}
    assert same_users(lake, lake) == 0


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("silver/transactions", "quantity = quantity + 1"),
        ("silver/quarantine", "reasons = ['another']"),
        ("gold/customer_daily", "spend = spend + 0.0001"),
        ("gold/customer_features", "recency_days = recency_days + 1"),
        ("gold/user_features", "total_spend = total_spend + 0.01"),
    ],
)
def test_one_changed_row_is_detected(lake: Path, tmp_path: Path, table: str, change: str) -> None:
    other = tmp_path / "other"
    copy_changed(lake, other, table, f"UPDATE stored SET {change} WHERE rowid = 0")
    different = same_tables(lake, other)
    assert different.pop(table) == 2
    assert set(different.values()) == {0}
    assert same_users(lake, other) == (2 if table == "gold/user_features" else 0)


def test_a_moved_decimal_point_is_detected(lake: Path, tmp_path: Path) -> None:
    other, digits = tmp_path / "other", "(total_spend * 100)::BIGINT"
    change = f"ALTER TABLE stored ALTER total_spend TYPE BIGINT USING {digits}"
    copy_changed(lake, other, "gold/user_features", change)
    assert same_tables(lake, other)["gold/user_features"] > 0


def test_the_features_are_as_of_the_day_after_the_newest_row() -> None:
    assert last_day(13_700) == date(2015, 1, 2)
    assert last_day(13_701) == date(2015, 1, 3)
