"""The time zone of a lake, in which the days of gold are calendar days."""

from collections.abc import Mapping

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import GOLD_TIMEZONE, LAKE_SETTINGS, SETTING, TIMEZONE, VALUE
from goldrun.contracts.source import UTC
from goldrun.contracts.table import Table
from goldrun.errors import MissingTableError, SettingsError
from goldrun.features.catalog.feature_tables import CUSTOMER_DAILY
from goldrun.jobs.context import Context


def check_zone(ctx: Context) -> None:
    """Check that the lake is not in another time zone than the source.

    A lake without rows in silver and gold may change its zone.

    Raises:
        SettingsError: It is in another one.
    """
    zone, lakes = ctx.source.zone, _stored(ctx).get(TIMEZONE)
    if lakes in {None, zone} or not _has_rows(ctx, *ENTITIES.values(), CUSTOMER_DAILY):
        return
    raise SettingsError(
        f"{ctx.lake.root} is in the time zone {lakes}, and {ctx.source.name}.toml in {zone}: "
        f"their days would mix. Set timezone = {lakes!r}, or build another lake with --lake"
    )


def keep_zone(ctx: Context) -> None:
    """Record the source's time zone as the lake's, before a row depends on it.

    Gold whose zone is not recorded has the days of UTC: versions of goldrun that did not record
    it computed no others.

    Raises:
        SettingsError: The lake is in another zone.
    """
    with ctx.lake.writing(LAKE_SETTINGS.name):
        check_zone(ctx)
        zone, stored = ctx.source.zone, _stored(ctx)
        if stored.get(TIMEZONE) == zone and GOLD_TIMEZONE in stored:
            return
        has_days = _has_rows(ctx, CUSTOMER_DAILY)
        days = stored.get(GOLD_TIMEZONE, UTC) if has_days else zone
        _store(ctx, {TIMEZONE: zone, GOLD_TIMEZONE: days})


def zone_of_gold(ctx: Context) -> str:
    """Time zone whose calendar days the stored days of gold are; ``UTC`` where not recorded."""
    return _stored(ctx).get(GOLD_TIMEZONE, UTC)


def record_zone_of_gold(ctx: Context) -> None:
    """Record that all days of gold are those of the source's time zone; called afterwards."""
    if zone_of_gold(ctx) != ctx.source.zone:
        with ctx.lake.writing(LAKE_SETTINGS.name):
            _store(ctx, {GOLD_TIMEZONE: ctx.source.zone})


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
            f"run gold first (mlflow run . --env-manager local -e gold -P source="
            f"{ctx.source.name}), which computes them once again"
        )


def _stored(ctx: Context) -> dict[str, str]:
    rows = ctx.lake.read_or_empty(LAKE_SETTINGS).select(SETTING, VALUE).collect()
    return {row[SETTING]: row[VALUE] for row in rows}


def _store(ctx: Context, settings: Mapping[str, str]) -> None:
    rows = [(name, value, ctx.now) for name, value in settings.items()]
    ctx.lake.upsert(LAKE_SETTINGS, ctx.lake.frame(LAKE_SETTINGS, rows))


def _has_rows(ctx: Context, *tables: Table) -> bool:
    return any(not ctx.lake.read_or_empty(table).isEmpty() for table in tables)
