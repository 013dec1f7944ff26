"""Values that do not add up over days, as of several dates.

A function takes the rows of a table of activity that are known as of each date, with ``as_of``
and each day once (``asof.known_as_of``), and returns key ``(customer_id, as_of)``, only for
customers with at least one value; ``squared_gap_of_days`` returns days.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, entities, gold
from goldrun.features.catalog import (
    daily_metrics,
    interaction_features,
    purchase_features,
    totals,
)

_EARLIER = "_earlier"
_PAIR = "_pair"
_NAME = "_name"
_VALUE = "_value"
_KEY = [entities.CUSTOMER_ID, gold.AS_OF]


def squared_gaps(daily: DataFrame) -> DataFrame:
    """Add up the squares of the gaps between consecutive days with a completed order, in days².

    Args:
        daily: Known rows of ``gold/customer_daily``.
    """
    return (
        squared_gap_of_days(daily, _KEY)
        .groupBy(*_KEY)
        .agg(F.sum(totals.SQUARED_GAPS).alias(totals.SQUARED_GAPS))
    )


def squared_gap_of_days(daily: DataFrame, key: Sequence[str]) -> DataFrame:
    """Square the gap between each day with a completed order and the one before it, in days².

    Args:
        daily: Rows with a ``day`` and ``orders``, each day of a key once.
        key: Columns that separate histories.

    Returns:
        Key ``(*key, day)``, without the first day of a history; ``totals.SQUARED_GAPS``.
    """
    bought = daily.where(F.col(daily_metrics.ORDERS) > 0).groupBy(*key)
    days = bought.agg(F.sort_array(F.collect_list(daily_metrics.DAY)).alias(_EARLIER))
    # Each day beside the one before it: a window over as many small groups takes three times as
    # long. A customer has one row a day, so no list is longer than a history has days.
    later = F.slice(_EARLIER, F.lit(2), F.size(_EARLIER)).alias(daily_metrics.DAY)
    pairs = days.select(*key, later, _EARLIER).select(
        *key, F.explode(F.arrays_zip(daily_metrics.DAY, _EARLIER)).alias(_PAIR)
    )
    gaps = pairs.select(*key, f"{_PAIR}.*").where(F.col(daily_metrics.DAY).isNotNull())
    gap = F.datediff(daily_metrics.DAY, _EARLIER).cast("bigint")
    return gaps.select(*key, daily_metrics.DAY, (gap * gap).alias(totals.SQUARED_GAPS))


def distinct_products(products: DataFrame) -> DataFrame:
    """Count the distinct products of completed transactions before each date.

    Args:
        products: Known rows of ``gold/customer_products``.
    """
    bought = products.select(*_KEY, entities.PRODUCT_ID).distinct()
    counted = bought.groupBy(*_KEY)
    return counted.agg(F.count("*").alias(purchase_features.DISTINCT_PRODUCTS))


def response_time_p90(responses: DataFrame) -> DataFrame:
    """Find the 90th percentile of response times, interpolated linearly between ranks.

    Of n times in order t_0 … t_(n-1) it is at rank 0.9 * (n - 1), which is definition 7 of
    Hyndman and Fan (1996), "Sample Quantiles in Statistical Packages".

    Args:
        responses: Rows of ``gold/customer_responses`` known as of each date, with ``as_of``.

    Returns:
        ``customer_id``, ``as_of`` and ``response_time_p90``.
    """
    # One row per interaction: not every engine applies the frequencies of ``percentile``.
    times = F.explode(
        F.array_repeat(behaviour.RESPONSE_TIME, F.col(daily_metrics.RESPONSES).cast("int"))
    )
    answered = responses.select(*_KEY, times.alias(behaviour.RESPONSE_TIME))
    return answered.groupBy(*_KEY).agg(
        F.percentile(behaviour.RESPONSE_TIME, 0.9).alias(interaction_features.RESPONSE_TIME_P90)
    )


def last_places(places: DataFrame) -> DataFrame:
    """Find each customer's location and segment on the last day with a transaction.

    Of several locations on that day it is the one with most transactions, then the first by name.
    An unknown location never counts; null if no location of that day is known. The segment is
    chosen the same way.

    Args:
        places: Known rows of ``gold/customer_places``.
    """
    attributes = (entities.LOCATION, entities.CUSTOMER_SEGMENT)
    last_day = places.groupBy(*_KEY).agg(F.max(daily_metrics.DAY).alias(daily_metrics.DAY))
    on_it = places.join(last_day, [*_KEY, daily_metrics.DAY], "left_semi")
    pairs = F.explode(
        F.array(*[F.struct(F.lit(n).alias(_NAME), F.col(n).alias(_VALUE)) for n in attributes])
    )
    counted = (
        on_it.select(*_KEY, daily_metrics.TRANSACTIONS, pairs.alias(_PAIR))
        .select(*_KEY, daily_metrics.TRANSACTIONS, f"{_PAIR}.*")
        .groupBy(*_KEY, _NAME, _VALUE)
        .agg(F.sum(daily_metrics.TRANSACTIONS).alias(daily_metrics.TRANSACTIONS))
    )
    known = counted.where(F.col(_VALUE) != "")
    most = known.groupBy(*_KEY, _NAME).agg(
        F.max(daily_metrics.TRANSACTIONS).alias(daily_metrics.TRANSACTIONS)
    )
    # Plain extremes twice: min_by an ordering struct is slow, and holds on to whole batches.
    chosen = known.join(most, [*_KEY, _NAME, daily_metrics.TRANSACTIONS], "left_semi").groupBy(
        *_KEY
    )
    return chosen.agg(
        *[F.min(F.when(F.col(_NAME) == n, F.col(_VALUE))).alias(n) for n in attributes]
    )
