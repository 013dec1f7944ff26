"""Compute gold from silver: activity per day, features as of a date, the users' table."""

from collections.abc import Mapping, Sequence
from datetime import date

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMERS, TRANSACTIONS
from goldrun.contracts.table import Table
from goldrun.errors import listed
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.labels import History
from goldrun.features.snapshots import snapshots, user_features
from goldrun.features.spans import in_spans
from goldrun.jobs.aggregate.activity import (
    ACTIVITY,
    activity_in,
    changed_since,
    forget_progress,
    history_of,
    known_progress,
    record_progress,
    silver_of,
    tables_followed,
)
from goldrun.jobs.aggregate.affected import find_affected, recompute
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.monitor import rejections
from goldrun.jobs.time_zone import check_zone, keep_zone, record_zone_of_gold, zone_of_gold
from goldrun.monitoring.profile import profile_table

_NEARLY_ALL = 0.5
"""Share of affected customers above which a full computation is faster than a MERGE."""


def run(ctx: Context, as_of: date | None = None, *, rebuild: bool = False) -> date:
    """Bring all gold tables up to date; return the date of the feature snapshot.

    Activity is computed again for the changes in silver since the last update; all of it where
    these are not known or where its days are those of another time zone. The result is the same.

    Args:
        ctx: The context.
        as_of: Date of the snapshot; the day after the newest event when None.
        rebuild: Compute all activity and the stored snapshots again: a definition was changed.

    Raises:
        QualityError: All transactions are refused, so that there is nothing to compute.
        AsOfError: There is no activity, or none before ``as_of``.
    """
    check_zone(ctx)
    add_missing_columns(ctx)
    keep_zone(ctx)
    if ctx.lake.read(TRANSACTIONS.name).isEmpty():
        rejections.check_before_training(ctx)
    followed = ctx.lake.versions(tables_followed(ctx))
    if moved := zone_of_gold(ctx) != ctx.source.zone:
        _leave_zone(ctx)
    changed = None if rebuild or moved else changed_since(ctx, followed)
    if changed is None or not _bring_up_to_date(ctx, changed):
        _compute_all(ctx)
    history = history_of(ctx)
    as_of = history.check_features(as_of or history.day_after)
    write_snapshots(ctx, sorted({as_of, *_stored_dates(ctx, history)}) if rebuild else [as_of])
    with step("gold: user_features"), ctx.lake.writing(USER_FEATURES.name):
        users = user_features(ctx.lake.read(CUSTOMER_DAILY.name), history.observed_until)
        note = {"observed_until": history.observed_until}
        if ctx.lake.replace(USER_FEATURES, users, note=note):
            ctx.lake.compact(USER_FEATURES)
    with step("gold: profile"):
        for table in (
            *feature_tables.ACTIVITY,
            CUSTOMER_FEATURES,
            USER_FEATURES,
        ):
            profile = profile_table(ctx.lake.read(table.name), table)
            ctx.tracker.log_metrics(profile.metrics())
            ctx.tracker.log_table(profile.columns, f"profile/{_short(table)}.csv")
    record_zone_of_gold(ctx)
    if followed != known_progress(ctx):
        record_progress(ctx, followed, ctx.tracker.run_id)
    return as_of


def add_missing_columns(ctx: Context) -> None:
    """Add the columns of gold's contracts that an older lake lacks, and log them.

    Null is no sum: where a table of activity lacks a column, the recorded progress is deleted
    before the column is added, so that this run, or the next one if this one stops, computes all
    activity again. Snapshots of other dates have null in a new feature until a rebuild.
    """
    for table in (*feature_tables.ACTIVITY, CUSTOMER_FEATURES):
        missing = ctx.lake.missing_columns(table)
        if not missing:
            continue
        names = listed([column.name for column in missing], at_most=len(missing))
        with ctx.lake.writing(table.name):
            if table is CUSTOMER_FEATURES:
                log.info("    %s gains %s: null in snapshots of other dates", table.name, names)
            else:
                log.info("    %s gains %s: all activity is computed again", table.name, names)
                forget_progress(ctx)
            ctx.lake.add_columns(table, missing)


def _leave_zone(ctx: Context) -> None:
    """Remove what may not be mixed with days of the source's time zone, and log why.

    Activity and the users' table are computed again by the caller. Snapshots are computed again
    on demand, so those of all dates are removed.
    """
    zones = zone_of_gold(ctx), ctx.source.name, ctx.source.zone
    log.info("    gold has the days of %s, and %s those of %s:", *zones)
    log.info("    all activity is computed again, and the snapshots of all dates are removed")
    if ctx.source.rates is not None:
        log.warning(
            "    silver/transactions keeps the rates of the days of %s: build another lake with "
            "--lake to convert all money by the days of %s",
            *(zones[0], zones[2]),
        )
    with ctx.lake.writing(CUSTOMER_FEATURES.name):
        nothing = ctx.lake.read_or_empty(CUSTOMER_FEATURES).limit(0)
        ctx.lake.replace(CUSTOMER_FEATURES, nothing)


def _compute_all(ctx: Context) -> None:
    # Locked before silver is read, as below.
    with ctx.lake.writing(*(table.name for table, _ in ACTIVITY)):
        with step("gold: spans of days"):
            spans = in_spans(silver_of(ctx), ctx.lake.rows_at_once)
        for table, compute in ACTIVITY:
            with step(f"gold: {_short(table)}"):
                ctx.lake.replace(table, [compute(silver) for silver in spans])


def _bring_up_to_date(ctx: Context, changed: Mapping[str, int]) -> bool:
    """Compute the affected rows again; False when nearly all customers are affected."""
    if not changed:
        log.info("    silver has not changed since")
        return True
    # Locked before silver is read, or a faster writer's rows could be overwritten by rows of an
    # older silver.
    with step("gold: what has changed"), ctx.lake.writing(*(table.name for table, _ in ACTIVITY)):
        affected = find_affected(ctx, changed)
        everybody = ctx.lake.read(CUSTOMERS.name).count()
        log.info("    %s of %s customers affected", f"{affected.count:,}", f"{everybody:,}")
        if affected.count > everybody * _NEARLY_ALL:
            return False
        if affected.count:
            recompute(ctx, affected)
        return True


def _stored_dates(ctx: Context, history: History) -> list[date]:
    """Dates of the stored snapshots that the shop's history still covers."""
    dates = ctx.lake.read_or_empty(CUSTOMER_FEATURES).select(gold.AS_OF).distinct().collect()
    known = (row[gold.AS_OF] for row in dates)
    return [day for day in known if history.observed_from < day <= history.day_after]


def write_snapshots(ctx: Context, as_ofs: Sequence[date]) -> None:
    """Make ``gold/customer_features`` hold the features as of these dates, beside its others."""
    what = f"gold: customer_features as of {', '.join(map(str, as_ofs))}"
    with step(what), ctx.lake.writing(CUSTOMER_FEATURES.name):
        observed_from = history_of(ctx).observed_from
        rows = snapshots(activity_in(ctx), as_ofs, observed_from, staged=True)
        dates = ", ".join(f"DATE'{as_of}'" for as_of in as_ofs)
        if not ctx.lake.replace(CUSTOMER_FEATURES, rows, where=f"{gold.AS_OF} IN ({dates})"):
            log.info("    nothing changed")


def _short(table: Table) -> str:
    return table.name.split("/")[1]
