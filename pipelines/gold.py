"""Compute gold from silver: activity per day, features as of a date, the users' table."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import activity as A
from goldrun.contracts import gold as G
from goldrun.contracts import lineage as L
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
from goldrun.features.labels import History
from goldrun.features.snapshots import snapshots, user_features
from goldrun.monitoring.profile import profile_table
from pipelines._command import Context, add_as_of, log, parser, run_script, step

_CUSTOMERS = "customers"
ACTIVITY: tuple[tuple[Table, Callable[[Silver], DataFrame]], ...] = (
    (A.CUSTOMER_DAILY, customer_daily),
    (A.CUSTOMER_PRODUCTS, customer_products),
    (A.CUSTOMER_RESPONSES, customer_responses),
    (A.CUSTOMER_PLACES, customer_places),
)


def run(ctx: Context, as_of: date | None = None) -> date:
    """Bring all gold tables up to date; return the date of the feature snapshot.

    Args:
        ctx: The context.
        as_of: Date of the snapshot; the day after the newest event when None.
    """
    followed = ctx.lake.versions(tables_followed(ctx))
    silver = silver_of(ctx)
    for table, compute in ACTIVITY:
        with step(f"gold: {_short(table)}"), ctx.lake.writing(table.name):
            ctx.lake.replace(table, compute(silver))
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    write_snapshots(ctx, [as_of])
    with step("gold: user_features"), ctx.lake.writing(G.USER_FEATURES.name):
        users = user_features(ctx.lake.read(A.CUSTOMER_DAILY.name), history.observed_until)
        note = {"observed_until": history.observed_until}
        if ctx.lake.replace(G.USER_FEATURES, users, note=note):
            ctx.lake.compact(G.USER_FEATURES)
    with step("gold: profile"):
        for table in (*A.ACTIVITY, G.CUSTOMER_FEATURES, G.USER_FEATURES):
            profile = profile_table(ctx.lake.read(table.name), table)
            ctx.tracker.log_metrics(profile.metrics())
            ctx.tracker.log_table(profile.columns, f"profile/{_short(table)}.csv")
    if followed != known_progress(ctx):
        record_progress(ctx, followed, ctx.tracker.run_id)
    return as_of


def tables_followed(ctx: Context) -> list[str]:
    """Names of the silver tables that activity is computed from."""
    names = [ENTITIES[entity].name for entity in ctx.source.landed]
    if _CUSTOMERS in ctx.source.landed:
        names.append(L.history_table(CUSTOMERS).name)
    return names


def record_progress(ctx: Context, versions: Mapping[str, int], run_id: str) -> None:
    """Remember which silver versions gold has, for whoever brings it up to date next."""
    rows = [(name, version, ctx.now, run_id) for name, version in versions.items()]
    with ctx.lake.writing(GOLD_PROGRESS.name):
        ctx.lake.append(GOLD_PROGRESS, ctx.lake.frame(GOLD_PROGRESS, rows))


def known_progress(ctx: Context) -> dict[str, int]:
    """The silver versions that gold has, by table."""
    newest = F.max_by(VERSION, MEASURED_AT).alias(VERSION)
    rows = ctx.lake.read_or_empty(GOLD_PROGRESS).groupBy(FOLLOWED).agg(newest).collect()
    return {row[FOLLOWED]: row[VERSION] for row in rows}


def silver_of(ctx: Context) -> Silver:
    """The silver tables of the entities that the source has."""

    def recorded(entity: str) -> DataFrame | None:
        mapped = entity in ctx.source.entities
        return ctx.lake.read(ENTITIES[entity].name) if mapped else None

    customers = ctx.lake.read(CUSTOMERS.name)
    if _CUSTOMERS not in ctx.source.landed:
        # Derived customers are at their latest place: where they were before is not known.
        customers = customers.limit(0)
    return Silver(
        transactions=ctx.lake.read(TRANSACTIONS.name),
        customers=customers,
        customers_history=ctx.lake.read_or_empty(L.history_table(CUSTOMERS)),
        sessions=recorded("sessions"),
        events=recorded("events"),
        interactions=recorded("interactions"),
    )


def activity_in(ctx: Context) -> Activity:
    """What gold holds day by day, and which entities the source has."""
    daily, products, responses, places = (ctx.lake.read(table.name) for table, _ in ACTIVITY)
    return Activity(daily, products, responses, places, frozenset(ctx.source.entities))


def history_of(ctx: Context) -> History:
    """First and last day of the lake."""
    return History.of(ctx.lake.read(A.CUSTOMER_DAILY.name))


def write_snapshots(ctx: Context, as_ofs: Sequence[date]) -> None:
    """Make ``gold/customer_features`` hold the features as of these dates, beside its others."""
    what = f"gold: customer_features as of {', '.join(map(str, as_ofs))}"
    with step(what), ctx.lake.writing(G.CUSTOMER_FEATURES.name):
        rows = snapshots(activity_in(ctx), as_ofs, history_of(ctx).observed_from)
        dates = ", ".join(f"DATE'{as_of}'" for as_of in as_ofs)
        if not ctx.lake.replace(G.CUSTOMER_FEATURES, rows, where=f"{G.AS_OF} IN ({dates})"):
            log.info("    nothing changed")


def _short(table: Table) -> str:
    return table.name.split("/")[1]


def _work(ctx: Context, given: argparse.Namespace) -> None:
    run(ctx, given.as_of)


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the feature snapshot (default: the day after the newest event)")
    return declared


if __name__ == "__main__":
    sys.exit(run_script(options(), _work, "gold"))
