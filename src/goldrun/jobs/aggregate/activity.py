"""Activity: its tables, the silver tables behind it, and the versions of silver that it has."""

from collections.abc import Callable, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import FOLLOWED, GOLD_PROGRESS, MEASURED_AT, VERSION
from goldrun.contracts.table import Table
from goldrun.features.activity import (
    Activity,
    Silver,
    customer_daily,
    customer_places,
    customer_products,
    customer_responses,
)
from goldrun.features.catalog import non_additive_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.features.labels import History
from goldrun.jobs.context import Context

_CUSTOMERS = "customers"
ACTIVITY: tuple[tuple[Table, Callable[[Silver], DataFrame]], ...] = (
    (CUSTOMER_DAILY, customer_daily),
    (non_additive_tables.CUSTOMER_PRODUCTS, customer_products),
    (non_additive_tables.CUSTOMER_RESPONSES, customer_responses),
    (non_additive_tables.CUSTOMER_PLACES, customer_places),
)


def tables_followed(ctx: Context) -> list[str]:
    """Names of the silver tables that activity is computed from."""
    names = [ENTITIES[entity].name for entity in ctx.source.with_files]
    if _CUSTOMERS in ctx.source.with_files:
        names.append(lineage.history_table(CUSTOMERS).name)
    return names


def record_progress(ctx: Context, versions: Mapping[str, int], run_id: str) -> None:
    """Record the silver versions that gold has, for the next update."""
    rows = [(name, version, ctx.now, run_id) for name, version in versions.items()]
    with ctx.lake.writing(GOLD_PROGRESS.name):
        ctx.lake.append(GOLD_PROGRESS, ctx.lake.frame(GOLD_PROGRESS, rows))


def forget_progress(ctx: Context) -> None:
    """Delete the record of the silver versions that gold has: all activity is computed again."""
    if ctx.lake.exists(GOLD_PROGRESS.name):
        with ctx.lake.writing(GOLD_PROGRESS.name):
            ctx.lake.replace(GOLD_PROGRESS, ctx.lake.frame(GOLD_PROGRESS, []))


def known_progress(ctx: Context) -> dict[str, int]:
    """The silver versions that gold has, by table, as last recorded."""
    progress = ctx.lake.read_or_empty(GOLD_PROGRESS)
    newest = progress.agg(F.max(MEASURED_AT).alias(MEASURED_AT))
    rows = progress.join(newest, MEASURED_AT, "left_semi").collect()
    return {row[FOLLOWED]: row[VERSION] for row in rows}


def changed_since(ctx: Context, followed: Mapping[str, int]) -> dict[str, int] | None:
    """The silver tables that have changed since gold was updated, by the version that it has.

    Args:
        ctx: The context.
        followed: Newest version of each table to follow.

    Returns:
        None where the changes are not known: no versions or those of other tables are recorded, a
        table is older than its recorded version or has no change data feed, or a table of gold
        does not exist.
    """
    known = known_progress(ctx)
    is_known = (
        set(known) == set(followed)
        and all(version >= known[name] for name, version in followed.items())
        and all(ctx.lake.exists(table.name) for table, _ in ACTIVITY)
        and all(ctx.lake.has_change_feed(name) for name in followed)
    )
    if not is_known:
        return None
    return {n: known[n] for n, version in followed.items() if version > known[n]}


def silver_of(ctx: Context) -> Silver:
    """The silver tables of the entities that the source has."""

    def recorded(entity: str) -> DataFrame | None:
        mapped = entity in ctx.source.entities
        return ctx.lake.read(ENTITIES[entity].name) if mapped else None

    theirs = {}
    if _CUSTOMERS in ctx.source.with_files:
        theirs["customers"] = ctx.lake.read(CUSTOMERS.name)
        theirs["customers_history"] = ctx.lake.read_or_empty(lineage.history_table(CUSTOMERS))
    return Silver(
        transactions=ctx.lake.read(TRANSACTIONS.name),
        **theirs,
        sessions=recorded("sessions"),
        events=recorded("events"),
        interactions=recorded("interactions"),
        zone=ctx.source.zone,
    )


def activity_in(ctx: Context) -> Activity:
    """The stored tables of activity, and the entities that the source has."""
    daily, products, responses, places = (ctx.lake.read(table.name) for table, _ in ACTIVITY)
    return Activity(daily, products, responses, places, frozenset(ctx.source.entities))


def history_of(ctx: Context) -> History:
    """First and last day of the lake."""
    return History.of(ctx.lake.read(CUSTOMER_DAILY.name))
