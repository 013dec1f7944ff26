"""Whether two lakes of the same feed say the same in every row, whoever wrote them."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from goldrun.contracts import lineage
from goldrun.contracts.activity_tables import ACTIVITY
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.gold import AS_OF, CUSTOMER_FEATURES, USER_FEATURES

_SAID = "json_extract_string({record}, '$.transaction_id')"
_LINE = "json_extract_string({record}, '$._malformed')"
TRANSACTION_ID = TRANSACTIONS.key[0]


def same_tables(one: Path, other: Path) -> dict[str, int]:
    """Compare nine tables that goldrun makes of transactions.

    Silver by its business columns, quarantine by what was refused and why, duplicates by how
    often each key was repeated, gold by all columns, of snapshots the newest; doubles to nine
    decimals.

    Returns:
        Table to the number of rows that only one of the lakes has.
    """
    names = ", ".join(TRANSACTIONS.names)
    refused = (
        f"SELECT {_SAID.format(record='record')} AS key, {_LINE.format(record='record')} AS line, "
        "list_sort(reasons) AS reasons FROM quarantine"
    )
    repeats = (
        f"SELECT {TRANSACTION_ID}, count(*) AS n FROM duplicates d "
        "JOIN transactions t ON t.record_id = d.kept_record_id GROUP BY ALL"
    )
    queries = {
        TRANSACTIONS.name: f"SELECT {names} FROM transactions",
        lineage.QUARANTINE.name: refused,
        lineage.DUPLICATES.name: repeats,
    }
    for table in (*ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES):
        columns = ", ".join(
            f"round({c.name}, 9) AS {c.name}" if c.type.simpleString() == "double" else c.name
            for c in table.columns
        )
        queries[table.name] = f"SELECT {columns} FROM {table.name.split('/')[1]}"
    # A lake that grew has kept the snapshots of the days between.
    queries[CUSTOMER_FEATURES.name] += (
        f" WHERE {AS_OF} = (SELECT max({AS_OF}) FROM {CUSTOMER_FEATURES.name.split('/')[1]})"
    )
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        return {name: _different(db, query, one, other) for name, query in queries.items()}


def same_users(one: Path, other: Path) -> int:
    """Compare ``gold/user_features`` of two lakes, money in whole cents; count the differing rows.

    Args:
        one: A lake.
        other: Another.
    """
    query = (
        "SELECT user_id, purchase_frequency, round(total_spend * 100)::BIGINT AS cents, "
        "last_purchase_date, recency_days FROM user_features"
    )
    with duckdb.connect() as db:
        return _different(db, query, one, other)


def _different(db: duckdb.DuckDBPyConnection, query: str, one: Path, other: Path) -> int:
    """Count the rows that only one lake has.

    None, where columns have the same types, and rows the same number, sum and XOR of their 64-bit
    hashes (of other types the same hash may mean another value). Else rows are compared one by one,
    which takes memory for all of them.
    """
    seen = []
    for schema, lake in (("one", one), ("other", other)):
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for table in _tables_in(query, lake):
            _view(db, schema, table)
        db.execute(f"SET schema = '{schema}'")
        db.execute(f"CREATE OR REPLACE VIEW {schema}._said AS {query}")
        columns = db.execute(f"DESCRIBE {schema}._said").fetchall()
        # The session's zone is UTC, so that with and without it a time is the same number.
        types = [kind.removesuffix(" WITH TIME ZONE") for _, kind, *_ in columns]
        hashed = f"SELECT hash(rows) AS h FROM {schema}._said AS rows"
        sums = db.execute(f"SELECT count(*), sum(h), bit_xor(h) FROM ({hashed})").fetchall()
        seen.append((types, sums))
    if seen[0] == seen[1]:
        return 0
    sides = "FROM one._said", "FROM other._said"
    both = " UNION ALL ".join(f"({a} EXCEPT ALL {b})" for a, b in (sides, sides[::-1]))
    return int(db.execute(f"SELECT count(*) FROM ({both})").fetchall()[0][0])


def _view(db: duckdb.DuckDBPyConnection, schema: str, folder: Path) -> None:
    """Let DuckDB see a table by its name, without having its rows in memory."""
    table = DeltaTable(str(folder))
    told = table.protocol()
    beyond = set(told.reader_features or ()) - {"timestampNtz"}
    if told.min_reader_version == 2:
        beyond.add("columnMapping")
    if beyond:
        raise SystemExit(f"{folder} has {', '.join(sorted(beyond))}: its files are not its rows")
    files = [unquote(urlparse(uri).path) for uri in table.file_uris()]
    if files:
        named = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        db.execute(f"CREATE OR REPLACE VIEW {schema}.{folder.name} AS FROM read_parquet([{named}])")
        return
    db.register("nothing", table.to_pyarrow_dataset())
    db.execute(f"CREATE OR REPLACE TABLE {schema}._no_{folder.name} AS FROM nothing")
    db.unregister("nothing")
    db.execute(f"CREATE OR REPLACE VIEW {schema}.{folder.name} AS FROM {schema}._no_{folder.name}")


def _tables_in(query: str, lake: Path) -> list[Path]:
    words = set(query.replace(",", " ").split())
    found = [folder.parent for folder in lake.glob("*/*/_delta_log")]
    return [folder for folder in found if folder.parent.name != "bronze" and folder.name in words]
