"""Record the settings that records are accepted under, and report rows of other settings."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.fingerprint import Fingerprint, Rate, fingerprint_of
from goldrun.contracts.ops import MAPPINGS
from goldrun.contracts.source import Source
from goldrun.errors import listed
from goldrun.io.delta.lake import Lake
from goldrun.io.sources.rates import read_rates
from goldrun.jobs.context import Context, log
from goldrun.jobs.refine.batches import completed_batches
from goldrun.jobs.refine.tables import read_fates
from goldrun.jobs.time_zone import REMAP_COMMAND
from goldrun.medallion.bronze import Batch
from goldrun.medallion.fates import Fates
from goldrun.medallion.mapped_rows import BEFORE, rows_by_period

OTHER_SETTINGS = "rows_of_other_settings"
"""Metric, after the name of the entity: rows that came in under other settings."""


@dataclass(frozen=True)
class Period:
    """Settings of an entity from a batch on, until the next period.

    Attributes:
        first_batch: Id of the first batch; empty for the first batch of the lake.
        fingerprint: The settings.
        recorded_at: When they were recorded, UTC.
    """

    first_batch: str
    fingerprint: Fingerprint
    recorded_at: datetime


def current_fingerprint(source: Source, entity: str, now: datetime) -> Fingerprint:
    """Return the fingerprint of records that are accepted now."""
    until = now.astimezone(ZoneInfo(source.zone)).date().isoformat()
    return fingerprint_of(source, entity, _rates(source, entity), until)


def read_periods(lake: Lake) -> dict[str, list[Period]]:
    """Read the periods of each entity in which its settings stayed the same, by batch."""
    rows = lake.read_or_empty(MAPPINGS).select(*MAPPINGS.names).collect()
    periods: dict[str, list[Period]] = {}
    for entity, batch, *parts, at in sorted(map(tuple, rows)):
        periods.setdefault(entity, []).append(Period(batch, Fingerprint(*parts), at))
    return periods


def record_settings(
    lake: Lake, source: Source, entity: str, fates: Fates, pending: DataFrame, now: datetime
) -> None:
    """Record the settings under which pending records are refined, before their fates are written.

    Nothing is written if the settings are those recorded last. Other settings hold from the
    first batch that is newer than all fates, or else from now on: for records of older batches, of
    which some have fates already, the settings recorded before are kept.

    Args:
        lake: The tables.
        source: The shop.
        entity: Name of the entity.
        fates: The fates of the entity's records.
        pending: Records without a fate: ``batch_id``.
        now: When, UTC.
    """
    periods = read_periods(lake).get(entity, [])
    current = current_fingerprint(source, entity, now)
    if periods and periods[-1].fingerprint == current:
        return
    first = Batch.at(now).batch_id
    newest = fates.select(lineage.BATCH_ID).agg(F.max(lineage.BATCH_ID)).collect()[0][0]
    if newest is None and not periods:
        first = ""
    else:
        batches = pending.select(lineage.BATCH_ID).distinct().collect()
        first = min([row[0] for row in batches if row[0] > (newest or "")], default=first)
        first = max([first, *[period.first_batch for period in periods]])
    rows = lake.frame(MAPPINGS, _rows([Period(first, current, now)], entity))
    # An upsert takes several times as long, and each fresh lake is recorded once an entity.
    write = lake.upsert if any(period.first_batch == first for period in periods) else lake.append
    with lake.writing(MAPPINGS.name):
        write(MAPPINGS, rows)


def record_start(ctx: Context) -> None:
    """Record the settings of the micro-batches of a stream, before the first one."""
    for entity in ctx.source.with_files:
        fates = read_fates(ctx.lake, entity)
        nothing = fates.silver.limit(0)
        record_settings(ctx.lake, ctx.source, entity, fates, nothing, ctx.now)


def record_all(lake: Lake, source: Source, entity: str, now: datetime) -> None:
    """Record that all records of an entity were validated under the current settings."""
    stored = lake.read_or_empty(MAPPINGS).where(F.col(lineage.ENTITY) == entity)
    rows = _rows([Period("", current_fingerprint(source, entity, now), now)], entity)
    with lake.writing(MAPPINGS.name):
        lake.replace_rows(MAPPINGS, lake.frame(MAPPINGS, rows), stored)


def report(ctx: Context) -> None:
    """Log the rows that came in under other settings than the current ones, and their number.

    The number is a metric of the active run. Rows of batches from before settings were recorded
    are logged, and have no metric: whether their settings were others is unknown.
    """
    recorded = read_periods(ctx.lake)
    for entity in ctx.source.with_files:
        periods = recorded.get(entity, [])
        if periods and not periods[0].first_batch:
            rows = _report_rows(ctx, entity, periods)
            ctx.tracker.log_metrics({f"{entity}.{OTHER_SETTINGS}": rows})
        elif not completed_batches(ctx.lake, entity).isEmpty():
            _report_rows(ctx, entity, periods)


def _report_rows(ctx: Context, entity: str, periods: Sequence[Period]) -> int:
    """Log the rows of other settings; return their number."""
    changes = [_changes(ctx.source, entity, period.fingerprint) for period in periods]
    unknown = not periods or bool(periods[0].first_batch)
    if not unknown and not any(changes):
        return 0
    command = REMAP_COMMAND.format(source=ctx.source.argument)
    # Periods that follow each other and differ in the same settings are counted as one.
    runs = [[*run] for _, run in groupby(range(len(periods)), key=changes.__getitem__)]
    starts = [periods[run[0]].first_batch for run in runs]
    counts = rows_by_period(read_fates(ctx.lake, entity), starts)
    if before := counts.get(BEFORE, 0):
        log.info(
            "    %s: %s rows came in before settings were recorded; %s validates them again",
            *(entity, f"{before:,}", command),
        )
    found = {n: rows for n, run in enumerate(runs) if changes[run[0]] and (rows := counts.get(n))}
    for number, rows in found.items():
        ids = dict.fromkeys(periods[position].fingerprint.id for position in runs[number])
        log.warning(
            "    %s: %s rows came in under other settings (%s; fingerprint %s): %s validates them "
            "again",
            *(entity, f"{rows:,}", ", ".join(changes[runs[number][0]]), listed(ids, 3), command),
        )
    return sum(found.values())


def _changes(source: Source, entity: str, stored: Fingerprint) -> list[str]:
    """Return the names of the settings that have changed since a fingerprint was recorded."""
    current = fingerprint_of(source, entity, _rates(source, entity), stored.rates_until)
    return stored.changes_to(current)


def _rates(source: Source, entity: str) -> list[Rate]:
    """Read the exchange rates that records of the entity depend on."""
    if entity != "transactions" or not source.rates or not source.currency:
        return []
    return read_rates(source.rates, source.currency)


def _rows(periods: Sequence[Period], entity: str) -> list[tuple[object, ...]]:
    return [
        (entity, period.first_batch, *astuple(period.fingerprint), period.recorded_at)
        for period in periods
    ]
