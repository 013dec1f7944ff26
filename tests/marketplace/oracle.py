"""The truth about gold, computed by DuckDB from the simulator's clean tables."""

from datetime import date
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent
TRUTH = "truth"
ORACLE = "oracle"


def compute_activity(
    db: duckdb.DuckDBPyConnection, zone: str = "UTC", as_of: date | None = None
) -> None:
    """Fill ``oracle`` with the four activity tables, and the users' table, from ``truth``.

    Args:
        db: The database.
        zone: Time zone whose calendar days the days are; kept for the features.
        as_of: Date before which a version of a transaction was known; all versions when None.
    """
    use_zone(db, zone)
    _compute_known(db, as_of)
    compute_users(db)


def _compute_known(db: duckdb.DuckDBPyConnection, as_of: date | None) -> None:
    db.execute("SET VARIABLE as_of = $as_of::DATE", {"as_of": as_of})
    _run(db, "oracle_known.sql")
    _run(db, "oracle_activity.sql")


def use_zone(db: duckdb.DuckDBPyConnection, zone: str = "UTC") -> None:
    """Set the time zone of days for later computations."""
    db.execute("SET VARIABLE zone = $zone", {"zone": zone})
    _run(db, "oracle_zone.sql")


def compute_users(db: duckdb.DuckDBPyConnection) -> None:
    """Fill ``oracle.user_features`` with every buyer as of the newest event."""
    _run(db, "oracle_users.sql")


def compute_features(db: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill ``oracle.customer_features`` with every customer's features as of a midnight.

    The activity tables of ``oracle`` become those that were known then.
    """
    _compute_known(db, as_of)
    compute_features_of_activity(db, as_of)


def compute_features_of_activity(db: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill ``oracle.customer_features`` from ``oracle.transactions`` and the activity as it is."""
    db.execute("SET VARIABLE as_of = $as_of::DATE", {"as_of": as_of})
    _run(db, "oracle_features.sql")


def _run(db: duckdb.DuckDBPyConnection, name: str) -> None:
    db.execute((FOLDER / name).read_text())
