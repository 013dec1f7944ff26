"""Aggregation of rows into the daily metrics of a table, by the day from which they are known."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.table import Column
from goldrun.features.catalog import daily_metrics
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM
from goldrun.features.catalog.entry import DailyMetric
from goldrun.features.transaction_versions import SIGN


def daily_sums(rows: DataFrame, key: Sequence[str], columns: Sequence[Column]) -> DataFrame:
    """Group rows by a key, and compute the daily metrics among some columns.

    Args:
        rows: Rows with a ``day``. If they have ``known_from`` and ``sign`` too, the metrics of
            rows with the sign -1 are subtracted.
        key: Columns to group by; ``day`` is one of them.
        columns: Columns of a contract; those that are no daily metric are ignored.

    Returns:
        The key, ``known_from`` and the metrics; a sum over no value is null, or 0 if the rows have
        a sign. Without a sign ``known_from`` is the day. With it, rows are differences, and those
        that change nothing are left out.
    """
    aggregates = daily_metrics.aggregates(columns)
    if SIGN not in rows.columns:
        return rows.groupBy(*key).agg(*aggregates).withColumn(KNOWN_FROM, F.col(DAY))
    metrics = [column for column in columns if isinstance(column, DailyMetric)]
    by_sign = rows.groupBy(*key, KNOWN_FROM, SIGN).agg(*aggregates)
    signed = [F.sum(_signed(metric)).alias(metric.name) for metric in metrics]
    sums = by_sign.groupBy(*key, KNOWN_FROM).agg(*signed)
    return sums.where(reduce(or_, [F.col(metric.name) != 0 for metric in metrics]))


def _signed(metric: DailyMetric) -> SparkColumn:
    value = F.coalesce(metric.name, F.lit(0).cast(metric.type))
    return F.when(F.col(SIGN) > 0, value).otherwise(-value)
