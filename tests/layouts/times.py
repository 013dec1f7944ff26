"""Times in the formats of shops, written and read by plain Python."""

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_YEAR, _TWO = r"(?P<year>[0-9]{4})", "[0-9]{2}"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
PATTERNS = {
    "yyyy-MM-dd HH:mm:ss": (
        rf"{_YEAR}-(?P<month>{_TWO})-(?P<day>{_TWO}) (?P<hour>{_TWO}):(?P<minute>{_TWO})"
        rf":(?P<second>{_TWO})",
        "{0:%Y-%m-%d %H:%M:%S}",
    ),
    "dd/MM/yyyy HH:mm": (
        rf"(?P<day>{_TWO})/(?P<month>{_TWO})/{_YEAR} (?P<hour>{_TWO}):(?P<minute>{_TWO})",
        "{0:%d/%m/%Y %H:%M}",
    ),
    "MM/dd/yyyy HH:mm": (
        rf"(?P<month>{_TWO})/(?P<day>{_TWO})/{_YEAR} (?P<hour>{_TWO}):(?P<minute>{_TWO})",
        "{0:%m/%d/%Y %H:%M}",
    ),
    "M/d/yyyy h:mm a": (
        rf"(?P<month>[0-9]{{1,2}})/(?P<day>[0-9]{{1,2}})/{_YEAR} "
        rf"(?P<twelve>[0-9]{{1,2}}):(?P<minute>{_TWO}) (?P<half>[AaPp][Mm])",
        "{0.month}/{0.day}/{0.year} {1}:{0:%M} {0:%p}",
    ),
    "d.M.yyyy H:mm": (
        rf"(?P<day>[0-9]{{1,2}})\.(?P<month>[0-9]{{1,2}})\.{_YEAR} "
        rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>{_TWO})",
        "{0.day}.{0.month}.{0.year} {0.hour}:{0:%M}",
    ),
    "d MMM yyyy HH:mm": (
        rf"(?P<day>[0-9]{{1,2}}) (?P<name>[A-Za-z]{{3}}) {_YEAR} "
        rf"(?P<hour>{_TWO}):(?P<minute>{_TWO})",
        "{0.day} {2} {0.year} {0:%H:%M}",
    ),
    "yyyyMMddHHmmss": (
        rf"{_YEAR}(?P<month>{_TWO})(?P<day>{_TWO})(?P<hour>{_TWO})(?P<minute>{_TWO})"
        rf"(?P<second>{_TWO})",
        "{0:%Y%m%d%H%M%S}",
    ),
    "dd/MM/yyyy": (rf"(?P<day>{_TWO})/(?P<month>{_TWO})/{_YEAR}", "{0:%d/%m/%Y}"),
}
"""Regular expression and template of times by Spark's pattern."""
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?P<fraction>\.[0-9]+)?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?)?",
    re.ASCII,
)
_FIELDS = ("year", "month", "day", "hour", "minute", "second")
_EPOCHS = {"epoch_s": 6, "epoch_ms": 3, "epoch_us": 0}
_CHANGES = (
    (2024, 3, 10),
    (2024, 3, 31),
    (2024, 4, 7),
    (2024, 10, 6),
    (2024, 10, 27),
    (2024, 11, 3),
)
"""Days on which the clocks of a zone change."""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
FORMATS = ("iso", *PATTERNS, *_EPOCHS)
UNPARSED, WITHOUT_ZONE, DIGITS_LOST = "unparsed", "without_zone", "digits_lost"


def draw_time(dice: random.Random) -> datetime:
    """Draw a local time; half of them are near a change of clocks."""
    if dice.random() < 0.5:
        day = dice.choice(_CHANGES)
        return datetime(*day) + timedelta(minutes=dice.randrange(300))  # noqa: DTZ001
    return datetime(2020, 1, 1) + timedelta(seconds=dice.randrange(5 * 365 * 86_400))  # noqa: DTZ001


def write_time(dice: random.Random, time: datetime, form: str) -> str:
    """Write a time in a format; as ISO 8601 in one of its forms."""
    if form in _EPOCHS:
        micros = (time.replace(tzinfo=UTC) - _FIRST) // timedelta(microseconds=1)
        whole, rest = divmod(micros + dice.choice((0, 0, 250_000)), 10 ** _EPOCHS[form])
        return f"{whole}.{rest:0{_EPOCHS[form]}}" if rest else str(whole)
    if form != "iso":
        return PATTERNS[form][1].format(time, time.hour % 12 or 12, _MONTHS[time.month - 1])
    seconds = f"{time:%Y-%m-%d}{dice.choice(' T')}{time:%H:%M:%S}"
    return dice.choice(
        (
            *(seconds, f"{time:%Y-%m-%d %H:%M}", f"{time:%Y-%m-%d}", f"{seconds}.5"),
            *(f"{seconds}.123456", f"{seconds}.1234567", f"{seconds}Z", f"{seconds}-05:00"),
            *(f"{seconds}.25+02:00", f"{time:%Y-%m-%d %H:%M}+05:30"),
        )
    )


def read_time(
    text: str, formats: Sequence[str], zone: str | None
) -> tuple[datetime | None, set[str]]:
    """Read a time; return it in UTC, and its faults.

    A local time that occurs twice is the earlier instant; one that does not exist is moved forward.
    """
    tried = (_read(text, each) for each in formats)
    found, cut = next((one for one in tried if one[0] is not None), (None, False))
    if found is None:
        return None, {UNPARSED}
    faults = {DIGITS_LOST} if cut else set()
    if found.tzinfo is None and zone is None:
        return None, {*faults, WITHOUT_ZONE}
    place = ZoneInfo(zone or "UTC")
    at = found if found.tzinfo else found.replace(tzinfo=place, fold=0)
    return at.astimezone(UTC), faults


def _read(text: str, form: str) -> tuple[datetime | None, bool]:
    """Read a time in one format; return it, and whether it has more than microseconds."""
    if form in _EPOCHS:
        return _since_1970(text, _EPOCHS[form])
    if form != "iso":
        return _by_pattern(text, PATTERNS[form][0]), False
    found = _ISO.fullmatch(text)
    if found is None:
        return None, False
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None, False
    return time, bool((found["fraction"] or "")[7:].strip("0"))


def _since_1970(text: str, decimals: int) -> tuple[datetime | None, bool]:
    found = re.fullmatch(r"(-?)([0-9]{1,18})(?:\.([0-9]*))?", text, re.ASCII)
    if found is None:
        return None, False
    sign, whole, fraction = found[1], found[2], found[3] or ""
    micros = int(whole + fraction[:decimals].ljust(decimals, "0"))
    try:
        time = _FIRST + timedelta(microseconds=-micros if sign else micros)
    except OverflowError:
        return None, False
    return time, bool(fraction[decimals:].strip("0"))


def _by_pattern(text: str, pattern: str) -> datetime | None:
    found = re.fullmatch(pattern, text, re.ASCII)
    if found is None:
        return None
    parts = found.groupdict()
    if name := parts.pop("name", None):
        if name.title() not in _MONTHS:
            return None
        parts["month"] = str(_MONTHS.index(name.title()) + 1)
    half, twelve = parts.pop("half", None), parts.pop("twelve", None)
    if half is not None:
        if not 1 <= int(twelve) <= 12:
            return None
        parts["hour"] = str(int(twelve) % 12 + 12 * (half.lower() == "pm"))
    try:
        year, month, day, hour, minute, second = (int(parts.get(name, 0)) for name in _FIELDS)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
