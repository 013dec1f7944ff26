"""Fingerprints of how each column of gold is computed, by which a changed definition is noticed."""

import hashlib
from collections.abc import Mapping

from goldrun.contracts.table import Column, Table
from goldrun.features.catalog import totals
from goldrun.features.catalog.entry import DailyMetric, Feature
from goldrun.features.catalog.feature_tables import ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES

ROWS_VERSION = 1
"""Version of the code that prepares the rows which daily metrics aggregate.

That code is ``features.activity`` and the modules ``features.*_by_day``, with what they import from
``medallion``. No fingerprint covers it: add 1 when it computes other rows from the same silver.
Every lake then computes its activity and its stored snapshots anew.
"""
TOTALS_VERSION = 1
"""Version of the code that computes what features read: ``features.asof``, ``features.snapshots``,
``features.sums_between`` and ``features.non_additive``. Add 1 when it computes other values from
the same activity."""

ROWS = "the rows of a day"
"""Name of ``ROWS_VERSION`` among the definitions of a table."""
TOTALS = "the totals before a date"
"""Name of ``TOTALS_VERSION`` and of ``catalog.totals`` among the definitions of a table."""


def definitions(recorded: frozenset[str]) -> dict[str, dict[str, str]]:
    """Compute the fingerprints of the tables of gold.

    Args:
        recorded: Entities that the shop records; features of other entities are null.

    Returns:
        Fingerprint by column, and by ``ROWS`` or ``TOTALS``, for each table of gold by its name.
    """
    shared = (TOTALS_VERSION, totals.AGGREGATES, totals.IN_WINDOWS)
    found = {
        table.name: {ROWS: _hash((ROWS_VERSION, table.key))} | _columns(table, recorded)
        for table in ACTIVITY
    }
    for table in (CUSTOMER_FEATURES, USER_FEATURES):
        found[table.name] = {TOTALS: _hash(shared)} | _columns(table, recorded)
    return found


def changed_definitions(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the names whose fingerprint was changed, added or removed, in order."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _columns(table: Table, recorded: frozenset[str]) -> dict[str, str]:
    return {
        column.name: _hash((column.type.simpleString(), _expression(column, recorded)))
        for column in table.columns
    }


def _expression(column: Column, recorded: frozenset[str]) -> str:
    if isinstance(column, DailyMetric):
        return column.expression
    if not isinstance(column, Feature):
        return ""
    if column.entity and column.entity not in recorded:
        return "NULL"
    return column.expression or column.aggregate


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
