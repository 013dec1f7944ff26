"""Compare the tables of two lakes of one feed row by row, independent of the engine."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.contracts.gold import AS_OF
from goldrun.features.catalog.feature_tables import ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES

_KEY = "json_extract_string({record}, '$.transaction_id')"
_LINE = "json_extract_string({record}, '$._malformed')"
TRANSACTION_ID = TRANSACTIONS.key[0]


def same_tables(one: Path, other: Path) -> dict[str, int]:
    """Compare nine tables that goldrun makes of transactions.

    Silver by its business columns, quarantine by keys, lines and reasons, duplicates by the number
    of repeats of each key, gold by all columns (the newest snapshot); doubles to nine decimals.

    Returns:
        Number of rows that only one of the lakes has, by table.
    """
    queries = _silver_queries() | _gold_queries()
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        return {name: _different(db, query, one, other) for name, query in queries.items()}


def _silver_queries() -> dict[str, str]:
    names = ", ".join(TRANSACTIONS.names)
    rejected = (
        f"SELECT {_KEY.format(record='record')} AS key, {_LINE.format(record='record')} AS line, "
        "list_sort(reasons) AS reasons FROM quarantine"
    )
    repeats = (
        f"SELECT {TRANSACTION_ID}, count(*) AS n FROM duplicates d "
        "JOIN transactions t ON t.record_id = d.kept_record_id GROUP BY ALL"
    )
    return {
        TRANSACTIONS.name: f"SELECT {names} FROM transactions",
        lineage.QUARANTINE.name: rejected,
        lineage.DUPLICATES.name: repeats,
    }


def _gold_queries() -> dict[str, str]:
    queries = {}
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
    return queries


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

    They are equal where columns have the same types, and rows the same number, sum and XOR of their
    64-bit hashes (with other types an equal hash may mean another value). Otherwise rows are
    compared one by one, which takes memory for all of them.
    """
    if _summary(db, "one", query, one) == _summary(db, "other", query, other):
        return 0
    sides = "FROM one._rows", "FROM other._rows"
    both = " UNION ALL ".join(f"({a} EXCEPT ALL {b})" for a, b in (sides, sides[::-1]))
    return int(db.execute(f"SELECT count(*) FROM ({both})").fetchall()[0][0])


def _summary(
    db: duckdb.DuckDBPyConnection, schema: str, query: str, lake: Path
) -> tuple[list[str], list[tuple[object, ...]]]:
    """Create the view ``_rows`` of a query; return its types, and count and sums of its hashes."""
    db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in _tables_in(query, lake):
        _view(db, schema, table)
    db.execute(f"SET schema = '{schema}'")
    db.execute(f"CREATE OR REPLACE VIEW {schema}._rows AS {query}")
    columns = db.execute(f"DESCRIBE {schema}._rows").fetchall()
    # The session's zone is UTC, so that with and without it a time is the same number.
    types = [kind.removesuffix(" WITH TIME ZONE") for _, kind, *_ in columns]
    hashed = f"SELECT hash(rows) AS h FROM {schema}._rows AS rows"
    return types, db.execute(f"SELECT count(*), sum(h), bit_xor(h) FROM ({hashed})").fetchall()


def _view(db: duckdb.DuckDBPyConnection, schema: str, folder: Path) -> None:
    """Create a view of a table's files, whose rows stay on disk."""
    table = DeltaTable(str(folder))
    _check_features(table, folder)
    files = [unquote(urlparse(uri).path) for uri in table.file_uris()]
    if files:
        named = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        db.execute(f"CREATE OR REPLACE VIEW {schema}.{folder.name} AS FROM read_parquet([{named}])")
        return
    db.register("nothing", table.to_pyarrow_dataset())
    db.execute(f"CREATE OR REPLACE TABLE {schema}._no_{folder.name} AS FROM nothing")
    db.unregister("nothing")
    db.execute(f"CREATE OR REPLACE VIEW {schema}.{folder.name} AS FROM {schema}._no_{folder.name}")


def _check_features(table: DeltaTable, folder: Path) -> None:
    """Raise SystemExit for a table whose files differ from its rows, as by deletion vectors."""
    protocol = table.protocol()
    unsupported = set(protocol.reader_features or ()) - {"timestampNtz"}
    if protocol.min_reader_version == 2:
        unsupported.add("columnMapping")
    if unsupported:
        names = ", ".join(sorted(unsupported))
        raise SystemExit(f"{folder} has {names}: its files are not its rows")


def _tables_in(query: str, lake: Path) -> list[Path]:
    words = set(query.replace(",", " ").split())
    found = [folder.parent for folder in lake.glob("*/*/_delta_log")]
    return [folder for folder in found if folder.parent.name != "bronze" and folder.name in words]
