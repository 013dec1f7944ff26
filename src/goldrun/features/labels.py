"""Labels after a date, and the dates for which features and labels are complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import behaviour, gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import AsOfError
from goldrun.features.catalog import daily_metrics
from goldrun.features.observed_end import describe_after, observed_end

Step = Literal["week", "month"]
"""From one training date to the next."""
CHURNED = "churned"
"""1 when no completed order fell in ``[as_of, as_of + horizon_days)``, else 0."""
_RECORDS = " + ".join(
    (
        daily_metrics.TRANSACTIONS,
        daily_metrics.SESSIONS,
        daily_metrics.INTERACTIONS,
        *map(daily_metrics.events_of, behaviour.EVENT_TYPES),
    )
)
"""SQL of the number of records behind a row of ``gold/customer_daily``."""


@dataclass(frozen=True)
class History:
    """The span of the lake, in days.

    Attributes:
        observed_from: First day on which any activity was known. A later correction that moves a
            transaction to an earlier day does not change it.
        observed_until: Observed end of all activity (``observed_end``): the last day that the data
            cover as usual.
        sold_until: Observed end of the transactions of any status, up to which a label is known;
            never after ``observed_until``, and that day when None.
        after_the_end: Number of records by day, of the days of activity after ``observed_until``
            and of those of transactions after ``sold_until``; they count for nothing.
    """

    observed_from: date
    observed_until: date
    sold_until: date | None = None
    after_the_end: Mapping[date, int] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, daily: DataFrame) -> "History":
        """Compute the span from ``gold/customer_daily``; AsOfError if the table is empty."""
        history = cls.of_days(daily)
        if history is None:
            raise AsOfError(
                "gold/customer_daily is empty: load files that have rows (bronze, silver, gold, in "
                "this order), or run gold with rebuild=true where silver has them"
            )
        return history

    @classmethod
    def of_days(cls, daily: DataFrame) -> "History | None":
        """Compute the span from ``gold/customer_daily``; None if the table is empty."""
        counted = daily.groupBy(daily_metrics.DAY).agg(
            F.min(daily_metrics.KNOWN_FROM),
            F.expr(f"sum({_RECORDS})"),
            F.sum(daily_metrics.TRANSACTIONS),
        )
        rows = counted.collect()
        return cls.of_counts(
            min((known for _, known, *_ in rows), default=None),
            {day: records for day, _, records, _ in rows if records > 0},
            {day: transactions for day, *_, transactions in rows if transactions > 0},
        )

    @classmethod
    def of_counts(
        cls, first: date | None, records: Mapping[date, int], transactions: Mapping[date, int]
    ) -> "History | None":
        """Compute the span from its first day and the numbers of records and transactions by day.

        Days without any are left out, such as those that all transactions were moved from. None
        without records.
        """
        if first is None or not records:
            return None
        active = observed_end(records)
        if not transactions:
            return cls(first, active.day, None, active.after)
        sold = observed_end(transactions)
        after = dict(sorted({**sold.after, **active.after}.items()))
        return cls(first, active.day, min(sold.day, active.day), after)

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
                f"is incomplete; give {self.day_after} or an earlier date{self._after_note()}"
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
            raise AsOfError(self._too_short(horizon_days))
        if as_of > latest:
            raise AsOfError(
                f"as_of {as_of}: its label window of {horizon_days} days ends after the lake does "
                f"({self.sold_until or self.observed_until}); give {latest} or an earlier date"
                f"{self._after_note()}"
            )
        return self.check_features(as_of)

    def _too_short(self, horizon_days: int, window_days: int = 0) -> str:
        """Describe how many days are missing, and the longest horizon that the history allows."""
        end = self.sold_until or self.observed_until
        known, before = (end - self.observed_from).days + 1, max(window_days, 1)
        needed, longest = before + 2 * horizon_days + 1, (known - 1 - before) // 2
        window = f", after {window_days} days for the longest window of a feature" * (before > 1)
        remedy = f", or set horizon_days to {longest} or less in the model's TOML"
        return (
            f"the lake's history of {known} days ({self.observed_from} to {end}) is too short: to "
            f"train a model and to test it takes two label windows of {horizon_days} days{window}, "
            f"{needed} days in all; load {needed - known} more{remedy if longest > 0 else ''}"
        )

    def _after_note(self) -> str:
        if not self.after_the_end:
            return ""
        return (
            f". {describe_after(self.after_the_end)} after the end are too few for its rhythm: "
            "correct their dates, or load what is missing before them"
        )

    def training_origins(
        self, as_of: date, horizon_days: int, window_days: int, most: int, every: Step = "month"
    ) -> list[date]:
        """Find the dates to train on for a test at ``as_of``.

        The latest is ``as_of`` - horizon, so that no training label reaches into the time after
        ``as_of``; the others go back from it by calendar months or weeks, as long as the longest
        window among the features is covered.

        Args:
            as_of: The test origin.
            horizon_days: Length of the label window.
            window_days: Longest look-back window among the features, in days.
            most: Largest number of dates.
            every: Step from one date to the next.

        Returns:
            Ascending dates, at least one.

        Raises:
            AsOfError: The history is too short for even one.
        """
        last = as_of - timedelta(days=horizon_days)
        earliest = self.observed_from + timedelta(days=max(window_days, 1))
        dates = ((pd.Timestamp(last) - _steps(every, back)).date() for back in range(most))
        origins = sorted(origin for origin in dates if origin >= earliest)
        if not origins:
            needed = earliest + timedelta(days=horizon_days)
            if needed > self.latest_labelled(horizon_days):
                raise AsOfError(self._too_short(horizon_days, window_days))
            raise AsOfError(
                f"as_of {as_of}: no earlier date has both {window_days} days of history and "
                f"{horizon_days} days of labels; give {needed} or a later date"
            )
        return origins


def _steps(every: Step, number: int) -> pd.DateOffset:
    return pd.DateOffset(weeks=number) if every == "week" else pd.DateOffset(months=number)


def churn_labels(daily: DataFrame, features: DataFrame, horizon_days: int) -> DataFrame:
    """Compute whether each customer of a snapshot buys nothing in the ``horizon_days`` after it.

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
