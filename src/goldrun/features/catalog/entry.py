"""The two kinds of entries of the catalog: a daily metric and a feature."""

from collections.abc import Collection
from dataclasses import dataclass

from goldrun.contracts.table import Column


@dataclass(frozen=True)
class DailyMetric(Column):
    """A number of ``gold/customer_daily`` or of another daily table, which adds up over days.

    Attributes:
        expression: SQL aggregate over the rows of one key of its table, which the metric's module
            describes; null counts as 0.
    """

    expression: str = ""


@dataclass(frozen=True)
class Feature(Column):
    """A column of ``gold/customer_features`` or ``gold/user_features``, as of a date.

    A feature has an ``expression`` or an ``aggregate``. Both see activity of earlier days only.

    Attributes:
        expression: SQL over one row of the customer's totals before ``as_of``, with the columns
            ``as_of``, the sum of every daily metric under the metric's name,
            ``totals.AGGREGATES``, ``totals.IN_WINDOWS``, ``totals.OBSERVED_FROM``, and the values
            of ``features.non_additive``. Empty if ``aggregate`` is given.
        aggregate: SQL aggregate over the customer's rows of ``gold/customer_daily`` before
            ``as_of``, for what no total gives. Empty if ``expression`` is given.
        entity: Entity that the feature describes. The feature is null for every customer of a shop
            that does not record it. Empty: transactions, which every shop records.
        grows_with_time: Whether the value accumulates over all of a customer's history, so that it
            tends to rise with the calendar; a drift check shows it without a verdict.
        serves: Questions that the feature helps to answer, of ``contracts.uses``.
    """

    expression: str = ""
    aggregate: str = ""
    entity: str = ""
    grows_with_time: bool = False
    serves: tuple[str, ...] = ()

    def is_recorded(self, entities: Collection[str]) -> bool:
        """Whether a shop that records these entities has the feature."""
        return not self.entity or self.entity in entities
