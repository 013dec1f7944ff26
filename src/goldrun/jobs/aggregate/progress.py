"""What gold has recorded of silver and of its own tables, compared with the tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import functions as F

from goldrun.contracts.ops import FOLLOWED, GOLD_PROGRESS, GOLD_TABLES, MEASURED_AT, VERSION
from goldrun.errors import LakeBusyError, listed
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.definitions import changed_definitions, definitions
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.jobs.aggregate.activity import has_changed_since, tables_followed
from goldrun.jobs.aggregate.recorded import (
    Recorded,
    changed_from,
    read_recorded,
    write_recorded,
)
from goldrun.jobs.context import Context, log

_ACTIVITY = tuple(table.name for table in feature_tables.ACTIVITY)
_OUTPUTS = (*_ACTIVITY, CUSTOMER_FEATURES.name, USER_FEATURES.name)
_SILVER = "silver"
"""Key of a reason that concerns silver as a whole."""
_NOT_RECORDED = (
    "ops/gold_tables does not have it, as after an older goldrun or a first run that stopped"
)
_STOPPED = "gold's progress was deleted, before an erasure or by a computation that then stopped"


@dataclass(frozen=True)
class State:
    """The tables before a run, compared with what gold has recorded of them.

    Attributes:
        silver: Newest version of each silver table that activity is computed from.
        own: Newest version of each table of gold that exists.
        ids: Delta id of each of these tables.
        progress: Version of each silver table that gold has; empty if it is not known.
        recorded: Rows of ``ops/gold_tables`` by table.
        anew: Reason to compute a table again, by table; none if it is as gold left it.
    """

    silver: Mapping[str, int]
    own: Mapping[str, int]
    ids: Mapping[str, str]
    progress: Mapping[str, int]
    recorded: Mapping[str, Recorded]
    anew: Mapping[str, str]

    @property
    def changed(self) -> dict[str, int] | None:
        """The silver tables that have changed, by the version that gold has; None: unknown."""
        if not self.progress or any(name in self.anew for name in (*self.silver, _SILVER)):
            return None
        if any(name in self.anew or name not in self.own for name in _ACTIVITY):
            return None
        progress = self.progress
        return {name: progress[name] for name, new in self.silver.items() if new > progress[name]}

    @property
    def snapshots_anew(self) -> bool:
        """Whether all stored snapshots are to be computed again."""
        return CUSTOMER_FEATURES.name in self.anew

    def log_reasons(self) -> None:
        """Log which tables are computed again, and why."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in self.anew.items():
            by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            log.info("    %s: %s; %s computed again", listed(names), reason, _what(names))


def _what(names: list[str]) -> str:
    """Describe what is computed again because of some tables."""
    if any(name not in _OUTPUTS or name in _ACTIVITY for name in names):
        return "all activity and all stored snapshots are"
    if CUSTOMER_FEATURES.name in names:
        return "all stored snapshots are"
    return "it is"


def find_state(ctx: Context) -> State:
    """Compare silver and gold with what gold has recorded of them."""
    silver = ctx.lake.versions(tables_followed(ctx))
    own = ctx.lake.versions(_OUTPUTS)
    origins = {name: ctx.lake.origin(name) for name in (*silver, *own)}
    ids = {name: origin.id for name, origin in origins.items() if origin}
    progress, recorded = known_progress(ctx), read_recorded(ctx)
    now = _definitions(ctx)
    anew = _silver_anew(ctx, silver, own, progress)
    for name in (*silver, *own):
        row = recorded.get(name)
        if row is not None and row.table_id != ids[name]:
            anew[name] = "it was created again: its id is not the one that gold recorded"
        elif name in own and row is None:
            anew[name] = _NOT_RECORDED
        elif name in own and row is not None and (why := _why_anew(ctx, name, row, now[name])):
            anew[name] = why
    gone = (name for name in _ACTIVITY if name in recorded and name not in own)
    anew |= dict.fromkeys(gone, "it is not there")
    return State(silver, own, ids, progress, recorded, anew)


def _silver_anew(
    ctx: Context, silver: Mapping[str, int], own: Mapping[str, int], progress: Mapping[str, int]
) -> dict[str, str]:
    """Return the reasons why the changes of silver since the last run are unknown, by table."""
    if not progress:
        has_activity = any(name in own for name in _ACTIVITY)
        return {_SILVER: _STOPPED} if has_activity else {}
    if {*progress} != {*silver}:
        return {_SILVER: f"gold was computed from other tables ({listed(sorted(progress))})"}
    anew = {}
    for name, version in silver.items():
        if version < progress[name]:
            older = f"an older copy with version {version} is in its place"
            anew[name] = f"gold has its version {progress[name]}, and {older}"
        elif not ctx.lake.has_change_feed(name):
            anew[name] = "its change data feed is disabled"
    return anew


