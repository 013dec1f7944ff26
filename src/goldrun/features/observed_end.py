"""The observed end: the last day of a shop's usual rhythm.

A few rows that are dated later than all others, such as one mistyped date, must not make labels
complete or recency long. So the newest day is the end only if the days before it have rows as
usual.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from goldrun.errors import listed

WINDOW_DAYS = 28
"""Length of the time up to a day, the day included, that must have rows as usual."""
LEAST_TRADING_DAYS = 20
"""Number of days with rows from which on a rhythm is known."""


@dataclass(frozen=True)
class ObservedEnd:
    """The observed end of a history, and what lies after it.

    Attributes:
        day: The last day of the shop's usual rhythm; it has rows.
        after: Number of rows by later day, ascending; nearly always empty.
    """

    day: date
    after: Mapping[date, int]


def observed_end(rows_by_day: Mapping[date, int]) -> ObservedEnd:
    """Find the observed end.

    A day has rows or has not; how many plays no part. The usual weekdays as of a day are those that
    have rows in at least half of the weeks up to it. Only weeks with rows count, from Monday to
    Sunday, so a day far from all others does not make the other weekdays unusual. A day with rows
    is within the rhythm if 20 days up to it have rows, and if at least half of the usual weekdays
    in the 28 days up to it have. "Up to" includes the day, and later days play no part. The end is
    the last day within the rhythm, be its own weekday usual or not.

    Args:
        rows_by_day: Number of rows of each day that has any, at least one; the order has no effect.

    Returns:
        The end, and the rows after it. The end is the newest day if no day is within a rhythm,
        as in a history of fewer than 20 days with rows, or if no weekday is usual.

    Raises:
        ValueError: There is no day.
    """
    days = sorted(rows_by_day)
    if not days:
        raise ValueError("there are no days, so there is no end; give at least one")
    end = _last_within_rhythm(days)
    return ObservedEnd(end, {day: rows_by_day[day] for day in days if day > end})


def describe_after(after: Mapping[date, int]) -> str:
    """Describe the rows after the end: how many there are, and on which days."""
    rows, days = sum(after.values()), len(after)
    what = f"{rows:,} row{'s' * (rows > 1)} on {days} day{'s' * (days > 1)}"
    return f"{what} ({listed(after, at_most=3)})"


def _last_within_rhythm(days: Sequence[date]) -> date:
    """Go back from the newest of the ascending days, with the weekdays of the days up to each."""
    having_rows = frozenset(days)
    by_weekday = Counter(day.weekday() for day in days)
    weeks = len({_monday(day) for day in days})
    for count in range(len(days), LEAST_TRADING_DAYS - 1, -1):
        day = days[count - 1]
        usual = {weekday for weekday, seen in by_weekday.items() if 2 * seen >= weeks}
        if _is_within_rhythm(day, days[0], usual, having_rows):
            return day
        by_weekday[day.weekday()] -= 1
        weeks -= _monday(day) != _monday(days[count - 2])
    return days[-1]


def _is_within_rhythm(
    day: date, first: date, usual: Collection[int], having_rows: Collection[date]
) -> bool:
    window = (day - timedelta(days=back) for back in range(WINDOW_DAYS))
    expected = [each for each in window if each >= first and each.weekday() in usual]
    return 2 * sum(each in having_rows for each in expected) >= len(expected)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
