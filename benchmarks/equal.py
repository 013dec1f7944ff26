"""Whether two lakes of the same feed say the same, row for row, whoever wrote them."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from goldrun.contracts import lineage as L
from goldrun.contracts.activity import ACTIVITY
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.gold import AS_OF, CUSTOMER_FEATURES, USER_FEATURES

_SAID = "json_extract_string({record}, '$.transaction_id')"
_LINE = "json_extract_string({record}, '$._malformed')"
TRANSACTION_ID = TRANSACTIONS.key[0]


def same_tables(one: Path, other: Path) -> dict[str, int]:
    """Compare everything that goldrun makes of transactions.

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
        L.QUARANTINE.name: refused,
        L.DUPLICATES.name: repeats,
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

    There are none where number, sum and XOR of 64-bit hashes of the rows are the same; else rows
    are compared one by one, which takes memory for all of them.
    """
    sums = []
    for schema, lake in (("one", one), ("other", other)):
        db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for name in _tables_in(query, lake):
            files = [unquote(urlparse(uri).path) for uri in DeltaTable(str(name)).file_uris()]
            source = f"read_parquet({files})" if files else f"{schema}.{_empty(db, schema, name)}"
            db.execute(f"CREATE OR REPLACE VIEW {schema}.{name.name} AS FROM {source}")
        db.execute(f"SET schema = '{schema}'")
        db.execute(f"CREATE OR REPLACE VIEW {schema}._said AS {query}")
        hashed = f"SELECT hash(rows) AS h FROM {schema}._said AS rows"
        sums.append(db.execute(f"SELECT count(*), sum(h), bit_xor(h) FROM ({hashed})").fetchall())
    if sums[0] == sums[1]:
        return 0
    both = (
        "FROM one._said EXCEPT ALL FROM other._said",
        "FROM other._said EXCEPT ALL FROM one._said",
    )
    return int(
        db.execute(f"SELECT count(*) FROM (({both[0]}) UNION ALL ({both[1]}))").fetchall()[0][0]
    )


def _empty(db: duckdb.DuckDBPyConnection, schema: str, table: Path) -> str:
    """Make a table without rows of the columns of one that has no files; return its name."""
    name = f"_no_{table.name}"
    rows = DeltaTable(str(table)).to_pyarrow_dataset()
    db.register("rows", rows)
    db.execute(f"CREATE OR REPLACE TABLE {schema}.{name} AS FROM rows")
    db.unregister("rows")
    return name


def _tables_in(query: str, lake: Path) -> list[Path]:
    words = set(query.replace(",", " ").split())
    found = [folder.parent for folder in lake.glob("*/*/_delta_log")]
    return [folder for folder in found if folder.parent.name != "bronze" and folder.name in words]
