"""The time zone of a lake, in which the days of gold are calendar days."""

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import DONE, GOLD_TIMEZONE, LAKE_SETTINGS, PENDING, REMAP, TIMEZONE
from goldrun.contracts.source import UTC
from goldrun.contracts.table import Table
from goldrun.errors import MissingTableError, SettingsError
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.jobs.context import Context, log
from goldrun.jobs.lake_settings import store_settings, stored_settings
from goldrun.jobs.names import RUN_COMMAND

REMAP_COMMAND = f"{RUN_COMMAND} -e silver -P source={{source}} -P remap=true"
"""Command that validates all records again."""


def check_zone(ctx: Context) -> None:
    """Check that the lake is not in another time zone than the source.

    A lake without rows in silver and gold may change its zone.

    Raises:
        SettingsError: It is in another one.
    """
    settings = stored_settings(ctx)
    if settings.get(REMAP) == PENDING:
        log.warning("    silver is not validated again completely: run silver, which completes it")
    _refuse_other_zone(ctx, settings.get(TIMEZONE))


def _refuse_other_zone(ctx: Context, lakes: str | None) -> None:
    zone = ctx.source.zone
    if lakes in {None, zone} or not _has_rows(ctx, *ENTITIES.values(), CUSTOMER_DAILY):
        return
    raise SettingsError(
        f"{ctx.lake.root} is in the time zone {lakes}, and {ctx.source.name}.toml in {zone}: "
        f"their days would mix. Set timezone = {lakes!r}, or validate all records in {zone} with "
        f"{REMAP_COMMAND.format(source=ctx.source.argument)}, or build another lake with --lake"
    )


def keep_zone(ctx: Context) -> None:
    """Record the source's time zone as the lake's, before a row depends on it.

    Gold whose zone is not recorded has the days of UTC: versions of goldrun that did not record
    it computed no others.

    Raises:
        SettingsError: The lake is in another zone.
    """
    with ctx.lake.writing(LAKE_SETTINGS.name):
        zone, stored = ctx.source.zone, stored_settings(ctx)
        _refuse_other_zone(ctx, stored.get(TIMEZONE))
        if stored.get(TIMEZONE) == zone and GOLD_TIMEZONE in stored:
            return
        has_days = _has_rows(ctx, CUSTOMER_DAILY)
        days = stored.get(GOLD_TIMEZONE, UTC) if has_days else zone
        store_settings(ctx, {TIMEZONE: zone, GOLD_TIMEZONE: days})


def begin_remap(ctx: Context) -> None:
    """Record in one write that all records are to be validated again, and the source's time zone.

    The zone is recorded only if the source declares one or the lake has one. Days that gold has
    keep their recorded zone until gold is computed again.
    """
    stored, zone = stored_settings(ctx), ctx.source.zone
    changed = {REMAP: PENDING}
    if ctx.source.timezone is not None or TIMEZONE in stored:
        has_days = _has_rows(ctx, CUSTOMER_DAILY)
        days = stored.get(GOLD_TIMEZONE, UTC) if has_days else zone
        changed |= {TIMEZONE: zone, GOLD_TIMEZONE: days}
    if any(stored.get(name) != value for name, value in changed.items()):
        store_settings(ctx, changed)


def is_remap_pending(ctx: Context) -> bool:
    """Whether all records are to be validated again before others are.

    Raises:
        SettingsError: The lake is in another time zone.
    """
    settings = stored_settings(ctx)
    _refuse_other_zone(ctx, settings.get(TIMEZONE))
    return settings.get(REMAP) == PENDING


def end_remap(ctx: Context) -> None:
    """Record that all records have been validated again."""
    store_settings(ctx, {REMAP: DONE})


def zone_of_gold(ctx: Context) -> str:
    """Time zone whose calendar days the stored days of gold are; ``UTC`` if not recorded."""
    return stored_settings(ctx).get(GOLD_TIMEZONE, UTC)


def record_zone_of_gold(ctx: Context) -> None:
    """Record that all days of gold are those of the source's time zone; called afterwards."""
    if zone_of_gold(ctx) != ctx.source.zone:
        with ctx.lake.writing(LAKE_SETTINGS.name):
            store_settings(ctx, {GOLD_TIMEZONE: ctx.source.zone})


def check_zone_of_gold(ctx: Context) -> None:
    """Check that features of the source can be computed from the days of gold.

    Raises:
        SettingsError: The lake is in another time zone.
        MissingTableError: The days are still those of another zone.
    """
    check_zone(ctx)
    zone, days = ctx.source.zone, zone_of_gold(ctx)
    if days != zone:
        raise MissingTableError(
            f"{ctx.lake.path(CUSTOMER_DAILY.name)} has the days of {days}, not those of {zone}: "
            f"run gold first ({RUN_COMMAND} -e gold {ctx.options}), which computes them once again"
        )


def _has_rows(ctx: Context, *tables: Table) -> bool:
    return any(not ctx.lake.read_or_empty(table).isEmpty() for table in tables)
