"""DuckDB and delta-rs doing what goldrun does.

Raw text, rules, quarantine, duplicates, history, all tables of gold, profile and accounting, each
table a Delta table.

Silver and activity are written for this feed; features and users are the independent SQL that the
tests compare goldrun's with.
"""

import logging
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from deltalake import CommitProperties, DeltaTable, write_deltalake

from benchmarks.contenders import Steps
from benchmarks.feed import HEADER
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Column
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM
from goldrun.features.catalog.feature_tables import (
    ACTIVITY,
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    USER_FEATURES,
)
from tests.marketplace.loading import duckdb_type
from tests.marketplace.oracle import compute_features_of_activity, compute_users, use_zone

log = logging.getLogger("duckdb")
SILVER = ("transactions", "transactions_history", "quarantine", "duplicates")
GOLD = (*ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES)
_COLUMNS = HEADER.split(",")
_READ = """
CREATE SCHEMA raw;
CREATE TABLE raw.lines AS
WITH text AS (
    SELECT line, filename AS file, row_number() OVER (PARTITION BY filename) AS place
    FROM read_csv($files, columns = {'line': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '',
        header = true, auto_detect = false, filename = true)
)
SELECT
    sha256(concat_ws(chr(31), 'feed', file, place)) AS record_id, file, place,
    CASE WHEN cut THEN json_object('_malformed', line) ELSE json_object(PAIRS) END AS raw,
    cut, COLUMNS_OF
FROM (SELECT *, string_split(line, ',') AS f, len(f) <> N AS cut FROM text)
"""


def _bronze(db: duckdb.DuckDBPyConnection, feed: Path, lake: Path) -> None:
    pairs = ", ".join(f"'{name}', f[{n}]" for n, name in enumerate(_COLUMNS, 1))
    each = ", ".join(f"f[{n}] AS {name}" for n, name in enumerate(_COLUMNS, 1))
    read = _READ.replace("PAIRS", pairs).replace("COLUMNS_OF", each)
    db.execute(read.replace("<> N", f"<> {len(_COLUMNS)}"), {"files": f"{feed}/*.csv"})
    _write(db, lake, "bronze/transactions", "SELECT record_id, file, place, raw FROM raw.lines")


def _silver(db: duckdb.DuckDBPyConnection, lake: Path, now: datetime) -> None:
    script = Path(__file__).with_name("silver.sql").read_text(encoding="utf-8")
    db.execute(f"SET VARIABLE batch = TIMESTAMP '{now:%Y-%m-%d %H:%M:%S}'")
    db.execute(script.replace("$batch", "getvariable('batch')"))
    for name in SILVER:
        _write(db, lake, f"silver/{name}", f"FROM silver.{name}")
    counts = {name: _count(db, f"silver.{name}") for name in SILVER}
    if sum(counts.values()) != _count(db, "raw.lines"):
        raise SystemExit(f"the accounting is not closed: {counts}")
    db.execute("DROP TABLE raw.lines")
    for reason, times in db.execute(
        "SELECT unnest(reasons) AS reason, count(*) FROM silver.quarantine GROUP BY reason"
    ).fetchall():
        log.info("%s: %s", reason, times)


def _gold(db: duckdb.DuckDBPyConnection, lake: Path, as_of: date) -> None:
    _compute_gold(db, as_of)
    for table in GOLD:
        name = table.name.split("/")[1]
        columns = ", ".join(_stored(c) for c in table.columns)
        _write(db, lake, table.name, f"SELECT {columns} FROM oracle.{name}")
        each = "count(COLUMNS(*)), min(COLUMNS(*)), max(COLUMNS(*))"
        profile = db.execute(f"SELECT count(*), {each} FROM oracle.{name}")
        log.info("%s: %s", name, profile.fetchall())
    DeltaTable(str(lake / "gold/user_features")).optimize.z_order(["total_spend"])


def _compute_gold(db: duckdb.DuckDBPyConnection, as_of: date) -> None:
    db.execute("CREATE SCHEMA truth")
    for entity, table in ENTITIES.items():
        columns = ", ".join(f"{c.name} {duckdb_type(c.type)}" for c in table.columns)
        if entity == "transactions":
            # The feed records no time of a correction: the current version is always known.
            db.execute("CREATE SCHEMA oracle")
            db.execute("CREATE VIEW oracle.transactions AS FROM silver.transactions")
        else:
            db.execute(f"CREATE TABLE truth.{entity} ({columns})")
    script = Path(__file__).with_name("activity.sql").read_text(encoding="utf-8")
    db.execute(script)
    bought = db.table("oracle.bought").columns
    others = [c.name for c in CUSTOMER_DAILY.columns if c.name not in (*bought, KNOWN_FROM)]
    zeros = ", ".join(f"0 AS {name}" for name in others)
    db.execute(f"CREATE VIEW oracle.customer_daily AS SELECT *, {zeros} FROM oracle.bought")
    use_zone(db)
    compute_users(db)
    compute_features_of_activity(db, as_of)


def _stored(column: Column) -> str:
    """Return a column of the contract's type, with 0 for missing required numbers."""
    if column.name == KNOWN_FROM:
        return f"{DAY} AS {KNOWN_FROM}"
    value = f"coalesce({column.name}, 0)" if column.required and column.unit else column.name
    return f"CAST({value} AS {duckdb_type(column.type)}) AS {column.name}"


def _write(db: duckdb.DuckDBPyConnection, lake: Path, name: str, query: str) -> None:
    rows = db.sql(query).to_arrow_reader(500_000)
    kept = CommitProperties(custom_metadata={"by": "benchmark"})
    write_deltalake(str(lake / name), rows, mode="overwrite", commit_properties=kept)


def _count(db: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def main(feed: Path, lake: Path, as_of: date) -> None:
    """Build the tables and report the seconds."""
    logging.basicConfig(level=logging.WARNING)
    steps = Steps()
    with steps.step("start"):
        db = duckdb.connect(config={"temp_directory": str(lake / "spill")})
        db.execute("SET TimeZone = 'UTC'")
    with steps.step("bronze"):
        _bronze(db, feed, lake)
    with steps.step("silver"):
        _silver(db, lake, datetime.now(UTC))
    with steps.step("gold"):
        _gold(db, lake, as_of)
    steps.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
