"""Comparisons of a lake with the truth: each check is a query with one line of output."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from goldrun.contracts.marketplace import ENTITIES
from goldrun.medallion.accounting import Accounting
from tests.marketplace.loading import VERSIONED

_MARKER = r"x\d{10,}"
_RELATIVE = 1e-9
_ABSOLUTE = 1e-12
"""Tolerance of doubles, which are sums of the same numbers in different order."""


@dataclass(frozen=True)
class Check:
    """The outcome of one comparison.

    Attributes:
        name: What was compared.
        passed: Whether it agrees in everything.
        numbers: How much was compared, and what differs.
    """

    name: str
    passed: bool
    numbers: str


def silver_equals_truth(db: duckdb.DuckDBPyConnection) -> list[Check]:
    """Compare every entity, and the histories, row for row in all columns of the contract."""
    checks = []
    for entity, table in ENTITIES.items():
        checks.append(_same_rows(db, entity, table.names, table.key))
        if entity in VERSIONED:
            columns = (*table.names, "valid_from", "valid_to")
            checks.append(_same_rows(db, f"{entity}_history", columns, (*table.key, "valid_from")))
    return checks


def _same_rows(
    db: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], key: Sequence[str]
) -> Check:
    shown = ", ".join(columns)
    true, stored = (f"SELECT {shown} FROM {schema}.{name}" for schema in ("truth", "silver"))
    missing = _count(db, f"({true}) EXCEPT ALL ({stored})")
    strange = _count(db, f"({stored}) EXCEPT ALL ({true})")
    numbers = (
        f"{_count(db, true):,} true rows, {_count(db, stored):,} in silver, "
        f"{missing:,} missing, {strange:,} strange"
    )
    if missing or strange:
        numbers += _differences(db, f"truth.{name}", f"silver.{name}", key, columns)
    return Check(f"silver/{name} equals the truth", not missing and not strange, numbers)


def equal_by_key(
    db: duckdb.DuckDBPyConnection,
    name: str,
    expected: str,
    actual: str,
    key: Sequence[str],
) -> Check:
    """Compare two tables by key in every column.

    Doubles may differ by the last digits; everything else, and where nulls are, must be equal.
    """
    wanted, found = _columns(db, expected), _columns(db, actual)
    if set(wanted) != set(found):
        unshared = ", ".join(sorted(set(wanted) ^ set(found)))
        return Check(name, False, f"columns of one side only: {unshared}")
    rows, stored = _count(db, f"FROM {expected}"), _count(db, f"FROM {actual}")
    matched = _count(db, f"FROM {expected} e JOIN {actual} a USING ({', '.join(key)})")
    differs = _differences(db, expected, actual, key, tuple(wanted))
    # A repeated key would match more often than it occurs.
    passed = rows == stored == matched > 0 and not differs
    numbers = f"{rows:,} rows of {len(wanted)} columns, {stored:,} in gold, {matched:,} matched"
    return Check(name, passed, numbers + differs)


def _differences(
    db: duckdb.DuckDBPyConnection,
    expected: str,
    actual: str,
    key: Sequence[str],
    columns: Sequence[str],
) -> str:
    """Return the columns that differ in rows of the same key, with counts and an example."""
    types = _columns(db, expected)
    same = " AND ".join(f"e.{name} = a.{name}" for name in key)
    others = [name for name in columns if name not in key]
    if not others:
        return ""
    counts = ", ".join(f"count_if({_unequal(name, types[name])})" for name in others)
    found = db.execute(f"SELECT {counts} FROM {expected} e JOIN {actual} a ON {same}").fetchone()
    wrong = {name: n for name, n in zip(others, found or (), strict=True) if n}
    message = ""
    for name, n in wrong.items():
        example = db.execute(
            f"SELECT {', '.join(f'e.{k}' for k in key)}, e.{name}, a.{name} "
            f"FROM {expected} e JOIN {actual} a ON {same} "
            f"WHERE {_unequal(name, types[name])} ORDER BY ALL LIMIT 1"
        ).fetchone()
        *which, true, stored = example or ()
        message += (
            f"\n  {name} differs in {n:,}: {true!r} is {stored!r} at {', '.join(map(str, which))}"
        )
    return message


def _unequal(name: str, kind: str) -> str:
    e, a = f"e.{name}", f"a.{name}"
    if kind != "DOUBLE":
        return f"{e} IS DISTINCT FROM {a}"
    limit = f"{_RELATIVE} * greatest(abs({e}), abs({a})) + {_ABSOLUTE}"
    return f"(({e} IS NULL) <> ({a} IS NULL) OR coalesce(abs({e} - {a}) > {limit}, false))"


def quarantine_is_the_ledger(db: duckdb.DuckDBPyConnection) -> list[Check]:
    """Compare the open quarantine with the planted records, by the marker of each record."""
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE rejected AS
        SELECT entity, regexp_extract(record, '{_MARKER}') AS trace, list_sort(reasons) AS reasons
        FROM silver.quarantine WHERE state = 'open'""")
    rows = db.execute("""
        WITH found AS (
            SELECT entity, trace, count(*) AS n, list(reasons) AS found FROM rejected
            GROUP BY entity, trace
        )
        SELECT
            l.entity, l.kind, count(*), count(f.n), count_if(f.n > 1),
            count_if(f.found[1] IS DISTINCT FROM list_sort(l.reasons) AND f.n IS NOT NULL),
            any_value(f.found[1]::VARCHAR || ' is not ' || list_sort(l.reasons)::VARCHAR)
                FILTER (f.found[1] IS DISTINCT FROM list_sort(l.reasons) AND f.n IS NOT NULL)
        FROM truth.ledger l LEFT JOIN found f USING (entity, trace)
        WHERE l.fate = 'quarantined'
        GROUP BY ALL ORDER BY ALL""").fetchall()
    checks = [
        Check(
            f"quarantine: {entity}, {kind}",
            planted == found and not repeated and not wrong,
            f"{planted:,} planted, {found:,} found, {wrong:,} with wrong reasons"
            + (f": {example}" if wrong else ""),
        )
        for entity, kind, planted, found, repeated, wrong, example in rows
    ]
    return [*checks, _nothing_else_refused(db, sum(row[2] for row in rows))]


