"""Time zones, their abbreviations (``GMT`` and ``BST`` in London) and their far offsets."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_NAME = re.compile("[A-Z]{3,5}")
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1)  # noqa: DTZ001 - local
"""From this time on a zone has a constant offset, because some engines lack later changes."""
_STEP = timedelta(days=5)
"""Shorter than any period of a constant offset."""
_NO_ZONES = {"Factory", "localtime"}
"""Names in the time zone database that are not time zones of any engine."""


@lru_cache
def time_zones() -> frozenset[str]:
    """Return the names of the time zones that a source may declare."""
    return frozenset(available_timezones() - _NO_ZONES)


@lru_cache
def abbreviations_of(zone: str) -> dict[str, tuple[int, ...]]:
    """Return a zone's abbreviations since 1900 with their offsets in minutes, largest first.

    Local mean times, whose offsets have seconds, are omitted.
    """
    found: dict[str, set[int]] = {}
    moment, place = _FIRST, ZoneInfo(zone)
    while moment < _LAST:
        local = moment.astimezone(place)
        name, seconds = local.tzname() or "", (local.utcoffset() or timedelta()).total_seconds()
        if _NAME.fullmatch(name) and name != "LMT" and seconds % 60 == 0:
            found.setdefault(name, set()).add(int(seconds // 60))
        moment += _STEP
    return {name: tuple(sorted(offsets, reverse=True)) for name, offsets in sorted(found.items())}


@lru_cache
def far_offset(zone: str) -> int:
    """Return a zone's offset in seconds at the start of 2100."""
    offset = FAR.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()
    return int(offset.total_seconds())
