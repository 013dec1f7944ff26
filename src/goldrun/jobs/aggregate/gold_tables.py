"""Compute gold from silver: activity per day, features as of a date, the users' table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.table import Table
from goldrun.errors import ChangesLostError, listed
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.spans import in_spans
from goldrun.io.delta.retype import has_other_types, retype
from goldrun.jobs.aggregate.activity import (
    ACTIVITY,
    activity_in,
    history_of,
    silver_of,
    users_of,
    versions_of_activity,
)
from goldrun.jobs.aggregate.affected import find_affected, recompute
from goldrun.jobs.aggregate.progress import (
    State,
    find_state,
    forget_progress,
    known_progress,
    record_progress,
    record_tables,
)
from goldrun.jobs.aggregate.recorded import changed_from, record_changed_from
from goldrun.jobs.aggregate.snapshots import Change, update_snapshots
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.monitor import rejections
from goldrun.jobs.time_zone import check_zone, keep_zone, record_zone_of_gold, zone_of_gold
from goldrun.monitoring.profile import profile_table

_NEARLY_ALL = 0.5
"""Share of affected customers above which a full computation is faster than a MERGE."""


def run(ctx: Context, as_of: date | None = None, *, rebuild: bool = False) -> date:
    """Bring all gold tables up to date; return the date of the feature snapshot.

    Activity is computed again for the changes in silver since the last update; all of it if
    the changes are not known, if they affect more than half of the customers, if its days are
    those of another time zone, if a definition has changed, or if another writer has changed a
    table. The result is the same either way. Stored snapshots that a change affects are computed
    again too.

    Args:
        ctx: The context.
        as_of: Date of the snapshot; the day after the observed end when None.
        rebuild: Compute all activity and the stored snapshots again.

    Raises:
        QualityError: There are no accepted transactions, and a check of data quality fails.
        AsOfError: There is no activity, or none before ``as_of``.
    """
    check_zone(ctx)
    add_missing_columns(ctx)
    keep_zone(ctx)
    if ctx.lake.read(TRANSACTIONS.name).isEmpty():
        rejections.check_before_training(ctx)
    state = find_state(ctx)
    state.log_reasons()
    if moved := zone_of_gold(ctx) != ctx.source.zone:
        _leave_zone(ctx)
    change = _update_activity(ctx, state, None if rebuild or moved else state.changed)
    change = Change.of_everything() if state.snapshots_anew else change
    updated = update_snapshots(ctx, change, as_of)
    _write_users(ctx)
    _log_profiles(ctx)
    record_zone_of_gold(ctx)
    record_tables(ctx, state, ctx.tracker.run_id, updated.seen)
    if state.silver != known_progress(ctx):
        record_progress(ctx, state.silver, ctx.tracker.run_id)
    return updated.as_of


def add_missing_columns(ctx: Context) -> None:
    """Add the columns of gold's contracts that an older lake lacks, or has with another type.

    The definitions that gold has recorded lack such a column too, so that this run, or the next one
    if this one stops, computes it for all rows.
    """
    for table in (*feature_tables.ACTIVITY, CUSTOMER_FEATURES):
        if has_other_types(ctx.lake, table):
            with ctx.lake.writing(table.name):
                log.info("    %s is rewritten once with the types of its columns", table.name)
                retype(ctx.lake, table)
        missing = ctx.lake.missing_columns(table)
        if not missing:
            continue
        names = listed([column.name for column in missing], at_most=len(missing))
        with ctx.lake.writing(table.name):
            log.info("    %s gains %s", table.name, names)
            ctx.lake.add_columns(table, missing)


def _leave_zone(ctx: Context) -> None:
    """Remove what may not be mixed with days of the source's time zone, and log why.

    Activity and the users' table are computed again by the caller. Snapshots are computed again
    on demand, so those of all dates are removed.
    """
    zones = zone_of_gold(ctx), ctx.source.name, ctx.source.zone
    log.info("    gold has the days of %s, and %s those of %s:", *zones)
    log.info("    all activity is computed again, and the snapshots of all dates are removed")
    with ctx.lake.writing(CUSTOMER_FEATURES.name):
        nothing = ctx.lake.read_or_empty(CUSTOMER_FEATURES).limit(0)
        ctx.lake.replace(CUSTOMER_FEATURES, nothing)


def _write_users(ctx: Context) -> None:
    # Locked before activity is read, or rows of a stream could be overwritten by older ones.
    with step("gold: user_features"), ctx.lake.writing(USER_FEATURES.name):
        until = history_of(ctx).observed_until
        users = users_of(activity_in(ctx), until)
        if ctx.lake.replace(USER_FEATURES, users, note={"observed_until": until}):
            ctx.lake.compact(USER_FEATURES)


def _log_profiles(ctx: Context) -> None:
    with step("gold: profile"):
        for table in (*feature_tables.ACTIVITY, CUSTOMER_FEATURES, USER_FEATURES):
            profile = profile_table(ctx.lake.read(table.name), table)
            ctx.tracker.log_metrics(profile.metrics())
            ctx.tracker.log_table(profile.columns, f"profile/{_short(table)}.csv")


def _compute_all(ctx: Context) -> None:
    # Locked before silver is read, as below.
    with ctx.lake.writing(*(table.name for table, _ in ACTIVITY)):
        # A stream beside this run records progress again, which alone would not show that a run
        # stopped before the snapshots.
        record_changed_from(ctx, date.min, ctx.tracker.run_id)
        with step("gold: spans of days"):
            spans = in_spans(silver_of(ctx).with_versions(), ctx.lake.rows_at_once)
        for table, compute in ACTIVITY:
            with step(f"gold: {_short(table)}"):
                ctx.lake.replace(table, [compute(silver) for silver in spans])


def _update_activity(ctx: Context, state: State, changed: Mapping[str, int] | None) -> Change:
    """Compute activity again: what silver's changes affect, or all if they are not known."""
    change = None if changed is None else _bring_up_to_date(ctx, changed)
    if change is None:
        # Without progress, a run after an interrupted one computes all of it again.
        forget_progress(ctx)
        _compute_all(ctx)
        return Change.of_everything()
    return change


def _bring_up_to_date(ctx: Context, changed: Mapping[str, int]) -> Change | None:
    """Compute the affected rows again.

    Returns:
        What has changed; None if all is to be computed: nearly all customers are affected, or
        the changes of silver can't be read.
    """
    if not changed:
        log.info("    silver has not changed since")
        return Change(None)
    # Locked before silver is read, or a faster writer's rows could be overwritten by rows of an
    # older silver.
    with step("gold: what has changed"), ctx.lake.writing(*(table.name for table, _ in ACTIVITY)):
        try:
            affected = find_affected(ctx, changed)
        except ChangesLostError as error:
            log.info("    %s", error)
            log.info("    all activity and all stored snapshots are computed again")
            return None
        everybody = ctx.lake.read(CUSTOMERS.name).count()
        log.info("    %s of %s customers affected", f"{affected.count:,}", f"{everybody:,}")
        if affected.count > everybody * _NEARLY_ALL:
            return None
        if not affected.count:
            return Change(None)
        lacked_before = changed_from(ctx)
        record_changed_from(ctx, affected.since, ctx.tracker.run_id)
        change = recompute(ctx, affected).since_or(lacked_before)
        return replace(change, versions=versions_of_activity(ctx))


def _short(table: Table) -> str:
    return table.name.split("/")[1]
