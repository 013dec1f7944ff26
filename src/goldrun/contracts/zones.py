"""What the time zone database calls the parts of a zone's year: ``GMT`` and ``BST`` in London."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_NAME = re.compile("[A-Z]{3,5}")
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1)  # noqa: DTZ001 - local
"""From then on a zone keeps the offset of that midnight: not every engine knows its changes."""
_STEP = timedelta(days=5)
"""No zone has kept an offset for less."""
_NO_ZONES = {"Factory", "localtime"}
"""Files beside those of time zones, which no engine knows."""


@lru_cache
def time_zones() -> frozenset[str]:
    """Names of the time zones that a source may have."""
    return frozenset(available_timezones() - _NO_ZONES)


@lru_cache
def abbreviations_of(zone: str) -> dict[str, tuple[int, ...]]:
    """List a zone's own abbreviations since 1900, each with its offsets in minutes, largest first.

    Local mean times, which differ from UTC by seconds, are left out.
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
    """A zone's offset in seconds as the year 2100 begins."""
    offset = FAR.replace(tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()
    return int(offset.total_seconds())