def _why_anew(ctx: Context, name: str, row: Recorded, now: Mapping[str, str]) -> str:
    """Describe why a table of gold is not what gold would compute; empty if it is."""
    changed = changed_definitions(json.loads(row.definitions or "{}"), now)
    if changed:
        return f"the definition has changed of {listed(changed)}"
    return ctx.lake.change_by_others(name, row.version or 0)


def _definitions(ctx: Context) -> dict[str, dict[str, str]]:
    return definitions(frozenset(ctx.source.entities))


def record_tables(
    ctx: Context, state: State, run_id: str, seen: Mapping[str, int] | None = None
) -> State:
    """Record the tables as a run leaves them, which has computed everything that ``state`` wants.

    A version is recorded only if all changes up to it are goldrun's: another's change during the
    run is found by the next one. The day since which stored snapshots lack a change is deleted
    if activity has not changed since the versions that they were computed from. If it has, or
    if another process is writing it, the day stays for the next run.

    Args:
        ctx: The context.
        state: The tables before the run.
        run_id: MLflow run that is recorded with the tables.
        seen: Versions of the tables of activity that all stored snapshots were computed from; None
            if the run has not brought them up to date.

    Returns:
        The tables as they are recorded.
    """
    if seen is None or changed_from(ctx) is None:
        return _record(ctx, state, run_id, lack_nothing=False)
    try:
        # Locked, or activity could change between the comparison and the record.
        with ctx.lake.writing(*_ACTIVITY):
            return _record(ctx, state, run_id, lack_nothing=not has_changed_since(ctx, seen))
    except LakeBusyError:
        log.info("    another process is writing activity: the next run updates stored snapshots")
        return _record(ctx, state, run_id, lack_nothing=False)


def _record(ctx: Context, state: State, run_id: str, *, lack_nothing: bool) -> State:
    found: dict[str, Recorded] = {}
    now = _definitions(ctx)
    # Locked before the rows are read, or a day that another process records could be overwritten.
    with ctx.lake.writing(GOLD_TABLES.name):
        stored = read_recorded(ctx)
        for name in (*state.silver, *_OUTPUTS):
            if (origin := ctx.lake.origin(name)) is None:
                continue
            if name in state.silver:
                found[name] = Recorded(origin.id, None, None, None)
                continue
            # A table that this run created has its first rows after version 0.
            left, newest = state.own.get(name, 0), ctx.lake.version(name)
            is_own = newest == left or not ctx.lake.change_by_others(name, left)
            fingerprints = json.dumps(now[name], sort_keys=True)
            day = None
            if name == CUSTOMER_FEATURES.name and not lack_nothing:
                # Without a row, no day was recorded: any could be lacking.
                day = stored[name].changed_from if name in stored else date.min
            found[name] = Recorded(origin.id, newest if is_own else left, fingerprints, day)
        new = {name: row for name, row in found.items() if stored.get(name) != row}
        write_recorded(ctx, new, run_id)
    own = {name: row.version for name, row in found.items() if row.version is not None}
    return replace(state, own=own, recorded={**state.recorded, **found})


def has_unrecorded(ctx: Context, state: State) -> bool:
    """Whether a table of gold exists that is not recorded."""
    return any(name not in state.recorded and ctx.lake.exists(name) for name in _OUTPUTS)


def record_progress(ctx: Context, versions: Mapping[str, int], run_id: str) -> None:
    """Record the silver versions that gold has, for the next update."""
    rows = [(name, version, ctx.now, run_id) for name, version in versions.items()]
    with ctx.lake.writing(GOLD_PROGRESS.name):
        ctx.lake.append(GOLD_PROGRESS, ctx.lake.frame(GOLD_PROGRESS, rows))


def forget_progress(ctx: Context) -> None:
    """Delete the list of silver versions that gold has read; all activity is then recomputed."""
    if ctx.lake.exists(GOLD_PROGRESS.name):
        with ctx.lake.writing(GOLD_PROGRESS.name):
            ctx.lake.replace(GOLD_PROGRESS, ctx.lake.frame(GOLD_PROGRESS, []))


def known_progress(ctx: Context) -> dict[str, int]:
    """The silver versions that gold has, by table, as last recorded."""
    progress = ctx.lake.read_or_empty(GOLD_PROGRESS)
    newest = progress.agg(F.max(MEASURED_AT).alias(MEASURED_AT))
    rows = progress.join(newest, MEASURED_AT, "left_semi").collect()
    return {row[FOLLOWED]: row[VERSION] for row in rows}
