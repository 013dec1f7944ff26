"""Rewrite times of a shop's format as ISO 8601, with the same result in every engine."""

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.time_formats import EPOCHS, ISO
from goldrun.contracts.time_pattern import ANY_ZONE, MONTHS, OFFSET, YEAR, Layout, layouts_of
from goldrun.contracts.zones import abbreviations_of
from goldrun.medallion.epochs import since_1970
from goldrun.medallion.text import trimmed

_FULL = (
    rf"\A{YEAR}-(?:1[0-2]|0[1-9])-(?:[12][0-9]|3[01]|0[1-9])"
    r"[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    rf"(?:Z|{OFFSET})?\z"
)
"""The most frequent form of ISO 8601."""
_DAY = rf"{YEAR}-(?:1[0-2]|0?[1-9])-(?:[12][0-9]|3[01]|0?[1-9])"
_TO_SECONDS = (
    rf"\A{_DAY}[T ](?:1[0-9]|2[0-3]|0?[0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)? *(?:{ANY_ZONE})?\z"
)
_TO_MINUTES = r"\A([0-9-]+[T ][0-9]{1,2}:[0-9]{2})( *[A-Za-z+-].*|)\z"
_DAY_ALONE = rf"\A{_DAY}\z"
_ZONED = r":[0-9]{1,2}(?:\.[0-9]+)? *[A-Za-z+-].*\z"
_ABBREVIATED = r"[0-9] *[A-Z]{3,5}\z"
_UNIVERSAL = r"(?:UTC|GMT)\z"
_FAR_REGION = r"\A(?:2[1-9]|[3-9][0-9])[0-9]{2}-.*[A-Za-z]/"
_FIRST, _LAST = "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"
_FAR = "2100"
"""From this year on some engines lack the clock changes of regions."""
_FRACTION = r"\.[0-9]+"
_NAMED_ZONES = ("V", "z")
"""Letters of patterns that stand for the name of a zone."""
_MONTHS = ",".join(month[:3].lower() for month in MONTHS)
_FIELDS = ("year", "month", "day", "hour", "minute", "second")
_ABSENT = {"month": "01", "day": "01", "hour": "00", "minute": "00", "second": "00"}


def iso_text(text: Column, pattern: str | None, zone: str | None = None) -> Column:
    """Write a time as ISO 8601.

    Args:
        text: Text of a time.
        pattern: Spark pattern of the text (``time_pattern``); None for ISO 8601.
        zone: Zone whose own abbreviations (``BST`` in London) are read; None for no abbreviations.

    Returns:
        ``2024-06-01T02:00:00Z``, with an offset instead of the ``Z`` if the text has an offset, and
        without both if the text is a local time without a zone; the fraction of a second has the
        digits of the text. Null if the text is not a time.

    Raises:
        ValueError: The pattern can't be used.
    """
    written = castable(trimmed(text), pattern, zone)
    moment = written.try_cast(T.TimestampType())
    first, last = (F.lit(at).cast(T.TimestampType()) for at in (_FIRST, _LAST))
    seconds = F.date_format(moment, "yyyy-MM-dd'T'HH:mm:ss")
    end = F.when(is_zoned(written), "Z").otherwise("")
    rewritten = F.concat(seconds, F.regexp_extract(written, _FRACTION, 0), end)
    plain = F.replace(written, F.lit(" "), F.lit("T"))
    iso = F.when(written.rlike(_FULL), plain).otherwise(rewritten)
    return F.when(moment.between(first, last), iso)


def completed(text: Column) -> Column:
    """Append ``:00`` to a time of ISO 8601 without seconds; null if the text is complete.

    Some engines do not read a zone after minutes.
    """
    return F.when(~text.rlike(_FULL), F.regexp_replace(text, _TO_MINUTES, "$1:00$2"))


def castable(
    text: Column, pattern: str | None, zone: str | None, whole: Column | None = None
) -> Column:
    """Rewrite trimmed text so that every engine casts it to the same timestamp.

    The result is null, or casts to null, if the text is not a time. A local time is cast as UTC.

    Args:
        text: Trimmed text.
        pattern: Format of the text (``time_formats``); None for ISO 8601.
        zone: Zone whose own abbreviations are read; None for no abbreviations.
        whole: ``completed(text)``, if a column has it already.
    """
    if pattern in EPOCHS:
        return since_1970(text, EPOCHS[pattern])
    if pattern is not None and pattern != ISO:
        layouts = layouts_of(pattern)
        return F.coalesce(*[_by_layout(text, layout, zone) for layout in layouts])
    whole = completed(text) if whole is None else whole
    is_time = whole.rlike(_TO_SECONDS) | whole.rlike(_DAY_ALONE)
    other = F.when(is_time, _with_known_zone(whole, zone))
    return F.when(text.rlike(_FULL), text).otherwise(other)


