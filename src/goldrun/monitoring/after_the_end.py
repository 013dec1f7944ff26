"""Transactions after the observed end of a shop's history."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities
from goldrun.features.observed_end import observed_end
from goldrun.medallion.days import day_of


def transactions_after_the_end(transactions: DataFrame, zone: str) -> Mapping[date, int]:
    """Count the transactions after the observed end by day.

    Args:
        transactions: Rows of ``silver/transactions``.
        zone: Time zone of the days.

    Returns:
        Number of rows by day, ascending; empty if the newest day is the observed end.
    """
    day = day_of(entities.TRANSACTION_DATE, zone)
    rows = transactions.groupBy(day.alias("day")).agg(F.count("*")).collect()
    return observed_end({row[0]: row[1] for row in rows}).after if rows else {}
