"""Labels look only ahead, features only back, and neither past the end of the lake."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame

from goldrun.errors import AsOfError
from goldrun.features.activity import Activity
from goldrun.features.labels import History, churn_labels
from goldrun.features.snapshots import customer_features, snapshots, user_features

MakeDaily = Callable[..., DataFrame]
MakeActivity = Callable[[DataFrame], Activity]
AS_OF = date(2024, 6, 30)
HORIZON = 90
LONG_AGO = date(2023, 1, 1)
RETAIL = History(date(2010, 12, 1), date(2011, 12, 9))


@pytest.fixture(scope="module")
def churned(daily_of: MakeDaily, activity_with: MakeActivity) -> dict[str, int]:
    """Everyone bought before the date; who comes back is named by the days until then."""
    back = (0, 1, HORIZON - 1, HORIZON, HORIZON + 1)
    before = [(f"{n}", "2024-01-01", 1, "1") for n in (*back, "never", "cancels", "both")]
    after = [(f"{n}", str(AS_OF + timedelta(days=n)), 1, "1") for n in back]
    after += [("both", str(AS_OF + timedelta(days=n)), 1, "1") for n in (3, 4, 5)]
    daily = daily_of(
        *before,
        *after,
        ("cancels", str(AS_OF + timedelta(days=5)), 0, "0", 1),
        ("new", str(AS_OF + timedelta(days=5)), 1, "1"),
    )
    features = customer_features(activity_with(daily), AS_OF, LONG_AGO)
    rows = churn_labels(daily, features, HORIZON).collect()
    assert len(rows) == len({row["customer_id"] for row in rows})
    assert {row["as_of"] for row in rows} == {AS_OF}
    return {row["customer_id"]: row["churned"] for row in rows}


@pytest.mark.parametrize(
    ("who", "label"),
    [
        ("0", 0),
        ("1", 0),
        (str(HORIZON - 1), 0),
        (str(HORIZON), 1),
        (str(HORIZON + 1), 1),
        ("never", 1),
        ("cancels", 1),
        ("both", 0),
    ],
)
def test_the_window_holds_its_first_day_and_not_the_day_after_its_last(
    churned: dict[str, int], who: str, label: int
) -> None:
    assert churned[who] == label


def test_only_the_snapshots_population_has_labels(churned: dict[str, int]) -> None:
    assert "new" not in churned


def test_each_date_has_its_own_label(daily_of: MakeDaily, activity_with: MakeActivity) -> None:
    daily = daily_of(("c", "2024-01-01", 1, "1"), ("c", "2024-05-01", 1, "1"))
    dates = [date(2024, 2, 1), date(2024, 4, 1), date(2024, 6, 1)]
    features = snapshots(activity_with(daily), dates, LONG_AGO)
    rows = churn_labels(daily, features, 60).collect()
    assert {row["as_of"]: row["churned"] for row in rows} == dict(
        zip(dates, (1, 0, 1), strict=True)
    )


def test_the_history_is_from_the_first_to_the_last_day(daily_of: MakeDaily) -> None:
    daily = daily_of(
        ("c", "2024-01-05", 0, "0", 1), ("c", "2024-02-01", 1, "1"), ("d", "2024-01-31", 1, "1")
    )
    found = History.of(daily)
    assert (found.observed_from, found.observed_until) == (date(2024, 1, 5), date(2024, 2, 1))


def test_labels_end_with_the_transactions_though_visits_go_on() -> None:
    longer = History(date(2024, 1, 1), date(2024, 6, 30), sold_until=date(2024, 5, 31))
    assert longer.latest_labelled(30) == date(2024, 5, 1)
    assert longer.day_after == date(2024, 7, 1)


def test_an_empty_lake_has_no_history(daily_of: MakeDaily) -> None:
    with pytest.raises(AsOfError, match="gold/customer_daily is empty"):
        History.of(daily_of(("c", "2024-01-05", 1, "1")).limit(0))


@pytest.mark.parametrize("day", ["2010-11-30", "2010-12-01"])
def test_a_date_with_nothing_before_it_is_refused(day: str) -> None:
    with pytest.raises(AsOfError, match=r"there is no activity before it.*2010-12-01.*later date"):
        RETAIL.check_features(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2010-12-02", "2011-12-09", "2011-12-10"])
def test_from_the_second_day_to_the_day_after_the_last_features_are_whole(day: str) -> None:
    as_of = date.fromisoformat(day)
    assert RETAIL.check_features(as_of) == as_of


def test_a_date_after_the_lakes_end_is_refused_with_the_latest_one() -> None:
    with pytest.raises(AsOfError, match=r"ends on 2011-12-09.*give 2011-12-10 or an earlier"):
        RETAIL.check_features(date(2011, 12, 11))


def test_a_label_window_that_is_not_complete_is_refused_with_the_latest_one() -> None:
    assert RETAIL.check_labels(date(2011, 9, 10), HORIZON) == date(2011, 9, 10)
    with pytest.raises(AsOfError, match=r"90 days ends after.*give 2011-09-10 or an earlier"):
        RETAIL.check_labels(date(2011, 9, 11), HORIZON)


def test_labels_need_features_as_well() -> None:
    with pytest.raises(AsOfError, match="there is no activity before it"):
        RETAIL.check_labels(date(2010, 12, 1), HORIZON)


def test_online_retail_is_trained_on_four_months() -> None:
    origins = RETAIL.training_origins(date(2011, 9, 10), HORIZON, 90, 4)
    assert origins == [
        date(2011, 3, 12),
        date(2011, 4, 12),
        date(2011, 5, 12),
        date(2011, 6, 12),
    ]


def test_no_more_origins_are_given_than_asked_for_and_they_are_the_latest() -> None:
    assert RETAIL.training_origins(date(2011, 9, 10), HORIZON, 90, 2) == [
        date(2011, 5, 12),
        date(2011, 6, 12),
    ]


def test_an_origin_whose_window_is_not_covered_is_left_out() -> None:
    assert RETAIL.training_origins(date(2011, 9, 10), HORIZON, 180, 4) == [date(2011, 6, 12)]


def test_too_short_a_history_is_refused_with_the_first_date_that_would_do() -> None:
    with pytest.raises(AsOfError) as caught:
        RETAIL.training_origins(date(2011, 5, 29), HORIZON, 90, 4)
    assert "give 2011-05-30 or a later date" in str(caught.value)
    assert RETAIL.training_origins(date(2011, 5, 30), HORIZON, 90, 4) == [date(2011, 3, 1)]


@pytest.mark.parametrize("days", [1, 40, 91, 100, 181])
def test_a_history_without_two_label_windows_is_refused_with_the_days_that_are_missing(
    days: int,
) -> None:
    first = date(2024, 1, 1)

    def origins(days: int, horizon: int) -> list[date]:
        history = History(first, first + timedelta(days - 1))
        test = history.check_labels(history.latest_labelled(horizon), horizon)
        return history.training_origins(test, horizon, 0, 4)

    with pytest.raises(AsOfError) as caught:
        origins(days, HORIZON)
    message = str(caught.value)
    assert f"history of {days} days (2024-01-01 to " in message
    assert f"two label windows of 90 days, 182 days in all; load {182 - days} more" in message
    assert origins(182, HORIZON) == [date(2024, 1, 2)]
    longest = (days - 2) // 2
    if longest > 0:
        assert f"horizon_days to {longest} or less" in message
        assert origins(days, longest)
        with pytest.raises(AsOfError, match="too short"):
            origins(days, longest + 1)
    else:
        assert "horizon_days to" not in message


def test_the_missing_days_include_those_of_the_longest_window() -> None:
    history = History(date(2024, 1, 1), date(2024, 9, 1))
    with pytest.raises(AsOfError, match=r"after 180 days for the longest window.*361 days in all"):
        history.training_origins(date(2024, 6, 3), HORIZON, 180, 4)
    enough = History(date(2024, 1, 1), date(2024, 1, 1) + timedelta(360))
    test = enough.latest_labelled(HORIZON)
    assert enough.training_origins(test, HORIZON, 180, 4) == [date(2024, 6, 29)]


@given(
    st.dates(date(2011, 1, 1), date(2013, 12, 31)),
    st.integers(1, 180),
    st.sampled_from([0, 30, 90, 180]),
    st.integers(1, 12),
)
def test_no_training_label_ever_reaches_past_the_test_date(
    as_of: date, horizon: int, window: int, most: int
) -> None:
    try:
        origins = RETAIL.training_origins(as_of, horizon, window, most)
    except AsOfError:
        assert as_of - timedelta(days=horizon) < RETAIL.observed_from + timedelta(
            days=max(window, 1)
        )
        return
    assert origins == sorted(set(origins))
    assert 1 <= len(origins) <= most
    assert origins[-1] + timedelta(days=horizon) == as_of
    assert origins[0] - timedelta(days=window) >= RETAIL.observed_from


# A stray row after the end -----------------------------------------------------------------------

SHOP = {date(2010, 12, 1) + timedelta(days=n): 5 for n in range(374)}
STRAY = date(2012, 1, 20)


def test_a_stray_sale_makes_no_label_complete_and_no_recency_long() -> None:
    found = History.of_counts(min(SHOP), SHOP | {STRAY: 1}, SHOP | {STRAY: 1})
    assert found == History(
        RETAIL.observed_from, RETAIL.observed_until, date(2011, 12, 9), {STRAY: 1}
    )
    assert found.latest_labelled(HORIZON) == date(2011, 9, 10)
    assert found.day_after == date(2011, 12, 10)


def test_a_date_after_the_end_is_refused_with_the_rows_that_lie_there() -> None:
    found = History.of_counts(min(SHOP), SHOP | {STRAY: 2}, SHOP | {STRAY: 2})
    assert found is not None
    rows = r"2 rows on 1 day \(2012-01-20\) after the end.*correct their dates, or load"
    with pytest.raises(AsOfError, match=rf"ends on 2011-12-09.*give 2011-12-10 or.*{rows}"):
        found.check_features(date(2012, 1, 21))
    with pytest.raises(AsOfError, match=rf"2011-12-09\); give 2011-09-10 or.*{rows}"):
        found.check_labels(date(2011, 10, 22), HORIZON)


def test_visits_go_on_after_the_last_sales_and_a_stray_sale_among_them_is_no_end_of_sales() -> None:
    visits = {date(2010, 12, 1) + timedelta(days=n): 9 for n in range(450)}
    found = History.of_counts(min(visits), visits, SHOP | {STRAY: 1})
    assert found == History(min(SHOP), max(visits), max(SHOP), {STRAY: 1})


def test_sales_never_end_after_all_activity() -> None:
    weekly = {day: 1 for day in SHOP if day.weekday() == 5}
    late = {max(SHOP) + timedelta(days=n): 1 for n in range(1, 50)}
    weekly |= {day: 1 for day in late if day.weekday() == 5}
    found = History.of_counts(min(SHOP), SHOP | weekly, weekly)
    assert found is not None
    assert found.sold_until == found.observed_until < max(weekly)
    assert set(found.after_the_end) == {day for day in weekly if day > found.observed_until}


def test_the_history_of_a_table_leaves_a_stray_row_out(daily_of: MakeDaily) -> None:
    days = [("c", str(LONG_AGO + timedelta(days=n)), 1, "1") for n in range(40)]
    found = History.of(daily_of(*days, ("d", "2024-01-05", 0, "0", 3)))
    end = LONG_AGO + timedelta(days=39)
    assert found == History(LONG_AGO, end, end, {date(2024, 1, 5): 3})


def test_who_bought_only_after_the_end_has_no_recency(daily_of: MakeDaily) -> None:
    days = [("c", str(LONG_AGO + timedelta(days=n)), 1, "1") for n in range(40)]
    daily = daily_of(*days, ("c", "2024-01-05", 1, "9"), ("d", "2024-01-05", 1, "9"))
    (row,) = user_features(daily, History.of(daily).observed_until).collect()
    assert (row["user_id"], row["total_spend"], row["recency_days"]) == ("c", 40, 0)
