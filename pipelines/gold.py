"""Compute gold from silver: activity per day, features as of a date, the users' table."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date

from goldrun.contracts import gold as G
from goldrun.contracts.entities import TRANSACTIONS
from goldrun.features.activity import customer_daily
from goldrun.features.labels import History
from goldrun.features.snapshots import snapshots, user_features
from goldrun.monitoring.profile import profile_table
from pipelines._command import Context, add_as_of, log, parser, run_script, step


def run(ctx: Context, as_of: date | None = None) -> date:
    """Bring all gold tables up to date; return the date of the feature snapshot.

    Args:
        ctx: The context.
        as_of: Date of the snapshot; the day after the newest event when None.
    """
    transactions = ctx.lake.read(TRANSACTIONS.name)
    with step("gold: customer_daily"), ctx.lake.writing(G.CUSTOMER_DAILY.name):
        daily = customer_daily(transactions)
        if ctx.lake.replace(G.CUSTOMER_DAILY, daily):
            ctx.lake.compact(G.CUSTOMER_DAILY)
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    write_snapshots(ctx, [as_of])
    with step("gold: user_features"), ctx.lake.writing(G.USER_FEATURES.name):
        users = user_features(ctx.lake.read(G.CUSTOMER_DAILY.name), history.observed_until)
        note = {"observed_until": history.observed_until}
        if ctx.lake.replace(G.USER_FEATURES, users, note=note):
            ctx.lake.compact(G.USER_FEATURES)
    with step("gold: profile"):
        for table in (G.CUSTOMER_DAILY, G.CUSTOMER_FEATURES, G.USER_FEATURES):
            profile = profile_table(ctx.lake.read(table.name), table)
            ctx.tracker.log_metrics(profile.metrics())
            ctx.tracker.log_table(profile.columns, f"profile/{table.name.split('/')[1]}.csv")
    return as_of


def history_of(ctx: Context) -> History:
    """First and last day of the lake."""
    return History.of(ctx.lake.read(G.CUSTOMER_DAILY.name))


def write_snapshots(ctx: Context, as_ofs: Sequence[date]) -> None:
    """Make ``gold/customer_features`` hold the features as of these dates, beside its others."""
    what = f"gold: customer_features as of {', '.join(map(str, as_ofs))}"
    with step(what), ctx.lake.writing(G.CUSTOMER_FEATURES.name):
        daily = ctx.lake.read(G.CUSTOMER_DAILY.name)
        rows = snapshots(daily, as_ofs, history_of(ctx).observed_from)
        dates = ", ".join(f"DATE'{as_of}'" for as_of in as_ofs)
        if ctx.lake.replace(G.CUSTOMER_FEATURES, rows, where=f"{G.AS_OF} IN ({dates})"):
            ctx.lake.compact(G.CUSTOMER_FEATURES)
        else:
            log.info("    nothing changed")


def _work(ctx: Context, given: argparse.Namespace) -> None:
    run(ctx, given.as_of)


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the feature snapshot (default: the day after the newest event)")
    return declared


if __name__ == "__main__":
    sys.exit(run_script(options(), _work, "gold"))
