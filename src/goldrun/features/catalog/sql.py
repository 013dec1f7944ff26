"""SQL that several features share. Every argument is SQL, unless its description says otherwise."""

from collections.abc import Mapping, Sequence

from goldrun.contracts import gold
from goldrun.features.catalog import totals


def ratio(part: str, whole: str) -> str:
    """Divide two exact numbers as doubles; null if ``whole`` is 0."""
    return f"CAST({part} AS DOUBLE) / nullif(CAST({whole} AS DOUBLE), CAST(0 AS DOUBLE))"


def average(amount: str, count: str) -> str:
    """Divide money by a count that is not 0, with one rounding at the end."""
    # These widths make Spark keep 15 decimals of the quotient, so that it is rounded once.
    return f"CAST({amount} AS DECIMAL(20,4)) / CAST({count} AS DECIMAL(10,0))"


def added(numbers: Sequence[str]) -> str:
    """Add several numbers."""
    return f"({' + '.join(numbers)})"


def where_known(days: int, value: str) -> str:
    """Give ``value``; null if the history does not cover the ``days`` days before ``as_of``."""
    covered = f"date_sub({gold.AS_OF}, {days}) >= {totals.OBSERVED_FROM}"
    return f"CASE WHEN {covered} THEN {value} END"


def preferred(counts: Mapping[str, str]) -> str:
    """Choose the category with the greatest count; of equals the first by name.

    Args:
        counts: Category (a name, not SQL) to the SQL of its count.

    Returns:
        SQL of the category's name; null if every count is 0.
    """
    most = f"greatest({', '.join(counts.values())})"
    cases = [f"WHEN {counts[name]} = {most} THEN '{name}'" for name in sorted(counts)]
    return f"CASE WHEN {most} <= 0 THEN NULL {' '.join(cases)} END"
