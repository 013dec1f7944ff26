"""Stored snapshots of features, and their update when activity has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pyspark.sql import DataFrame

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.errors import listed
from goldrun.features.activity import Activity
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES
from goldrun.features.labels import History
from goldrun.features.snapshots import snapshots, snapshots_of_sums
from goldrun.features.spans import dates_in_parts
from goldrun.features.sums_between import sums_between
from goldrun.jobs.aggregate.activity import (
    activity_in,
    has_changed_since,
    history_of,
    versions_of_activity,
    warn_of_rows_after,
)
from goldrun.jobs.aggregate.recorded import changed_from
from goldrun.jobs.context import Context, log, step

_EVERYTHING = date.min


@dataclass(frozen=True)
class Change:
    """Which activity a run has changed.

    Attributes:
        since: The earliest day; None if nothing has changed.
        customers: ``customer_id`` of the rows that have changed, repeated; None: any customers.
        versions: Versions of the tables of activity just after the change; empty: not known.
    """

    since: date | None
    customers: DataFrame | None = None
    versions: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of_everything(cls) -> "Change":
        """Any day of any customer."""
        return cls(_EVERYTHING)

    def since_or(self, earlier: date | None) -> "Change":
        """Add the changes of any customers since a day, if one is given."""
        if earlier is None:
            return self
        since = earlier if self.since is None else min(earlier, self.since)
        return replace(self, since=since, customers=None)


@dataclass(frozen=True)
class Updated:
    """The stored snapshots after an update.

    Attributes:
        as_of: Date of the snapshot that the update was for.
        seen: Versions of the tables of activity whose changes all snapshots have.
    """

    as_of: date
    seen: Mapping[str, int]


def write_snapshots(ctx: Context, as_ofs: Sequence[date]) -> None:
    """Make ``gold/customer_features`` hold the features as of these dates, beside its others.

    Raises:
        AsOfError: The lake does not cover one of them.
    """
    with ctx.lake.writing(CUSTOMER_FEATURES.name):
        history = history_of(ctx)
        for as_of in as_ofs:
            history.check_features(as_of)
        _write(ctx, as_ofs, history)


def _write(ctx: Context, as_ofs: Sequence[date], history: History) -> None:
    with step(f"gold: customer_features as of {listed(as_ofs, 3)}"):
        parts = _computed(ctx, activity_in(ctx), as_ofs, history.observed_from)
        if not ctx.lake.replace(CUSTOMER_FEATURES, parts, where=_is_one_of(as_ofs)):
            log.info("    nothing changed")


def _computed(
    ctx: Context, activity: Activity, as_ofs: Sequence[date], first: date
) -> list[DataFrame]:
    """Compute the snapshots in parts, from sums between the dates if no transaction changed."""
    at_once = ctx.lake.rows_at_once
    rows = 0 if at_once is None else activity.daily.count()
    parts = dates_in_parts(as_ofs, rows, at_once)
    if activity.has_versions:
        return [snapshots(activity, dates, first, staged=True) for dates in parts]
    between = sums_between(activity, as_ofs, staged=True)
    return [snapshots_of_sums(between, dates, first, staged=True) for dates in parts]


def stored_dates(ctx: Context) -> list[date]:
    """Dates of the stored snapshots, the earliest first."""
    dates = ctx.lake.read_or_empty(CUSTOMER_FEATURES).select(gold.AS_OF).distinct().collect()
    return sorted(row[gold.AS_OF] for row in dates)


def update_snapshots(ctx: Context, change: Change, as_of: date | None = None) -> Updated:
    """Write the snapshot of a date, and compute the stored ones again that a change affects.

    A snapshot depends on the days before its date, and on the first day of the history, with which
    all customers' windows begin to be known.

    Args:
        ctx: The context.
        change: What the run has changed. Where activity has changed since, what other writers have
            recorded is added to it.
        as_of: The date; the day after the observed end when None.

    Raises:
        AsOfError: There is no activity, or the lake does not cover ``as_of``.
    """
    # Locked before anything is read, or a snapshot could be missed that another process has begun
    # to write from an older activity. Versions are read first: what is written later is not in
    # them.
    with ctx.lake.writing(CUSTOMER_FEATURES.name):
        seen = versions_of_activity(ctx)
        history = history_of(ctx)
        warn_of_rows_after(history)
        as_of = history.check_features(as_of or history.day_after)
        if has_changed_since(ctx, change.versions):
            change = change.since_or(changed_from(ctx))
        _update(ctx, change, as_of, history)
    return Updated(as_of, seen)


def _update(ctx: Context, change: Change, as_of: date, history: History) -> None:
    since, customers = change.since, change.customers
    dates = [] if since is None else [day for day in stored_dates(ctx) if day > since]
    _remove(ctx, [day for day in dates if not _covers(history, day)], history)
    others = [day for day in dates if _covers(history, day) and day != as_of]
    if others:
        log.info(
            "    activity since %s has changed: snapshots as of %s are computed again",
            since if since != _EVERYTHING else history.observed_from,
            listed(others, 3),
        )
    if others and customers is not None and since is not None and since > history.observed_from:
        _update_customers(ctx, others, customers.distinct().localCheckpoint(), history)
        others = []
    _write(ctx, sorted({as_of, *others}), history)


def _update_customers(
    ctx: Context, as_ofs: Sequence[date], customers: DataFrame, history: History
) -> None:
    with step("gold: stored snapshots"), ctx.lake.writing(CUSTOMER_FEATURES.name):
        activity = activity_in(ctx).of(customers)
        rows = snapshots(activity, as_ofs, history.observed_from, staged=True)
        stored = ctx.lake.read(CUSTOMER_FEATURES.name).where(_is_one_of(as_ofs))
        part = stored.join(customers, CUSTOMER_ID, "left_semi")
        ctx.lake.replace_rows(CUSTOMER_FEATURES, rows, part, f"old.{_is_one_of(as_ofs)}")


def _remove(ctx: Context, as_ofs: Sequence[date], history: History) -> None:
    """Remove the snapshots of dates that the history does not cover any more.

    One after its end would be read as the newest.
    """
    if not as_ofs:
        return
    log.info(
        "    snapshots as of %s are removed: the history is from %s to %s",
        *(listed(as_ofs, 3), history.observed_from, history.observed_until),
    )
    with ctx.lake.writing(CUSTOMER_FEATURES.name):
        nothing = ctx.lake.read(CUSTOMER_FEATURES.name).limit(0)
        ctx.lake.replace(CUSTOMER_FEATURES, nothing, where=_is_one_of(as_ofs))


def _covers(history: History, as_of: date) -> bool:
    return history.observed_from < as_of <= history.day_after


def _is_one_of(as_ofs: Sequence[date]) -> str:
    dates = ", ".join(f"DATE'{as_of}'" for as_of in as_ofs)
    return f"{gold.AS_OF} IN ({dates})"
