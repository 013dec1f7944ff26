"""The checks detect a difference in one place of a small lake that else agrees with its truth."""

import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from goldrun.contracts.marketplace import ENTITIES
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.medallion.accounting import FATES, Accounting
from tests.marketplace import personal, table_checks, tiny
from tests.marketplace.loading import GOLD_TABLES
from tests.marketplace.oracle import compute_activity, compute_features
from tests.marketplace.verify import gold_equals_the_oracle

AS_OF = date(2024, 3, 1)


@pytest.fixture(scope="module")
def _agreeing() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        _make_truth(connection)
        _copy_silver(connection)
        _copy_gold(connection)
        yield connection


@pytest.fixture
def db(_agreeing: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A lake that agrees with the truth; changes of a test are rolled back."""
    _agreeing.begin()
    yield _agreeing
    _agreeing.rollback()


def _make_truth(db: duckdb.DuckDBPyConnection) -> None:
    known = {"customer_id": "c1", "name": "Ada Byron", "email": "ada@example.com"}
    tiny.truth(
        db,
        customers=[known | {"phone": "+4915112345678", "updated_at": "2024-01-02"}],
        customers_history=[
            known | {"updated_at": "2024-01-01", "valid_from": "2024-01-01", "valid_to": AS_OF}
        ],
        transactions=[
            tiny.line("t1", "2024-01-05", "10.5", product_id="p1"),
            tiny.line("t2", "2024-02-20", "3"),
            tiny.line("t3", "2024-02-21", "1"),
        ],
        sessions=[tiny.session("s1", "2024-01-05", session_duration="9.5")],
        events=[tiny.event("e1", "click", "2024-01-05 01:00", "s1")],
        interactions=[
            tiny.interaction("i1", "2024-01-06", response_time="1.5"),
            tiny.interaction("i2", "2024-01-06", response_time="2.5"),
        ],
        ledger=[
            {
                "entity": "transactions",
                "trace": f"x000000000{n}",
                "kind": "price",
                "fate": "quarantined",
                "reasons": ["price_not_positive", "amount_unparsed"],
            }
            for n in range(3)
        ]
        + [
            {
                "entity": "transactions",
                "trace": "x0000000009",
                "kind": "duplicate",
                "fate": "duplicate",
                "reasons": [],
                "key": "t1",
            }
        ],
    )


def _copy_silver(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("CREATE SCHEMA silver; CREATE SCHEMA bronze")
    for entity, table in ENTITIES.items():
        key = table.key[0]
        db.execute(
            f"CREATE TABLE silver.{entity} AS SELECT *, {key} AS record_id FROM truth.{entity}"
        )
        past = f"truth.{entity}_history" if table.versioned_by else f"truth.{entity} WHERE false"
        db.execute(
            f"CREATE TABLE silver.{entity}_history AS SELECT *, 'h' AS record_id FROM {past}"
        )
        db.execute(f"CREATE TABLE bronze.{entity}_keys (record_id VARCHAR, key VARCHAR)")
    db.execute("INSERT INTO bronze.transactions_keys VALUES ('copy', 't1')")
    tiny.make(
        db,
        "silver.duplicates",
        {"record_id": "VARCHAR", "kept_record_id": "VARCHAR", "entity": "VARCHAR"},
        [{"record_id": "copy", "kept_record_id": "t1", "entity": "transactions"}],
    )
    db.execute("""
        CREATE TABLE silver.quarantine AS
        SELECT trace AS record_id, entity, '{"trace":"' || trace || '","Price":"0"}' AS record,
            list_reverse_sort(reasons) AS reasons, 'open' AS state
        FROM truth.ledger WHERE fate = 'quarantined'""")
    db.execute("CREATE TABLE bronze.personal AS SELECT 'email' AS kind, 'Ada@Example.com' AS value")


def _copy_gold(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("CREATE SCHEMA gold")
    compute_activity(db)
    compute_features(db, AS_OF)
    for table in GOLD_TABLES:
        name = table.name.split("/")[1]
        known = ", day AS known_from" if "known_from" in table.names else ""
        db.execute(f"CREATE TABLE gold.{name} AS SELECT *{known} FROM oracle.{name}")


def failing(checks: list[table_checks.Check]) -> list[str]:
    assert checks
    return [check.name for check in checks if not check.passed]


# Silver -----------------------------------------------------------------------------------------


def test_a_silver_that_equals_the_truth_passes(db: duckdb.DuckDBPyConnection) -> None:
    assert failing(table_checks.silver_equals_truth(db)) == []


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE silver.transactions SET amount = 10.5001 WHERE transaction_id = 't1'",
        "UPDATE silver.transactions SET currency = 'EUR' WHERE transaction_id = 't1'",
        "UPDATE silver.transactions SET updated_at = updated_at + INTERVAL 1 MICROSECOND",
        "DELETE FROM silver.transactions WHERE transaction_id = 't1'",
        "INSERT INTO silver.transactions FROM silver.transactions WHERE transaction_id = 't1'",
        "INSERT INTO truth.transactions FROM truth.transactions WHERE transaction_id = 't1'",
        "UPDATE truth.transactions SET customer_id = 'c2' WHERE transaction_id = 't2'",
    ],
)
def test_a_row_of_silver_that_differs_fails(db: duckdb.DuckDBPyConnection, spoil: str) -> None:
    db.execute(spoil)
    assert failing(table_checks.silver_equals_truth(db)) == ["silver/transactions equals the truth"]


def test_a_version_that_ends_at_another_time_fails(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("UPDATE silver.customers_history SET valid_to = valid_to - INTERVAL 1 DAY")
    (check,) = [c for c in table_checks.silver_equals_truth(db) if not c.passed]
    assert check.name == "silver/customers_history equals the truth"
    assert "valid_to differs in 1" in check.numbers


# Quarantine -------------------------------------------------------------------------------------


def test_a_quarantine_with_the_planted_records_passes(db: duckdb.DuckDBPyConnection) -> None:
    assert failing(table_checks.quarantine_is_the_ledger(db)) == []


PLANTED = "quarantine: transactions, price"
NOTHING_ELSE = "quarantine holds nothing but what was planted"


@pytest.mark.parametrize(
    ("spoil", "noticed"),
    [
        ("DELETE FROM silver.quarantine WHERE record_id = 'x0000000001'", [PLANTED, NOTHING_ELSE]),
        ("UPDATE silver.quarantine SET state = 'released'", [PLANTED, NOTHING_ELSE]),
        ("UPDATE silver.quarantine SET reasons = ['amount_unparsed']", [PLANTED]),
        ("UPDATE truth.ledger SET reasons = ['amount_unparsed']", [PLANTED]),
        ("INSERT INTO silver.quarantine FROM silver.quarantine", [PLANTED, NOTHING_ELSE]),
        ("DELETE FROM truth.ledger WHERE trace = 'x0000000002'", [NOTHING_ELSE]),
        ("DELETE FROM truth.ledger", [NOTHING_ELSE]),
        ("UPDATE silver.quarantine SET record = '{}'", [PLANTED, NOTHING_ELSE]),
        ("UPDATE silver.quarantine SET entity = 'events'", [PLANTED, NOTHING_ELSE]),
    ],
)
def test_a_quarantine_that_differs_from_the_ledger_fails(
    db: duckdb.DuckDBPyConnection, spoil: str, noticed: list[str]
) -> None:
    db.execute(spoil)
    assert failing(table_checks.quarantine_is_the_ledger(db)) == noticed


# Duplicates -------------------------------------------------------------------------------------


def test_the_planted_duplicates_pass(db: duckdb.DuckDBPyConnection) -> None:
    assert failing(table_checks.duplicates_are_the_planted(db)) == []


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM silver.duplicates",
        "INSERT INTO silver.duplicates FROM silver.duplicates",
        "UPDATE truth.ledger SET key = 't2' WHERE fate = 'duplicate'",
        "DELETE FROM truth.ledger WHERE fate = 'duplicate'",
        "UPDATE silver.duplicates SET kept_record_id = 't2'",
        "UPDATE silver.duplicates SET kept_record_id = 'missing'",
        "UPDATE bronze.transactions_keys SET key = 't2'",
    ],
)
def test_duplicates_that_differ_from_the_planted_ones_fail(
    db: duckdb.DuckDBPyConnection, spoil: str
) -> None:
    db.execute(spoil)
    assert failing(table_checks.duplicates_are_the_planted(db)) == ["duplicates: transactions"]


def test_a_computed_key_is_taken_from_the_record_that_was_kept(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute("UPDATE bronze.transactions_keys SET key = NULL")
    assert failing(table_checks.duplicates_are_the_planted(db)) == []
    db.execute("UPDATE silver.duplicates SET kept_record_id = 't2'")
    assert failing(table_checks.duplicates_are_the_planted(db)) == ["duplicates: transactions"]


# Accounting -------------------------------------------------------------------------------------


def test_an_entity_without_records_or_with_a_lost_one_is_not_accounted_for() -> None:
    def closed(records: int = 5, lost: int = 0) -> Accounting:
        return Accounting(records, dict.fromkeys(FATES, 1), lost=lost, doubled=0, stray=0)

    accounts = dict.fromkeys(ENTITIES, closed())
    assert failing(table_checks.accounting_closes(accounts)) == []
    accounts |= {"events": closed(lost=1), "sessions": closed(records=0)}
    del accounts["customers"]
    assert failing(table_checks.accounting_closes(accounts)) == [
        "accounting: customers",
        "accounting: sessions",
        "accounting: events",
    ]


def test_every_line_of_the_files_is_counted(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    files = {
        "customers/part-0.csv": "trace,id\n,c1\n,c1\n",
        "sessions/part-0.csv": "trace,id\n,s1\n\n",
        "interactions/part-0.json": '{"id":"i1"}\n{"id":"i2"}',
        "events/part-0.json.gz": '{"id":"e1"}\n',
        "transactions/part-0.csv.gz": "trace,id\n,1\n,2\n,3\n,4\n",
        "transactions/part-1.csv.gz": "trace,id\n,5\n,6\n,7",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        content = text.encode()
        file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert failing(table_checks.every_line_is_somewhere(db, tmp_path)) == []
    db.execute("DELETE FROM silver.duplicates")
    (tmp_path / "sessions" / "part-0.csv").unlink()
    assert failing(table_checks.every_line_is_somewhere(db, tmp_path)) == [
        "lines of sessions",
        "lines of transactions",
    ]


# Gold -------------------------------------------------------------------------------------------


def test_a_gold_that_equals_the_oracle_passes(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("UPDATE gold.customer_features SET basket_size = basket_size * (1 + 1e-12)")
    checks = gold_equals_the_oracle(db)
    assert failing(checks) == []
    assert len(checks) == len(GOLD_TABLES)


@pytest.mark.parametrize(
    ("spoil", "noticed"),
    [
        ("UPDATE gold.customer_daily SET spend = spend + 0.0001 WHERE spend = 3", "customer_daily"),
        ("DELETE FROM gold.customer_products", "customer_products"),
        ("UPDATE gold.customer_responses SET responses = 2", "customer_responses"),
        ("UPDATE gold.customer_places SET location = 'Bern'", "customer_places"),
        ("UPDATE gold.user_features SET recency_days = NULL", "user_features"),
        ("INSERT INTO gold.user_features FROM gold.user_features", "user_features"),
        ("ALTER TABLE gold.user_features DROP recency_days", "user_features"),
        ("UPDATE gold.customer_features SET basket_size = basket_size * (1 + 1e-8)", "as of"),
        ("UPDATE gold.customer_features SET share_resolved = 0", "as of"),
        ("UPDATE gold.customer_features SET preferred_channel = 'chat'", "as of"),
        ("UPDATE gold.customer_features SET customer_id = 'c2'", "as of"),
        ("DELETE FROM gold.customer_features", "customer_features"),
    ],
)
def test_a_gold_that_differs_in_one_value_fails(
    db: duckdb.DuckDBPyConnection, spoil: str, noticed: str
) -> None:
    db.execute(spoil)
    failed = failing(gold_equals_the_oracle(db))
    assert any(noticed in name for name in failed)


def test_a_snapshot_of_another_date_is_compared_with_that_date(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute(
        "INSERT INTO gold.customer_features "
        "SELECT * REPLACE (DATE '2024-02-25' AS as_of) FROM gold.customer_features"
    )
    failed = failing(gold_equals_the_oracle(db))
    assert failed == [f"{CUSTOMER_FEATURES.name} as of 2024-02-25"]


# Personal data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [" ADA@example.com", "Ada Byron", "+4915112345678"])
def test_a_personal_value_in_a_table_or_a_file_fails(
    db: duckdb.DuckDBPyConnection, tmp_path: Path, text: str
) -> None:
    personal.collect_personal(db)
    db.execute("CREATE TEMP TABLE texts AS SELECT 'card' AS value")
    (tmp_path / "spark.log").write_text("nothing of anybody")
    values = [v for (v,) in db.execute("SELECT value FROM personal").fetchall()]
    assert failing(personal.absent_from_tables(db, ["texts"])) == []
    assert failing(personal.absent_from_files(values, [tmp_path])) == []
    db.execute("INSERT INTO texts VALUES (?)", [text])
    (tmp_path / "store.db").write_bytes(b"\x00abc" + text.encode() + b"def\xff")
    assert len(failing(personal.absent_from_tables(db, ["texts"]))) == 1
    assert len(failing(personal.absent_from_files(values, [tmp_path]))) == 1


def test_an_undecodable_name_is_not_found_in_binary_data(
    tmp_path: Path,
) -> None:
    broken = "x\ufffd\ufffd"
    (tmp_path / "picture.png").write_bytes(b"\x89x\xff\xfe\x00")
    assert failing(personal.absent_from_files([broken], [tmp_path])) == []
    (tmp_path / "spark.log").write_text(f"of {broken.upper()}")
    assert len(failing(personal.absent_from_files([broken], [tmp_path]))) == 1


def test_a_search_without_values_or_places_fails(tmp_path: Path) -> None:
    (tmp_path / "spark.log").write_text("nothing of anybody")
    assert len(failing(personal.absent_from_files([], [tmp_path]))) == 1
    assert len(failing(personal.absent_from_files(["ada@example.com"], [tmp_path / "no"]))) == 1


def test_an_invalid_address_or_number_is_not_personal_data(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute(
        "INSERT INTO bronze.personal VALUES ('email', 'none'), ('phone', '12'), ('name', '-')"
    )
    personal.collect_personal(db)
    found = db.execute("SELECT value FROM personal ORDER BY 1").fetchall()
    assert [v for (v,) in found] == ["+4915112345678", "ada byron", "ada@example.com"]
