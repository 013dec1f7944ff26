"""What gold has recorded of silver and of its own tables, compared with the tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import functions as F

from goldrun.contracts.ops import (
    CHANGED_FROM,
    DEFINITIONS,
    FOLLOWED,
    GOLD_PROGRESS,
    GOLD_TABLES,
    MEASURED_AT,
    TABLE,
    TABLE_ID,
    VERSION,
)
from goldrun.errors import listed
from goldrun.features.catalog import feature_tables
from goldrun.features.catalog.definitions import changed_definitions, definitions
from goldrun.features.catalog.feature_tables import CUSTOMER_FEATURES, USER_FEATURES
from goldrun.jobs.aggregate.activity import tables_followed
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
class Recorded:
    """A row of ``ops/gold_tables``."""

    table_id: str
    version: int | None
    definitions: str | None
    changed_from: date | None


@dataclass(frozen=True)
class State:
    """The tables before a run, compared with what gold has recorded of them.

    Attributes:
        silver: Newest version of each silver table that activity is computed from.
        own: Newest version of each table of gold that exists.
        ids: Delta id of each of these tables.
        progress: Version of each silver table that gold has; empty where it is not known.
        recorded: Rows of ``ops/gold_tables`` by table.
        anew: Reason to compute a table again, by table; none where it is as gold left it.
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

    @property
    def changed_from(self) -> date | None:
        """Earliest day whose change the stored snapshots lack, after an interrupted run."""
        row = self.recorded.get(CUSTOMER_FEATURES.name)
        return row.changed_from if row else None

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
    progress, recorded = known_progress(ctx), _read_recorded(ctx)
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
    """Describe why a table of gold is not what gold would compute; empty where it is."""
    changed = changed_definitions(json.loads(row.definitions or "{}"), now)
    if changed:
        return f"the definition has changed of {listed(changed)}"
    return ctx.lake.change_by_others(name, row.version or 0)


def _definitions(ctx: Context) -> dict[str, dict[str, str]]:
    return definitions(frozenset(ctx.source.entities))


def _read_recorded(ctx: Context) -> dict[str, Recorded]:
    rows = ctx.lake.read_or_empty(GOLD_TABLES).collect()
    return {
        row[TABLE]: Recorded(row[TABLE_ID], row[VERSION], row[DEFINITIONS], row[CHANGED_FROM])
        for row in rows
    }


def record_tables(
    ctx: Context, state: State, run_id: str, changed_from: date | None = None
) -> State:
    """Record the tables as a run leaves them, which has computed everything that ``state`` wants.

    A version is recorded only where all changes up to it are goldrun's: another's change during the
    run is found by the next one.

    Args:
        ctx: The context.
        state: The tables before the run.
        run_id: MLflow run that is recorded with the tables.
        changed_from: Earliest day whose change stored snapshots still lack.

    Returns:
        The tables as they are recorded.
    """
    found: dict[str, Recorded] = {}
    now = _definitions(ctx)
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
        day = changed_from if name == CUSTOMER_FEATURES.name else None
        found[name] = Recorded(origin.id, newest if is_own else left, fingerprints, day)
    stored = _read_recorded(ctx)
    new = {name: row for name, row in found.items() if stored.get(name) != row}
    _store(ctx, new, run_id)
    own = {name: row.version for name, row in found.items() if row.version is not None}
    return replace(state, own=own, recorded={**state.recorded, **found})


def has_unrecorded(ctx: Context, state: State) -> bool:
    """Whether a table of gold exists that is not recorded."""
    return any(name not in state.recorded and ctx.lake.exists(name) for name in _OUTPUTS)


def record_changed_from(ctx: Context, day: date, run_id: str) -> date:
    """Record the earliest day that snapshots may lack once activity is written, and return it."""
    row = _read_recorded(ctx).get(CUSTOMER_FEATURES.name)
    earliest = min(day, row.changed_from or day) if row else day
    if row and earliest != row.changed_from:
        _store(ctx, {CUSTOMER_FEATURES.name: replace(row, changed_from=earliest)}, run_id)
    return earliest


def _store(ctx: Context, found: Mapping[str, Recorded], run_id: str) -> None:
    if not found:
        return
    rows = [
        (name, r.table_id, r.version, r.definitions, r.changed_from, ctx.now, run_id)
        for name, r in found.items()
    ]
    with ctx.lake.writing(GOLD_TABLES.name):
        ctx.lake.upsert(GOLD_TABLES, ctx.lake.frame(GOLD_TABLES, rows))


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
