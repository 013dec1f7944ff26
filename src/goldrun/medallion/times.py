"""Times written in a shop's way, as ISO 8601: one definition for every engine."""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.time_pattern import ANY_ZONE, MONTHS, OFFSET, YEAR, Layout, layouts_of
from goldrun.contracts.zones import abbreviations_of, regions
from goldrun.medallion.text import trimmed

_FULL = (
    rf"\A{YEAR}-(?:1[0-2]|0[1-9])-(?:[12][0-9]|3[01]|0[1-9])"
    r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    rf"(?:Z|{OFFSET})?\z"
)
"""ISO 8601 as nearly all files write it: nothing needs to be rewritten then."""
_SHORT = (
    rf"\A({YEAR}-(?:1[0-2]|0?[1-9])-(?:[12][0-9]|3[01]|0?[1-9]))"
    r"(?:[T ]((?:1[0-9]|2[0-3]|0?[0-9]):[0-5][0-9])(?:(:[0-5][0-9])(\.[0-9]+)?)?"
    rf" *({ANY_ZONE})?)?\z"
)
"""ISO 8601 with parts left out, one digit for two, or another way to write the zone."""
_SHORT_ZONE = 5
_UTC_NAMES = ("Z", "UTC", "GMT")
_OFFSET_PARTS = r"\A(?:UTC|GMT)?([+-])([0-9]{1,2}):?([0-9]{2})?\z"
_WALL = "yyyy-MM-dd HH:mm:ss"
_MONTHS = ",".join(month[:3].lower() for month in MONTHS)
_FIELDS = ("year", "month", "day", "hour", "minute", "second")
_ABSENT = {"month": "01", "day": "01", "hour": "00", "minute": "00", "second": "00"}


def iso_text(text: Column, pattern: str | None, zone: str | None = None) -> Column:
    """Write a time as ISO 8601.

    Args:
        text: Text of a time.
        pattern: Spark pattern that it is written by (``time_pattern``); ISO 8601 when None.
        zone: Zone whose own abbreviations (``BST`` in London) are read; none are when None.

    Returns:
        ``2024-06-01T02:00:00Z``, an explicit offset instead of the ``Z``, or neither where the
        text carries no zone and so is a local time; with the fraction of a second as written. Null
        where the text is no time.

    Raises:
        ValueError: The pattern can't be used.
    """
    written = iso_parts(trimmed(text), pattern, zone)
    is_time = written.try_cast(T.TimestampType()).isNotNull()
    return F.when(is_time, F.replace(written, F.lit(" "), F.lit("T")))


def iso_parts(text: Column, pattern: str | None, zone: str | None) -> Column:
    """Rewrite a trimmed text to the notation of ISO 8601, with a ``T`` or a space in it.

    Every engine casts the result to the same timestamp: null where there is no such day.
    """
    if pattern is None:
        return F.when(text.rlike(_FULL), text).otherwise(_from_short(text, zone))
    ways = [
        F.when(text.rlike(one.regex), _from_layout(text, one, zone)) for one in layouts_of(pattern)
    ]
    return F.coalesce(*ways)


def is_zoned(written: Column) -> Column:
    """Whether a result of ``iso_parts`` carries its zone."""
    return F.substring(written, -1, 1).isin("Z") | F.substring(written, -6, 1).isin("+", "-")


def _from_short(text: Column, zone: str | None) -> Column:
    day, minute, second, fraction, named = (
        F.regexp_extract(text, _SHORT, group) for group in range(1, _SHORT_ZONE + 1)
    )
    wall = _normal(F.trim(F.concat(day, F.lit(" "), minute, second)))
    return F.when(text.rlike(_SHORT), _with_zone(wall, fraction, named, zone))


def _from_layout(text: Column, layout: Layout, zone: str | None) -> Column:
    def field(name: str) -> Column:
        return F.regexp_extract(text, layout.regex, layout.groups[name])

    wall = _wall(text, layout)
    if any(len(layout.letters.get(name, "00")) != 2 for name in _FIELDS[1:]) or _is_odd(layout):
        wall = _normal(wall)
    has_fraction = "fraction" in layout.groups
    fraction = F.concat(F.lit("."), field("fraction")) if has_fraction else F.lit("")
    if "zone" not in layout.groups:
        return F.concat(wall, fraction) if has_fraction else wall
    return _with_zone(wall, fraction, field("zone"), zone)


