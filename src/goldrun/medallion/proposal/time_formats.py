"""Find the format of times in texts, and whether day or month comes first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, product

from goldrun.contracts.time_formats import EPOCHS, ISO

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?"
    r"(?P<zone> ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?"
)
_EPOCH_DIGITS = {"epoch_s": 10, "epoch_ms": 13, "epoch_us": 16}
_DAYS = {
    "d/M/y": ("%d/%m/%Y", "d/M/yyyy"),
    "M/d/y": ("%m/%d/%Y", "M/d/yyyy"),
    "y/M/d": ("%Y/%m/%d", "yyyy/M/d"),
    "d/M/yy": ("%d/%m/%y", "d/M/yy"),
    "M/d/yy": ("%m/%d/%y", "M/d/yy"),
}
_TIMES = {
    "": "",
    " %H:%M": " H:mm",
    " %H:%M:%S": " H:mm:ss",
    " %I:%M %p": " h:mm a",
    " %I:%M:%S %p": " h:mm:ss a",
}
_OTHERS = {
    "%Y%m%d": "yyyyMMdd",
    "%Y%m%d%H%M%S": "yyyyMMddHHmmss",
    "%d %b %Y": "d MMM yyyy",
    "%d %B %Y": "d MMMM yyyy",
    "%d-%b-%Y": "d-MMM-yyyy",
    "%b %d, %Y": "MMM d, yyyy",
    "%B %d, %Y": "MMMM d, yyyy",
    "%b %d, %Y %I:%M:%S %p": "MMM d, yyyy h:mm:ss a",
    "%d %b %Y %H:%M": "d MMM yyyy H:mm",
    "%d %b %Y %H:%M:%S": "d MMM yyyy H:mm:ss",
}
_TEXTS_TRIED = 500


@dataclass(frozen=True)
class Times:
    """The format of the times of a column.

    Attributes:
        formats: Formats as ``timestamp_format`` takes them; ``iso`` for ISO 8601.
        zoned: Whether all times have a zone or are instants.
        ambiguous: Whether all texts have a time with day and month exchanged too.
    """

    formats: tuple[str, ...]
    zoned: bool
    ambiguous: bool = False


def find_times(texts: Sequence[str], *, is_named_so: bool) -> Times | None:
    """Find the format of the times of a column; None if they are no times.

    Args:
        texts: Values of the column in the order of the file, trimmed.
        is_named_so: Whether the column is named as a time is, without which numbers are no times.
    """
    tried = texts[:_TEXTS_TRIED]
    if not tried:
        return None
    matches = [_ISO.fullmatch(text) for text in tried]
    if all(matches):
        return Times((ISO,), all(match and match["zone"] for match in matches))
    if all(text.isdecimal() for text in tried):
        return _numbers(tried) if is_named_so else None
    return _written(tried)


def _numbers(texts: Sequence[str]) -> Times | None:
    lengths = {len(text) for text in texts}
    epochs = [name for name in EPOCHS if lengths == {_EPOCH_DIGITS[name]}]
    if epochs:
        return Times((epochs[0],), zoned=True)
    return _written(texts)


def _written(texts: Sequence[str]) -> Times | None:
    """Find the pattern that all texts have; of day and month first, the one in better order."""
    fitting: list[tuple[int, str]] = []
    for python, pattern in _candidates(texts[0]):
        times = [_parsed(text, python) for text in texts]
        found = [time for time in times if time is not None]
        if len(found) == len(times):
            fitting.append((_turns(found), pattern))
    if not fitting:
        return None
    fitting.sort(key=lambda each: each[0])
    firsts = {pattern.lstrip("y/.-")[0] for _, pattern in fitting if pattern[0] in "dM"}
    return Times((fitting[0][1],), zoned=False, ambiguous=len(firsts) > 1)


def _candidates(text: str) -> list[tuple[str, str]]:
    separator = next((each for each in "/.-" if each in text), "/")
    written = [
        (python.replace("/", separator) + time, pattern.replace("/", separator) + _TIMES[time])
        for (python, pattern), time in product(_DAYS.values(), _TIMES)
    ]
    return [*written, *_OTHERS.items()]


def _parsed(text: str, python: str) -> datetime | None:
    try:
        return datetime.strptime(text, python)  # noqa: DTZ007 - only the format is of interest
    except ValueError:
        return None


def _turns(times: Sequence[datetime]) -> int:
    """Count how often times that ascend begin to descend, or the reverse; exports are sorted."""
    steps = [one < two for one, two in pairwise(times) if one != two]
    return sum(one != two for one, two in pairwise(steps))