def _nothing_else_refused(db: duckdb.DuckDBPyConnection, planted: int) -> Check:
    strange = db.execute("""
        SELECT r.entity, r.reasons::VARCHAR, count(*) FROM rejected r
        ANTI JOIN (FROM truth.ledger WHERE fate = 'quarantined') l USING (entity, trace)
        GROUP BY ALL ORDER BY ALL""").fetchall()
    held = _count(db, "FROM rejected")
    numbers = f"{planted:,} planted, {held:,} in the open quarantine"
    numbers += "".join(f"\n  {n:,} {entity} for {why}" for entity, why, n in strange)
    passed = not strange and held == planted > 0
    return Check("quarantine holds nothing but what was planted", passed, numbers)


def duplicates_are_the_planted(db: duckdb.DuckDBPyConnection) -> list[Check]:
    """Compare the keys of the duplicates with the planted ones, entity by entity."""
    checks = []
    for entity, table in ENTITIES.items():
        key = table.key[0]
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE repeated AS
            SELECT coalesce(b.key, k.key) AS key, b.key IS NOT NULL AND b.key <> k.key AS estranged
            FROM (FROM silver.duplicates WHERE entity = '{entity}') d
            LEFT JOIN bronze.{entity}_keys b USING (record_id)
            LEFT JOIN (
                SELECT record_id AS kept_record_id, {key} AS key FROM silver.{entity}
                UNION ALL SELECT record_id, {key} FROM silver.{entity}_history
            ) k USING (kept_record_id)""")
        planted = f"SELECT key FROM truth.ledger WHERE entity = '{entity}' AND fate = 'duplicate'"
        missing = _count(db, f"({planted}) EXCEPT ALL (SELECT key FROM repeated)")
        strange = _count(db, f"(SELECT key FROM repeated) EXCEPT ALL ({planted})")
        estranged = _count(db, "FROM repeated WHERE estranged IS DISTINCT FROM false")
        numbers = (
            f"{_count(db, planted):,} planted, {_count(db, 'FROM repeated'):,} found, "
            f"{missing:,} missing, {strange:,} strange, {estranged:,} kept under another key"
        )
        passed = not (missing or strange or estranged)
        checks.append(Check(f"duplicates: {entity}", passed, numbers))
    return checks


def accounting_closes(accounts: Mapping[str, Accounting]) -> list[Check]:
    """Check that every record of every entity has exactly one fate."""
    return [
        Check(
            f"accounting: {entity}",
            entity in accounts and accounts[entity].closed and accounts[entity].records > 0,
            str(accounts.get(entity, "not accounted for")),
        )
        for entity in ENTITIES
    ]


def every_line_is_somewhere(db: duckdb.DuckDBPyConnection, data: Path) -> list[Check]:
    """Compare the number of lines of the files with the number of rows of the tables."""
    checks = []
    for entity in ENTITIES:
        lines = sum(count_records(file) for file in sorted((data / entity).glob("part-*")))
        of_entity = f"entity = '{entity}'"
        parts = {
            "silver": _count(db, f"FROM silver.{entity}"),
            "history": _count(db, f"FROM silver.{entity}_history"),
            "duplicates": _count(db, f"FROM silver.duplicates WHERE {of_entity}"),
            "quarantine": _count(
                db, f"FROM silver.quarantine WHERE {of_entity} AND state = 'open'"
            ),
        }
        sums = " + ".join(f"{n:,} {name}" for name, n in parts.items())
        passed = lines == sum(parts.values()) > 0
        checks.append(Check(f"lines of {entity}", passed, f"{lines:,} lines = {sums}"))
    return checks


def count_records(file: Path) -> int:
    """Count the lines of a file that are not blank, without the header of a CSV file."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
        filled = sum(1 for line in lines if line.strip())
    return filled - (".csv" in file.suffixes)


def _count(db: duckdb.DuckDBPyConnection, query: str) -> int:
    rows = db.execute(f"SELECT count(*) FROM ({query})").fetchone()
    return int(rows[0]) if rows else 0


def _columns(db: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    described = db.execute(f"DESCRIBE FROM {table}").fetchall()
    return {name: kind for name, kind, *_ in described}
