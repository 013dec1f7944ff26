"""Labels after a date, and the dates for which features and labels are complete."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import AsOfError
from goldrun.features.catalog import daily_metrics

CHURNED = "churned"
"""1 when no completed order fell in ``[as_of, as_of + horizon_days)``, else 0."""


@dataclass(frozen=True)
class History:
    """The span of the lake, in days.

    Attributes:
        observed_from: First day on which any activity was known. A later correction that moves a
            transaction to an earlier day does not change it.
        observed_until: Newest day with any activity.
        sold_until: Newest day with a transaction of any status, up to which a label is known;
            ``observed_until`` when None.
    """

    observed_from: date
    observed_until: date
    sold_until: date | None = None

    @classmethod
    def of(cls, daily: DataFrame) -> "History":
        """Read the span from ``gold/customer_daily``; AsOfError when that is empty."""
        sold = F.when(F.col(daily_metrics.TRANSACTIONS) > 0, F.col(daily_metrics.DAY))
        row = daily.agg(
            F.min(daily_metrics.KNOWN_FROM).alias("first"),
            F.max(daily_metrics.DAY).alias("last"),
            F.max(sold).alias("sold"),
        ).collect()[0]
        if row["first"] is None:
            raise AsOfError(
                "gold/customer_daily is empty: load files that have rows (bronze, silver, gold, in "
                "this order), or run gold with rebuild=true where silver has them"
            )
        return cls(row["first"], row["last"], row["sold"])

    @classmethod
    def of_days(cls, daily: DataFrame) -> "History | None":
        """Read first and last day alone from ``gold/customer_daily``; None when it is empty."""
        ends = F.min(daily_metrics.KNOWN_FROM), F.max(daily_metrics.DAY)
        first, last = daily.agg(*ends).collect()[0]
        return None if first is None else cls(first, last)

    @property
    def day_after(self) -> date:
        """The first as_of for which all activity counts."""
        return self.observed_until + timedelta(days=1)

    def check_features(self, as_of: date) -> date:
        """Return ``as_of`` if the lake has activity before it and covers every day before it.

        Raises:
            AsOfError: ``as_of`` is not after the first day, or later than the day after the last.
        """
        if as_of <= self.observed_from:
            raise AsOfError(
                f"as_of {as_of}: there is no activity before it; the first activity is on "
                f"{self.observed_from}, so give a later date"
            )
        if as_of > self.day_after:
            raise AsOfError(
                f"as_of {as_of}: the lake ends on {self.observed_until}, so activity before as_of "
                f"is incomplete; give {self.day_after} or an earlier date"
            )
        return as_of

    def latest_labelled(self, horizon_days: int) -> date:
        """The latest as_of whose label window the lake's transactions cover."""
        return (self.sold_until or self.observed_until) - timedelta(days=horizon_days)

    def check_labels(self, as_of: date, horizon_days: int) -> date:
        """Return ``as_of`` if the lake covers its features and the whole label window.

        Raises:
            AsOfError: As ``check_features``, or the label window ends after the lake does.
        """
        latest = self.latest_labelled(horizon_days)
        if latest <= self.observed_from:
            raise AsOfError(
                f"the lake's history ({self.observed_from} to {self.observed_until}) is shorter "
                f"than a label window of {horizon_days} days: load more, or set a smaller "
                "horizon_days in the model's TOML"
            )
        if as_of > latest:
            raise AsOfError(
                f"as_of {as_of}: its label window of {horizon_days} days ends after the lake does "
                f"({self.observed_until}); give {latest} or an earlier date"
            )
        return self.check_features(as_of)

    def training_origins(
        self, as_of: date, horizon_days: int, window_days: int, most: int
    ) -> list[date]:
        """Find the dates to train on for a test at ``as_of``.

        The latest is ``as_of`` - horizon, so that no training label reaches into the time after
        ``as_of``; the others go back from it by calendar months, as long as the longest window
        among the features is covered.

        Args:
            as_of: The test origin.
            horizon_days: Length of the label window.
            window_days: Longest look-back window among the features, in days.
            most: Largest number of dates.

        Returns:
            Ascending dates, at least one.

        Raises:
            AsOfError: The history is too short for even one.
        """
        last = as_of - timedelta(days=horizon_days)
        earliest = self.observed_from + timedelta(days=max(window_days, 1))
        monthly = ((pd.Timestamp(last) - pd.DateOffset(months=back)).date() for back in range(most))
        origins = sorted(origin for origin in monthly if origin >= earliest)
        if not origins:
            needed = earliest + timedelta(days=horizon_days)
            remedy = f"give {needed} or a later date"
            if needed > self.latest_labelled(horizon_days):
                remedy = (
                    f"the lake must reach {needed + timedelta(days=horizon_days)} for that, so "
                    "load more history or set a smaller horizon_days in the model's TOML"
                )
            raise AsOfError(
                f"as_of {as_of}: no earlier date has both {window_days} days of history and "
                f"{horizon_days} days of labels; {remedy}"
            )
        return origins


def churn_labels(daily: DataFrame, features: DataFrame, horizon_days: int) -> DataFrame:
    """Find who of a snapshot bought nothing in the ``horizon_days`` after it.

    Args:
        daily: Rows of ``gold/customer_daily``.
        features: Rows of ``gold/customer_features`` as of one or more dates.
        horizon_days: Length of the label window [as_of, as_of + horizon_days).

    Returns:
        ``customer_id, as_of, churned`` for each row of ``features``.
    """
    orders = daily.where(F.col(daily_metrics.ORDERS) != 0).select(
        CUSTOMER_ID, daily_metrics.DAY, daily_metrics.KNOWN_FROM, daily_metrics.ORDERS
    )
    end = F.date_add(gold.AS_OF, horizon_days)
    day, end = F.col(daily_metrics.DAY), F.date_add(gold.AS_OF, horizon_days)
    # As known at the end of the window: a correction that comes later does not count.
    inside = (day >= F.col(gold.AS_OF)) & (F.col(daily_metrics.KNOWN_FROM) < end)
    population = features.select(CUSTOMER_ID, gold.AS_OF)
    counted = population.join(orders, CUSTOMER_ID).where(inside).groupBy(CUSTOMER_ID, gold.AS_OF)
    bought = counted.agg(F.sum(daily_metrics.ORDERS).alias(daily_metrics.ORDERS))
    came_back = bought.where(F.col(daily_metrics.ORDERS) > 0).withColumn(CHURNED, F.lit(0))
    return population.join(came_back, [CUSTOMER_ID, gold.AS_OF], "left").select(
        CUSTOMER_ID, gold.AS_OF, F.coalesce(CHURNED, F.lit(1)).alias(CHURNED)
    )
