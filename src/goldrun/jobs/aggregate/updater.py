"""Incremental updates of gold from the changes in silver."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import DataFrame

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID
from goldrun.contracts.ops import GOLD_TABLES
from goldrun.errors import ChangesLostError
from goldrun.features.activity import Activity
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, USER_FEATURES
from goldrun.features.labels import History
from goldrun.features.snapshots import customer_features
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import (
    ACTIVITY,
    activity_in,
    has_changed_since,
    history_of,
    tables_followed,
    users_of,
    versions_of_activity,
    warn_of_rows_after,
)
from goldrun.jobs.aggregate.affected import AffectedRows, find_affected, recompute
from goldrun.jobs.aggregate.progress import (
    State,
    find_state,
    has_unrecorded,
    known_progress,
    record_progress,
    record_tables,
)
from goldrun.jobs.aggregate.recorded import changed_from, record_changed_from
from goldrun.jobs.aggregate.snapshots import Change, update_snapshots, write_snapshots
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.time_zone import check_zone, keep_zone, zone_of_gold


@dataclass
class GoldUpdater:
    """Updates gold to the newest silver: the days and the customers that changes affect.

    Affected rows are computed again from silver, never added to, so that gold equals a full build.
    The progress is recorded last, so that a stop between two tables does no harm.

    ``gold/customer_features`` has all customers as of each date, so that its newest snapshot is
    updated at intervals and at the end, and not with every change. Stored snapshots of other dates
    that the changes affect are updated at the end.

    Attributes:
        run_id: MLflow run that is recorded with the progress.
        scorer: Scores customers with the champion.
        features_every: Time between two snapshots of all customers' features.
    """

    run_id: str
    scorer: Scorer
    features_every: timedelta = timedelta(minutes=5)
    _progress: dict[str, int] = field(default_factory=dict)
    _observed_until: date | None = None
    _described_at: datetime = field(default_factory=lambda: datetime.min.replace(tzinfo=UTC))
    _published: date | None = None
    _change: Change = field(default_factory=lambda: Change(None))
    _noted: date | None = None
    _noted_in: dict[str, int] = field(default_factory=dict)
    _state: State | None = None

    def backfill(self, ctx: Context) -> None:
        """Update gold; compute all of it that is not as gold left it, as a batch does."""
        check_zone(ctx)
        gold_tables.add_missing_columns(ctx)
        keep_zone(ctx)
        followed = tables_followed(ctx)
        moved = zone_of_gold(ctx) != ctx.source.zone
        unfollowed = [name for name in followed if ctx.lake.enable_change_feed(name)]
        state = find_state(ctx)
        if all(ctx.lake.read(name).isEmpty() for name in followed):
            record_progress(ctx, state.silver, self.run_id)
        elif moved or unfollowed or state.anew or state.changed is None:
            # A change data feed has no changes from before it was enabled.
            gold_tables.run(ctx, rebuild=bool(unfollowed))
        self._begin(ctx)
        try:
            self.update(ctx)
        except ChangesLostError as error:
            log.info("    %s: all activity is computed again", error)
            gold_tables.run(ctx, rebuild=True)
            self._begin(ctx)

    def _begin(self, ctx: Context) -> None:
        """Begin with the tables as they are, which gold has just left."""
        self._progress = known_progress(ctx)
        self._state = find_state(ctx)
        self._change = Change(None)
        self._described_at = ctx.now

    def update(self, ctx: Context) -> int:
        """Compute the affected customers again; return their number.

        Raises:
            ChangesLostError: A change data feed can't be read any more; ``backfill`` computes all.
        """
        newest = ctx.lake.versions(list(self._progress))
        changed = {name: since for name, since in self._progress.items() if newest[name] > since}
        if not changed:
            return 0
        # Locked before silver is read, or a faster writer's rows could be overwritten by rows of an
        # older silver.
        with ctx.lake.writing(*(table.name for table, _ in ACTIVITY)):
            affected = find_affected(ctx, changed)
            if affected.count:
                self._compute(ctx, affected)
            if self._state is not None and has_unrecorded(ctx, self._state):
                self._record(ctx)
            record_progress(ctx, newest, self.run_id)
        self._progress = newest
        return affected.count

    def publish_snapshot(self, ctx: Context, *, ending: bool = False) -> None:
        """Write all customers' features as of the day after the observed end, and score them.

        Args:
            ctx: The context.
            ending: Whether to update the stored snapshots of other dates too.
        """
        self._described_at = ctx.now
        if ctx.lake.read_or_empty(CUSTOMER_DAILY).isEmpty():
            return
        as_of = self._write_all(ctx) if ending else self._write_newest(ctx)
        self._published = as_of
        everyone = ctx.lake.read(CUSTOMER_FEATURES.name).where(f"{gold.AS_OF} = DATE'{as_of}'")
        if self.scorer.refresh(ctx):
            with step("gold: segments"):
                self.scorer.score_everyone(ctx, everyone, as_of)

    def _write_all(self, ctx: Context) -> date:
        """Bring all stored snapshots up to date; return the newest date."""
        updated = update_snapshots(ctx, self._change)
        self._record(ctx, updated.seen)
        return updated.as_of

    def _write_newest(self, ctx: Context) -> date:
        """Write the newest snapshot, and the one before it when the date advances."""
        history = history_of(ctx)
        warn_of_rows_after(history)
        last, as_of = self._published, history.day_after
        # The last one may lack the last activity of its days; a correction can move the first day.
        is_before = last is not None and history.observed_from < last < as_of
        write_snapshots(ctx, [last, as_of] if last is not None and is_before else [as_of])
        return as_of

    def _record(self, ctx: Context, seen: Mapping[str, int] | None = None) -> None:
        """Record the tables of gold as they are left."""
        if self._state is not None:
            self._state = record_tables(ctx, self._state, self.run_id, seen)

    def _note(self, ctx: Context, since: date) -> None:
        """Record that stored snapshots lack a change since a day, before it is written."""
        # A batch beside the stream deletes the day when it has updated the snapshots.
        is_noted = self._noted is not None and self._noted <= since
        if is_noted and self._noted_in == ctx.lake.versions([GOLD_TABLES.name]):
            return
        self._noted = record_changed_from(ctx, since, self.run_id)
        self._noted_in = ctx.lake.versions([GOLD_TABLES.name])

    def _changed_before(self, ctx: Context) -> Change:
        """What has changed since the stored snapshots were last brought up to date."""
        if has_changed_since(ctx, self._change.versions):
            # By another writer, or before the stream: only the recorded day is known.
            return self._change.since_or(changed_from(ctx))
        return self._change

    def _compute(self, ctx: Context, affected: AffectedRows) -> None:
        # The day that is recorded is exact if the affected days are known.
        before = None if affected.days else self._changed_before(ctx)
        self._note(ctx, affected.since)
        change = recompute(ctx, affected)
        if before is not None:
            since = change.since_or(before.since).since
            self._change = Change(since, versions=versions_of_activity(ctx))
        activity = activity_in(ctx)
        history = History.of_days(activity.daily)
        if history is None:
            return
        self._users(ctx, activity, history.observed_until, affected.customers)
        if ctx.now - self._described_at >= self.features_every:
            self.publish_snapshot(ctx)
        elif self.scorer.refresh(ctx):
            as_of, theirs = history.day_after, activity.of(affected.customers)
            rows = customer_features(theirs, as_of, history.observed_from)
            self.scorer.score(ctx, rows, as_of, affected.customers)

    def _users(self, ctx: Context, activity: Activity, until: date, customers: DataFrame) -> None:
        """Update the users' table; all of it when its date has changed."""
        lake = ctx.lake
        with lake.writing(USER_FEATURES.name):
            if until != self._observed_until:
                note = {"observed_until": until}
                lake.replace(USER_FEATURES, users_of(activity, until), note=note)
                self._observed_until = until
                return
            key = customers.withColumnRenamed(CUSTOMER_ID, gold.USER_ID)
            stored = lake.read(USER_FEATURES.name).join(key, gold.USER_ID, "left_semi")
            rows = users_of(activity.of(customers), until)
            lake.replace_rows(USER_FEATURES, rows, stored)
