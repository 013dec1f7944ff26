"""Verify a lake against its marketplace: the truth, the ledger, the recomputation.

One line a check, and the verdict last; the exit code is 1 when any check fails.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from goldrun.contracts import lineage
from goldrun.contracts.gold import AS_OF
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.source import Source
from goldrun.contracts.table import Table as Contract
from goldrun.errors import GoldrunError
from goldrun.features.catalog.daily_metrics import KNOWN_FROM
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.settings import load_source
from goldrun.jobs.refine.tables import read_fates
from goldrun.medallion.accounting import Accounting, account
from tests.marketplace import personal, table_checks
from tests.marketplace.loading import (
    GOLD,
    GOLD_TABLES,
    Export,
    connect,
    distinct_texts,
    load_lake,
    load_truth,
)
from tests.marketplace.oracle import ORACLE, compute_activity, compute_features

TEXTS = "texts"
_WIDTH = 140
_CORRECTED = tuple(table for table in GOLD_TABLES if KNOWN_FROM in table.names)


def verify(
    lake: Lake, source: Source, data: Path, search: Sequence[Path], memory: str = "1GB"
) -> list[table_checks.Check]:
    """Run every check.

    Args:
        lake: What bronze, silver and gold wrote.
        source: The source they were written from.
        data: Folder that the simulator wrote.
        search: Files and folders in which no personal value may be.
        memory: How much the database may use before it spills.

    Returns:
        All checks, passed or not.
    """
    with tempfile.TemporaryDirectory() as scratch:
        export = Export(connect(Path(scratch), memory), Path(scratch))
        load_truth(export.db, data)
        load_lake(export, lake, source)
        return [
            *table_checks.silver_equals_truth(export.db),
            *table_checks.quarantine_is_the_ledger(export.db),
            *table_checks.duplicates_are_the_planted(export.db),
            *table_checks.accounting_closes(accounts(lake)),
            *table_checks.every_line_is_somewhere(export.db, data),
            *gold_equals_the_oracle(export.db, source.zone),
            *no_personal_values(export, lake, search),
        ]


def accounts(lake: Lake) -> dict[str, Accounting]:
    """Return the accounting of every entity."""
    return {
        entity: account(
            lake.read_or_empty(lineage.bronze_table(entity)),
            read_fates(lake, entity),
        )
        for entity in ENTITIES
    }


def gold_equals_the_oracle(
    db: duckdb.DuckDBPyConnection, zone: str = "UTC"
) -> list[table_checks.Check]:
    """Compare every gold table, and every snapshot in ``customer_features``."""
    compute_activity(db, zone)
    checks = []
    for table in GOLD_TABLES:
        if table is not CUSTOMER_FEATURES:
            view, key = _current(db, table)
            name = table.name.split("/")[1]
            checks.append(table_checks.equal_by_key(db, table.name, f"{ORACLE}.{name}", view, key))
    checks += activity_as_known(db, zone)
    return checks + snapshots_equal_the_oracle(db)


def activity_as_known(db: duckdb.DuckDBPyConnection, zone: str) -> list[table_checks.Check]:
    """Compare the activity as known before some days on which a transaction was corrected."""
    days = db.execute(
        "SELECT DISTINCT unnest(quantile_disc(known_from, [0.1, 0.5, 0.9])) "
        f"FROM {GOLD}.customer_daily WHERE known_from > day ORDER BY 1"
    ).fetchall()
    checks = []
    for (day,) in days:
        compute_activity(db, zone, day)
        for table in _CORRECTED:
            view, key = _current(db, table, day)
            name = table.name.split("/")[1]
            db.execute(
                f"CREATE OR REPLACE TEMP VIEW known AS FROM {ORACLE}.{name} "
                f"WHERE day < DATE '{day}'"
            )
            what = f"{table.name} as known before {day}"
            checks.append(table_checks.equal_by_key(db, what, "known", view, key))
    compute_activity(db, zone)
    return checks


def _current(
    db: duckdb.DuckDBPyConnection, table: Contract, day: date | None = None
) -> tuple[str, tuple[str, ...]]:
    """Return a view of a gold table, and its key, after the corrections known before a day."""
    stored = f"{GOLD}.{table.name.split('/')[1]}"
    if table not in _CORRECTED:
        return stored, table.key
    key = tuple(name for name in table.key if name != KNOWN_FROM)
    known = f"WHERE {KNOWN_FROM} < DATE '{day}'" if day else ""
    numbers = [name for name in table.names if name not in table.key]
    sums = ", ".join(f"sum({name}) AS {name}" for name in numbers)
    is_any = " OR ".join(f"sum({name}) <> 0" for name in numbers)
    db.execute(
        f"CREATE OR REPLACE TEMP VIEW corrected AS SELECT {', '.join(key)}, {sums} "
        f"FROM {stored} {known} GROUP BY {', '.join(key)} HAVING {is_any}"
    )
    return "corrected", key


def snapshots_equal_the_oracle(db: duckdb.DuckDBPyConnection) -> list[table_checks.Check]:
    """Compare the features as of every date that the table holds."""
    checks = []
    stored = f"{GOLD}.customer_features"
    dates = db.execute(f"SELECT DISTINCT {AS_OF} FROM {stored} ORDER BY 1").fetchall()
    for (as_of,) in dates:
        compute_features(db, as_of)
        db.execute(
            f"CREATE OR REPLACE TEMP VIEW snapshot AS FROM {stored} WHERE {AS_OF} = DATE '{as_of}'"
        )
        name = f"{CUSTOMER_FEATURES.name} as of {as_of}"
        checks.append(
            table_checks.equal_by_key(
                db, name, f"{ORACLE}.customer_features", "snapshot", CUSTOMER_FEATURES.key
            )
        )
    return checks or [table_checks.Check(CUSTOMER_FEATURES.name, False, "holds no snapshot")]


def no_personal_values(
    export: Export, lake: Lake, search: Sequence[Path]
) -> list[table_checks.Check]:
    """Search for names, e-mail addresses and telephone numbers in gold and in the given files."""
    personal.collect_personal(export.db)
    for table, texts in distinct_texts(lake, _beyond_silver(lake)).items():
        export.bring(texts, TEXTS, table.replace("/", "_"))
    tables = export.db.execute(
        "SELECT view_name FROM duckdb_views() WHERE schema_name = ? ORDER BY 1", [TEXTS]
    ).fetchall()
    checks = personal.absent_from_tables(export.db, [f"{TEXTS}.{name}" for (name,) in tables])
    values = export.db.execute("SELECT DISTINCT value FROM personal").fetchall()
    return checks + personal.absent_from_files((value for (value,) in values), search)


def _beyond_silver(lake: Lake) -> list[str]:
    """Return the tables of gold and ops, including those of other steps if the lake is a folder."""
    found = {table.name for table in GOLD_TABLES}
    for layer in ("gold", "ops"):
        found |= {f"{layer}/{folder.name}" for folder in Path(lake.root, layer).glob("*")}
    return sorted(table for table in found if lake.exists(table))


def show(results: Sequence[table_checks.Check], seconds: float) -> None:
    """Print a table of all checks, then the verdict."""
    # Without a terminal the width is unknown, and the narrow default would break every line.
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    table = Table(title="The marketplace against its truth", show_lines=False)
    table.add_column("check")
    table.add_column("")
    table.add_column("numbers", overflow="fold")
    for check in results:
        verdict = "[green]PASS[/]" if check.passed else "[bold red]FAIL[/]"
        table.add_row(check.name, verdict, check.numbers.replace("[", r"\["))
    console.print(table)
    passed = sum(check.passed for check in results)
    verdict = "PASS" if results and passed == len(results) else "FAIL"
    console.print(
        f"{verdict}: {passed} of {len(results)} checks passed, in {seconds:.0f} s", style="bold"
    )


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = argparse.ArgumentParser(description=__doc__)
    declared.add_argument("--data", type=Path, default=Path("data/marketplace"))
    declared.add_argument("--lake", default="marketplace-lake")
    declared.add_argument("--source", default="marketplace", help="name, or path to a TOML file")
    declared.add_argument(
        "--search", type=Path, nargs="*", default=[], help="where no personal value may be"
    )
    declared.add_argument("--memory", default="2GB", help="of the database, before it spills")
    return declared


def main() -> int:
    """Run and print the checks; return 0 if all pass."""
    given = options().parse_args()
    started = time.monotonic()
    try:
        source = load_source(given.source)
        with open_engine(engine_for(given.lake)) as engine:
            lake = Lake(engine, given.lake)
            results = verify(lake, source, given.data, given.search, given.memory)
    except (GoldrunError, FileNotFoundError) as error:
        results = [table_checks.Check("what there is to check", False, str(error))]
    show(results, time.monotonic() - started)
    return 0 if all(check.passed for check in results) else 1


if __name__ == "__main__":
    sys.exit(main())
