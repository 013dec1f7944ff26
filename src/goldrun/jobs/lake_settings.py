"""Settings that all tables of a lake are written with: ``ops/lake_settings``."""

from collections.abc import Mapping

from goldrun.contracts.ops import LAKE_SETTINGS, SETTING, VALUE
from goldrun.jobs.context import Context


def stored_settings(ctx: Context) -> dict[str, str]:
    """Return the settings of the lake, by name."""
    rows = ctx.lake.read_or_empty(LAKE_SETTINGS).select(SETTING, VALUE).collect()
    return {row[SETTING]: row[VALUE] for row in rows}


def store_settings(ctx: Context, settings: Mapping[str, str]) -> None:
    """Store settings of the lake, in one commit."""
    rows = [(name, value, ctx.now) for name, value in settings.items()]
    with ctx.lake.writing(LAKE_SETTINGS.name):
        ctx.lake.upsert(LAKE_SETTINGS, ctx.lake.frame(LAKE_SETTINGS, rows))