def is_zoned(written: Column) -> Column:
    """Return the condition that a result of ``castable`` has a zone."""
    return written.rlike(_ZONED)


def _by_layout(text: Column, layout: Layout, zone: str | None) -> Column:
    written = _computed(text, layout) if _needs_computing(layout) else _replaced(text, layout)
    if layout.letters.get("zone", "")[:1] in _NAMED_ZONES:
        written = _with_known_zone(written, zone)
    return F.when(text.rlike(layout.regex), written)


def _needs_computing(layout: Layout) -> bool:
    """Whether month or hour have to be computed, from a name or from a clock of 12 hours."""
    return len(layout.letters.get("month", "")) > 2 or layout.letters.get("hour", "H")[0] != "H"


def _replaced(text: Column, layout: Layout) -> Column:
    def group(name: str) -> str:
        return f"${layout.groups[name]}" if name in layout.groups else _ABSENT[name]

    year, month, day, hour, minute, second = map(group, _FIELDS)
    # No digit may stand before a group, because the engines would read it as part of its number.
    parts = f"{_century(layout)}{year}-{month}-{day} {hour}:{minute}:{second}"
    parts += f".{group('fraction')}" if "fraction" in layout.groups else ""
    parts += f" {group('zone')}" if "zone" in layout.groups else ""
    return F.regexp_replace(text, layout.regex, parts)


def _century(layout: Layout) -> str:
    return "20" if len(layout.letters["year"]) == 2 else ""


def _computed(text: Column, layout: Layout) -> Column:
    def group(name: str) -> Column:
        if name not in layout.groups:
            return F.lit(_ABSENT[name])
        return F.regexp_extract(text, layout.regex, layout.groups[name])

    year = F.concat(F.lit(_century(layout)), group("year"))
    day = F.concat_ws("-", year, _month(group, layout), group("day"))
    time = F.concat_ws(":", _hour(group, layout), group("minute"), group("second"))
    if "fraction" in layout.groups:
        time = F.concat_ws(".", time, group("fraction"))
    zone = (group("zone"),) if "zone" in layout.groups else ()
    return F.concat_ws(" ", day, time, *zone)


def _month(group: Callable[[str], Column], layout: Layout) -> Column:
    if len(layout.letters.get("month", "")) <= 2:
        return group("month")
    name = F.lower(F.substring(group("month"), 1, 3))
    return F.find_in_set(name, F.lit(_MONTHS)).cast(T.StringType())


def _hour(group: Callable[[str], Column], layout: Layout) -> Column:
    letter = layout.letters.get("hour", "H")[0]
    if letter == "H":
        return group("hour")
    number = group("hour").try_cast(T.IntegerType())
    if letter == "k":
        return (number % 24).cast(T.StringType())
    afternoon = F.when(F.lower(F.substring(group("half"), 1, 1)) == "p", 12).otherwise(0)
    return (number % 12 + afternoon).cast(T.StringType())


def _with_known_zone(written: Column, zone: str | None) -> Column:
    """Return a time without a zone, or with one that is unambiguous or of ``zone``; else null."""
    named = written.rlike(_ABBREVIATED) & ~written.rlike(_UNIVERSAL)
    known = F.when(~named & ~written.rlike(_FAR_REGION), written)
    for name, offsets in abbreviations_of(zone).items() if zone else ():
        for minutes in offsets:
            known = known.when(*_own(written, name, minutes, str(zone)))
    return known


def _own(written: Column, name: str, minutes: int, zone: str) -> tuple[Column, Column]:
    """Return the condition that a time has a zone's own abbreviation, and the time with its offset.

    The abbreviation is the zone's own if its clocks have that offset at that time.
    """
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    end = rf" *{name}\z"
    local = F.regexp_replace(written, end, "").try_cast(T.TimestampType())
    moment = F.timestamp_micros(F.unix_micros(local) - 60_000_000 * minutes)
    is_own = F.from_utc_timestamp(moment, zone) == local
    applies = written.endswith(name) & (written < F.lit(_FAR)) & is_own
    return applies, F.regexp_replace(written, end, f"{sign}{hours:02}:{rest:02}")
