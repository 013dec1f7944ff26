"""The format of times is found in their texts, and an ambiguous one is marked."""

from datetime import datetime, timedelta

import pytest

from goldrun.contracts.time_formats import check_formats
from goldrun.medallion.proposal.time_formats import find_times

DAYS = [datetime(2024, 1, 5, 9, 7) + timedelta(days=11 * n) for n in range(30)]  # noqa: DTZ001


def texts(python: str) -> list[str]:
    return [f"{day:{python}}" for day in DAYS]


@pytest.mark.parametrize(
    ("python", "pattern"),
    [
        ("%d.%m.%Y", "d.M.yyyy"),
        ("%d.%m.%Y %H:%M", "d.M.yyyy H:mm"),
        ("%m/%d/%Y", "M/d/yyyy"),
        ("%-m/%-d/%Y", "M/d/yyyy"),
        ("%d/%m/%Y %H:%M:%S", "d/M/yyyy H:mm:ss"),
        ("%m/%d/%y %H:%M", "M/d/yy H:mm"),
        ("%d-%m-%Y", "d-M-yyyy"),
        ("%Y/%m/%d", "yyyy/M/d"),
        ("%Y%m%d", "yyyyMMdd"),
        ("%m/%d/%Y %I:%M %p", "M/d/yyyy h:mm a"),
        ("%d %b %Y", "d MMM yyyy"),
        ("%b %d, %Y", "MMM d, yyyy"),
    ],
)
def test_a_pattern_is_found_that_goldrun_reads(python: str, pattern: str) -> None:
    found = find_times(texts(python), is_named_so=True)
    assert found is not None
    assert (found.formats, found.zoned, found.ambiguous) == ((pattern,), False, False)
    check_formats(found.formats)


@pytest.mark.parametrize(
    ("python", "zoned"),
    [
        ("%Y-%m-%d", False),
        ("%Y-%m-%dT%H:%M:%S", False),
        ("%Y-%m-%d %H:%M:%SZ", True),
        ("%Y-%m-%dT%H:%M:%S+02:00", True),
        ("%Y-%m-%d %H:%M:%S +0100", True),
    ],
)
def test_iso_8601_needs_no_pattern(python: str, zoned: bool) -> None:
    found = find_times(texts(python), is_named_so=False)
    assert found is not None
    assert (found.formats, found.zoned) == (("iso",), zoned)


def test_numbers_are_times_only_where_the_column_is_named_so() -> None:
    seconds = [str(int(day.timestamp())) for day in DAYS]
    found = find_times(seconds, is_named_so=True)
    assert found is not None
    assert (found.formats, found.zoned) == (("epoch_s",), True)
    assert find_times(seconds, is_named_so=False) is None
    millis = [f"{text}123" for text in seconds]
    assert find_times(millis, is_named_so=True) == type(found)(("epoch_ms",), zoned=True)


def test_of_day_and_month_first_the_one_in_order_is_proposed_and_asked_about() -> None:
    # Days up to the 12th only, sorted: read the other way they jump.
    days = [f"{month:02}/{day:02}/2024" for month in range(1, 13) for day in (3, 7, 11)]
    found = find_times(days, is_named_so=True)
    assert found is not None
    assert (found.formats, found.ambiguous) == (("M/d/yyyy",), True)
    exchanged = [f"{day[3:5]}/{day[:2]}/2024" for day in days]
    found = find_times(exchanged, is_named_so=True)
    assert found is not None
    assert (found.formats, found.ambiguous) == (("d/M/yyyy",), True)


def test_other_texts_are_no_times() -> None:
    assert find_times(["2024-01-01", "soon"], is_named_so=True) is None
    assert find_times([], is_named_so=True) is None
