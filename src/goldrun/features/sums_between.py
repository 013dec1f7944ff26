"""Activity summed up once between consecutive dates, so that each date adds up few rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import entities, gold
from goldrun.features import asof, non_additive
from goldrun.features.activity import Activity
from goldrun.features.catalog import daily_metrics, feature_tables, purchase_features, totals
from goldrun.features.catalog.daily_metrics import DAY, KNOWN_FROM

_BETWEEN = [entities.CUSTOMER_ID, KNOWN_FROM]
_PLACE = [entities.LOCATION, entities.CUSTOMER_SEGMENT]
_ADDED = (totals.SQUARED_GAPS, purchase_features.DISTINCT_PRODUCTS)


@dataclass(frozen=True)
class SumsBetween:
    """What the features as of several dates are computed from, without a pass over all days each.

    Attributes:
        sums: Key ``(customer_id, known_from)``, where ``known_from`` is the last day before one of
            the dates: totals of the days that are known as of this date and of none before it.
            The totals of ``asof.totals_before`` that features read, ``totals.SQUARED_GAPS`` and the
            number of products that are bought for the first time.
        places: Key ``(customer_id, last_transaction)``: location and segment on that day, of the
            days that are a customer's last before a date; only rows with at least one known.
        activity: The daily tables, for what does not add up over these periods.
    """

    sums: DataFrame
    places: DataFrame
    activity: Activity

    def totals_before(self, as_ofs: Sequence[date]) -> DataFrame:
        """Compute what the features as of some dates read, but for times of responses.

        These are the columns of ``asof.all_totals_before``, without metrics that no recorded
        feature reads, ``totals.SQUARED_GAPS``, the number of distinct products, and the place.

        Args:
            as_ofs: Some of the dates.
        """
        known = asof.expand_as_of(self.sums, as_ofs).groupBy(entities.CUSTOMER_ID, gold.AS_OF)
        combined = [f"{how}({name}) AS {name}" for name, how in totals.COMBINED_BY.items()]
        added = [f"sum({name}) AS {name}" for name in _ADDED]
        sums = known.agg(*map(F.expr, [*_metric_sums(self.activity), *combined, *added]))
        sums = sums.where(F.col(daily_metrics.ORDERS) > 0)
        sums = asof.with_windows(sums, self.activity.daily, as_ofs)
        sums = asof.with_declared(sums, self.activity.daily, as_ofs)
        return sums.join(self.places, [entities.CUSTOMER_ID, totals.LAST_TRANSACTION], "left")


def sums_between(
    activity: Activity, as_ofs: Sequence[date], *, staged: bool = False
) -> SumsBetween:
    """Sum up activity between dates.

    Args:
        activity: The daily tables of gold, of a shop in which no transaction was changed: a gap
            between days, and the first day of a product, would differ by date.
        as_ofs: All dates as of which features are wanted.
        staged: See ``snapshots.snapshots``.

    Raises:
        ValueError: Transactions were changed.
    """
    if activity.has_versions:
        raise ValueError("days that were corrected later do not add up between dates")

    def stored(rows: DataFrame) -> DataFrame:
        return rows.localCheckpoint() if staged else rows

    daily = asof.until_first_as_of(activity.daily, as_ofs).groupBy(*_BETWEEN)
    aggregates = [f"{aggregate} AS {name}" for name, aggregate in totals.AGGREGATES.items()]
    sums = daily.agg(*map(F.expr, [*_metric_sums(activity), *aggregates]))
    for part in (_gaps(activity.daily, as_ofs), _first_products(activity.products, as_ofs)):
        sums = sums.join(stored(part), _BETWEEN, "left")
    sums = stored(sums)
    return SumsBetween(sums, stored(_places(activity.places, sums)), activity)


def _metric_sums(activity: Activity) -> list[str]:
    # Without the metrics of entities that are not recorded, which are half of them.
    metrics = feature_tables.metrics_read(activity.recorded)
    return [f"{asof.sum_of(each.name)} AS {each.name}" for each in metrics]


def _gaps(daily: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    gaps = non_additive.squared_gap_of_days(daily, [entities.CUSTOMER_ID])
    dated = gaps.withColumnRenamed(DAY, KNOWN_FROM)
    known = asof.until_first_as_of(dated, as_ofs).groupBy(*_BETWEEN)
    return known.agg(F.sum(totals.SQUARED_GAPS).alias(totals.SQUARED_GAPS))


def _first_products(products: DataFrame, as_ofs: Sequence[date]) -> DataFrame:
    by_product = products.groupBy(entities.CUSTOMER_ID, entities.PRODUCT_ID)
    firsts = by_product.agg(F.min(KNOWN_FROM).alias(KNOWN_FROM))
    known = asof.until_first_as_of(firsts, as_ofs).groupBy(*_BETWEEN)
    return known.agg(F.count("*").alias(purchase_features.DISTINCT_PRODUCTS))


def _places(places: DataFrame, sums: DataFrame) -> DataFrame:
    # First the few days that can be a last one, or all days of all customers would be compared.
    last_days = sums.select(entities.CUSTOMER_ID, F.col(totals.LAST_TRANSACTION).alias(DAY))
    on_them = places.join(last_days, [entities.CUSTOMER_ID, DAY], "left_semi")
    known = on_them.where(F.greatest(*_PLACE) != "").withColumn(gold.AS_OF, F.col(DAY))
    return non_additive.last_places(known).withColumnRenamed(gold.AS_OF, totals.LAST_TRANSACTION)
