"""The rows of gold that changes in silver affect, and the rows of silver behind them."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import (
    CUSTOMER_ID,
    ORDER_ID,
    TRANSACTION_DATE,
    TRANSACTION_ID,
    TRANSACTIONS,
)
from goldrun.contracts.table import Table
from goldrun.features.affected import Days, affected_days, contributing_rows, other_versions
from goldrun.features.catalog.daily_metrics import DAY
from goldrun.features.catalog.non_additive_tables import CUSTOMER_RESPONSES
from goldrun.features.silver_tables import Silver
from goldrun.io.delta.differences import Replaced
from goldrun.jobs.aggregate.activity import ACTIVITY, silver_of
from goldrun.jobs.aggregate.snapshots import Change
from goldrun.jobs.context import Context

_OF_TRANSACTIONS = (TRANSACTIONS.name, lineage.history_table(TRANSACTIONS).name)
_READ = (CUSTOMER_ID, ORDER_ID, TRANSACTION_ID, TRANSACTION_DATE)


@dataclass(frozen=True)
class AffectedRows:
    """A part of gold to compute again.

    Attributes:
        customers: ``customer_id``, each once.
        count: Number of customers.
        silver: The rows of silver that the part is computed from.
        days: The affected days of the customers; None: all of their days.
    """

    customers: DataFrame
    count: int
    silver: Silver
    days: Days | None = None

    @property
    def condition(self) -> str | None:
        """SQL that the stored rows of the part satisfy; None when they may be anywhere."""
        return f"old.{self.days.condition}" if self.days else None

    @property
    def since(self) -> date:
        """A day before which no activity changes."""
        return self.days.first if self.days else date.min

    def of(self, rows: DataFrame) -> DataFrame:
        """The rows, by customer and day, that belong to the part."""
        if self.days:
            return self.days.of(rows)
        return rows.join(self.customers, CUSTOMER_ID, "left_semi")


def find_affected(ctx: Context, changed: Mapping[str, int]) -> AffectedRows:
    """Find the rows of gold that the changes after some versions of silver affect.

    Where the shop records neither sessions nor interactions and only transactions have changed,
    they are found by day, so that the work does not grow with a customer's history. A session, an
    interaction or a new version of a customer can change other days too: then all days of the
    affected customers are computed again.

    Args:
        ctx: The context.
        changed: Silver table to the version up to which gold has it.

    Raises:
        ChangesLostError: A change data feed can't be read from there.
    """
    silver = silver_of(ctx)
    if silver.has_only_transactions and set(changed) <= set(_OF_TRANSACTIONS):
        return _by_day(ctx, silver, changed)
    parts = [ctx.lake.read_changed(name, since, [CUSTOMER_ID]) for name, since in changed.items()]
    if silver.transactions_history is not None and set(changed) & set(_OF_TRANSACTIONS):
        parts.append(other_versions(_changes(ctx, changed), silver).select(CUSTOMER_ID))
    customers = reduce(DataFrame.unionByName, parts).distinct().localCheckpoint()
    return AffectedRows(customers, customers.count(), silver.of(customers).with_versions())


def _changes(ctx: Context, changed: Mapping[str, int]) -> DataFrame:
    """Read the changed transactions, current and superseded ones."""
    parts = [
        ctx.lake.read_changed(name, changed[name], _READ)
        for name in _OF_TRANSACTIONS
        if name in changed
    ]
    return reduce(DataFrame.unionByName, parts)


def recompute(ctx: Context, affected: AffectedRows) -> Change:
    """Compute the affected part of activity again, and replace the stored rows by it."""

    def bring(table: Table, compute: Callable[[Silver], DataFrame]) -> Replaced | None:
        if table is CUSTOMER_RESPONSES and affected.silver.interactions is None:
            ctx.lake.create(table)
            return None
        part = affected.of(ctx.lake.read_or_empty(table))
        rows = affected.of(compute(affected.silver))
        return ctx.lake.replace_rows(table, rows, part, affected.condition)

    # Most of each replacement is planning and committing, which leaves a core free.
    with ThreadPoolExecutor(len(ACTIVITY)) as pool:
        done = [each.result() for each in [pool.submit(bring, *table) for table in ACTIVITY]]
    replaced = [each for each in done if each]
    if not replaced:
        return Change(None)
    customers = reduce(DataFrame.unionByName, [r.rows.select(CUSTOMER_ID) for r in replaced])
    return Change(min(r.first[DAY] for r in replaced), customers)


def _by_day(ctx: Context, silver: Silver, changed: Mapping[str, int]) -> AffectedRows:
    days = affected_days(_changes(ctx, changed), silver).localCheckpoint()
    customers = days.select(CUSTOMER_ID).distinct().localCheckpoint()
    span = days.agg(F.count("*"), F.min(DAY), F.max(DAY)).collect()[0]
    if not span[0]:
        return AffectedRows(customers, 0, silver)
    affected = Days(days, *span)
    behind = contributing_rows(affected, silver)
    part = replace(
        replace(silver, transactions_history=None).of(customers),
        transactions=behind.transactions,
        transactions_history=behind.transactions_history,
    )
    return AffectedRows(customers, customers.count(), part.with_versions(), affected)
