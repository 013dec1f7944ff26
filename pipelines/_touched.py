"""Whose rows of gold the changes in silver are about, and what they are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts.activity import DAY
from goldrun.contracts.entities import CUSTOMER_ID, ORDER_ID, TRANSACTION_DATE, TRANSACTIONS
from goldrun.features.activity import Silver
from goldrun.features.touched import Days, days_touched, lines_behind
from goldrun.io.following import changes
from pipelines import gold
from pipelines._command import Context


@dataclass(frozen=True)
class Touched:
    """A part of gold that is to be computed again.

    Attributes:
        customers: ``customer_id``, each once.
        count: How many they are.
        silver: What the part is computed from.
        days: The days of the customers that are touched; None: all of their days.
    """

    customers: DataFrame
    count: int
    silver: Silver
    days: Days | None = None

    @property
    def condition(self) -> str | None:
        """SQL that the stored rows of the part satisfy; None when they may be anywhere."""
        return f"old.{self.days.condition}" if self.days else None

    def of(self, rows: DataFrame) -> DataFrame:
        """Those of some rows by customer and day that are in the part."""
        if self.days:
            return self.days.of(rows)
        return rows.join(self.customers, CUSTOMER_ID, "left_semi")


def find_touched(ctx: Context, changed: Mapping[str, int]) -> Touched:
    """Find what the changes after some versions are about, before and after.

    Where neither visits nor contacts are recorded and nothing but lines has changed, they are
    looked for by day, so that the work does not grow with a customer's history. A visit, a
    contact, or a new fact about a customer can change other days too: then all days of the
    customers touched are computed again.

    Args:
        ctx: The context.
        changed: Silver table to the version up to which gold has it.
    """
    silver = gold.silver_of(ctx)
    alone = silver.sessions is silver.events is silver.interactions is None
    if alone and set(changed) == {TRANSACTIONS.name}:
        return _by_day(ctx, silver, changed[TRANSACTIONS.name])
    parts = [changes(ctx.lake, name, since).select(CUSTOMER_ID) for name, since in changed.items()]
    customers = reduce(DataFrame.unionByName, parts).distinct().localCheckpoint()
    return Touched(customers, customers.count(), silver.of(customers))


def _by_day(ctx: Context, silver: Silver, since: int) -> Touched:
    lines = changes(ctx.lake, TRANSACTIONS.name, since)
    lines = lines.select(CUSTOMER_ID, ORDER_ID, TRANSACTION_DATE).localCheckpoint()
    days = days_touched(lines, silver.transactions).localCheckpoint()
    customers = days.select(CUSTOMER_ID).distinct().localCheckpoint()
    span = days.agg(F.count("*"), F.min(DAY), F.max(DAY)).collect()[0]
    if not span[0]:
        return Touched(customers, 0, silver)
    touched = Days(days, *span)
    behind = lines_behind(touched, silver.transactions).localCheckpoint()
    part = replace(silver.of(customers), transactions=behind)
    return Touched(customers, customers.count(), part, touched)
