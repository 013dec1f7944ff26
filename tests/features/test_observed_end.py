"""The end of a shop's usual rhythm, of shops that sell daily, weekly, rarely, or no more."""

import random
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldrun.features.observed_end import LEAST_TRADING_DAYS, WINDOW_DAYS, observed_end

FIRST = date(2023, 1, 2)
"""A Monday."""
DATA = Path(__file__).parents[2] / "data" / "online_retail"


def days_from(
    first: date, count: int, is_open: Callable[[date], bool] = lambda _: True
) -> list[date]:
    every = (first + timedelta(days=n) for n in range(count))
    return [day for day in every if is_open(day)]


def end_of(days: Iterable[date]) -> date:
    return observed_end(dict.fromkeys(days, 1)).day


def later(day: date, days: int) -> date:
    return day + timedelta(days=days)


@pytest.fixture(scope="module")
def retail() -> dict[date, int]:
    """Number of lines of the sample by day."""
    frames = [pd.read_csv(path, usecols=["InvoiceDate"]) for path in DATA.glob("*.gz")]
    days = pd.to_datetime(pd.concat(frames).InvoiceDate).dt.date
    return {day: int((days == day).sum()) for day in days.unique()}


def test_the_sample_ends_with_its_newest_row(retail: dict[date, int]) -> None:
    found = observed_end(retail)
    assert (found.day, found.after) == (date(2011, 12, 9), {})


def test_a_stray_sale_after_the_sample_is_not_its_end_and_is_counted(
    retail: dict[date, int],
) -> None:
    stray = date(2012, 1, 20)
    found = observed_end(retail | {stray: 3})
    assert (found.day, found.after) == (date(2011, 12, 9), {stray: 3})


@pytest.mark.parametrize("weeks", [4, 5, 8, 52, 520])
def test_a_shop_that_sells_daily_ends_before_a_stray_day_however_far(weeks: int) -> None:
    days = days_from(FIRST, 400)
    assert end_of([*days, later(days[-1], 7 * weeks)]) == days[-1]


def test_several_stray_days_are_not_the_end_and_are_in_order() -> None:
    days = days_from(FIRST, 200)
    strays = {later(days[-1], n): n for n in (300, 40, 70, 41)}
    found = observed_end(dict.fromkeys(days, 1) | strays)
    assert found.day == days[-1]
    assert list(found.after.items()) == sorted(strays.items())


def test_a_shop_that_is_closed_on_saturdays_ends_on_any_weekday_and_on_an_open_saturday() -> None:
    days = days_from(FIRST, 300, lambda day: day.weekday() != 5)
    for cut in range(1, 8):
        assert end_of(days[:-cut]) == days[-cut - 1]
    friday = max(day for day in days if day.weekday() == 4)
    until_friday = [day for day in days if day <= friday]
    assert end_of([*until_friday, later(friday, 1)]) == later(friday, 1)


def test_a_shop_that_sells_weekly_ends_with_its_last_week() -> None:
    days = days_from(FIRST, 7 * 30, lambda day: day.weekday() == 5)
    assert end_of(days) == days[-1]
    assert end_of([*days, later(days[-1], 28)]) == days[-1]
    # One week left out is half of the last four at least.
    assert end_of([*days, later(days[-1], 14)]) == later(days[-1], 14)


def closed_at_christmas(day: date) -> bool:
    return not date(2023, 12, 18) <= day <= date(2024, 1, 7)


def test_three_weeks_of_holidays_in_the_middle_change_nothing() -> None:
    days = days_from(FIRST, 500, closed_at_christmas)
    assert end_of(days) == days[-1]


def test_after_three_weeks_of_holidays_two_weeks_of_sales_are_the_rhythm_again() -> None:
    days = days_from(FIRST, 500, closed_at_christmas)

    def end_at(day: date) -> date:
        return end_of(each for each in days if each <= day)

    assert end_at(date(2024, 1, 20)) == date(2023, 12, 17)
    assert end_at(date(2024, 1, 21)) == date(2024, 1, 21)


@pytest.mark.parametrize("count", [1, 12, LEAST_TRADING_DAYS - 1])
def test_a_new_shop_ends_with_its_newest_row(count: int) -> None:
    days = days_from(FIRST, count)
    assert end_of(days) == days[-1]
    assert end_of([*days[:-1], later(days[-1], 90)]) == later(days[-1], 90)


def test_from_twenty_days_on_a_stray_day_is_not_the_end() -> None:
    days = days_from(FIRST, LEAST_TRADING_DAYS)
    # The stray day is the twentieth and the only one that is looked at.
    assert end_of([*days[:-1], later(days[-1], 90)]) == later(days[-1], 90)
    assert end_of([*days, later(days[-1], 90)]) == days[-1]


def test_fewer_sales_a_day_are_no_end() -> None:
    days = days_from(FIRST, 300)
    rows = {day: max(1, 500 - 2 * n) for n, day in enumerate(days)}
    assert observed_end(rows).day == days[-1]


def test_a_shop_that_sells_on_ever_fewer_days_ends_where_half_of_its_days_are_left() -> None:
    busy = days_from(FIRST, 300)
    quiet = days_from(later(busy[-1], 1), 60, lambda day: day.weekday() == 2)
    end = end_of([*busy, *quiet])
    window = [later(end, -back) for back in range(WINDOW_DAYS)]
    assert end in quiet
    assert sum(day in {*busy, *quiet} for day in window) >= WINDOW_DAYS // 2
    assert end < quiet[3]


def test_a_shop_without_usual_days_ends_with_its_newest_row() -> None:
    random_days = random.Random(1).sample(days_from(FIRST, 700), 150)
    found = observed_end(dict.fromkeys(random_days, 1))
    assert found.day == max(random_days)


def test_two_minutes_of_rows_are_one_day() -> None:
    assert end_of([FIRST]) == FIRST


def test_no_days_have_no_end() -> None:
    with pytest.raises(ValueError, match="no days"):
        observed_end({})


histories = st.lists(st.integers(0, 200), min_size=1, max_size=150, unique=True).map(
    lambda numbers: [later(FIRST, n) for n in numbers]
)


@given(histories, st.randoms())
def test_the_end_is_a_day_with_rows_and_depends_on_no_order(
    days: list[date], shuffled: random.Random
) -> None:
    end = end_of(days)
    assert end in days
    mixed = list(days)
    shuffled.shuffle(mixed)
    assert observed_end(dict.fromkeys(mixed, 1)) == observed_end(dict.fromkeys(days, 1))
    assert observed_end(dict.fromkeys(days, 7)).day == end


@given(histories, st.integers(1, 2_000))
def test_one_later_row_is_the_end_or_changes_nothing(days: list[date], after: int) -> None:
    row = later(max(days), after)
    known = observed_end(dict.fromkeys(days, 1))
    found = observed_end(dict.fromkeys([*days, row], 1))
    assert found.day in {known.day, row}
    assert found.after == ({**known.after, row: 1} if found.day == known.day else {})


@given(st.integers(LEAST_TRADING_DAYS, 200), st.sets(st.integers(0, 6), max_size=4), st.integers(0))
def test_a_row_four_weeks_after_a_regular_shop_never_is_its_end(
    count: int, closed: set[int], extra: int
) -> None:
    days = days_from(FIRST, 2 * count, lambda day: day.weekday() not in closed)
    if len(days) >= LEAST_TRADING_DAYS:
        row = later(max(days), WINDOW_DAYS + extra % 3_000)
        assert end_of([*days, row]) == max(days)