def _is_odd(layout: Layout) -> bool:
    """Whether a number has to be computed from what is written."""
    return len(layout.letters.get("month", "")) > 2 or layout.letters.get("hour", "H")[0] != "H"


def _wall(text: Column, layout: Layout) -> Column:
    """Date and time of day, with as many digits as are written."""
    if not _is_odd(layout):
        names = [_written(layout, name) for name in _FIELDS]
        return F.regexp_replace(text, layout.regex, "{}-{}-{} {}:{}:{}".format(*names))
    year, month, day, *time = (_computed(text, layout, name) for name in _FIELDS)
    return F.concat_ws(" ", F.concat_ws("-", year, month, day), F.concat_ws(":", *time))


def _written(layout: Layout, name: str) -> str:
    if name not in layout.groups:
        return _ABSENT[name]
    century = "20" if layout.letters[name] in ("yy", "uu") else ""
    return f"{century}${layout.groups[name]}"


def _computed(text: Column, layout: Layout, name: str) -> Column:
    if name not in layout.groups:
        return F.lit(_ABSENT[name])
    letters = layout.letters[name]
    written = F.regexp_extract(text, layout.regex, layout.groups[name])
    if letters in ("yy", "uu"):
        return F.concat(F.lit("20"), written)
    if name == "month" and len(letters) > 2:
        number = F.find_in_set(F.lower(F.substring(written, 1, 3)), F.lit(_MONTHS))
        return number.cast(T.StringType())
    if name == "hour" and letters[0] != "H":
        return _hour(text, layout, written.try_cast(T.IntegerType())).cast(T.StringType())
    return written


def _hour(text: Column, layout: Layout, number: Column) -> Column:
    if layout.letters["hour"][0] == "k":
        return number % 24
    half = F.regexp_extract(text, layout.regex, layout.groups["half"])
    return number % 12 + F.when(F.lower(F.substring(half, 1, 1)) == "p", 12).otherwise(0)


def _normal(wall: Column) -> Column:
    """The same date and time with all its digits; null where there is no such day."""
    return F.date_format(wall.try_cast(T.TimestampType()), _WALL)


def _with_zone(wall: Column, fraction: Column, named: Column, zone: str | None) -> Column:
    """Put the zone that a time names behind it, as an offset; null for one that is not known."""
    local = F.concat(wall, fraction)
    sign, hours, minutes = (F.regexp_extract(named, _OFFSET_PARTS, group) for group in (1, 2, 3))
    offset = F.concat(sign, F.lpad(hours, 2, "0"), F.lit(":"), F.rpad(minutes, 2, "0"))
    moment = F.concat(wall, F.lit(" "), named).try_cast(T.TimestampType())
    is_region = named.isin(regions())
    known = (
        F.when(named == "", local)
        .when(named.isin(*_UTC_NAMES), F.concat(local, F.lit("Z")))
        .when(named.rlike(_OFFSET_PARTS), F.concat(local, offset))
        .when(is_region, F.concat(F.date_format(moment, _WALL), fraction, F.lit("Z")))
    )
    return reduce(
        lambda found, own: found.when(named == own[0], _if_own(wall, fraction, own[1], zone)),
        abbreviations_of(zone).items() if zone else (),
        known,
    )


def _if_own(wall: Column, fraction: Column, offsets: tuple[int, ...], zone: str | None) -> Column:
    """The time with the first of the offsets that the clocks of the zone had then."""
    local = wall.try_cast(T.TimestampType())
    found = []
    for minutes in offsets:
        sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
        moment = F.timestamp_seconds(F.unix_seconds(local) - 60 * minutes)
        is_so = F.from_utc_timestamp(moment, str(zone)) == local
        written = F.concat(wall, fraction, F.lit(f"{sign}{hours:02}:{rest:02}"))
        found.append(F.when(is_so, written))
    return F.coalesce(*found)
