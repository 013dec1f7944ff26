"""A day is the calendar day of the zone, on every engine as in Python's zoneinfo."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from goldrun.medallion.days import day_of, on_days

AROUND = {
    # The zones farthest from UTC, and a day that one of them skipped.
    "Pacific/Kiritimati": ("2024-05-01", "1994-12-31"),
    "Pacific/Pago_Pago": ("2024-05-01", "1960-02-29"),
    "Pacific/Apia": ("2011-12-29", "2011-12-30", "2011-12-31"),
    # Shifts by half an hour, forward at midnight, back over midnight, and local mean time.
    "Australia/Lord_Howe": ("2024-04-07", "2024-10-06"),
    "America/Sao_Paulo": ("2018-11-04", "2019-02-17", "1963-10-23"),
    "America/St_Johns": ("2011-11-06", "2024-03-10"),
    "Europe/London": ("2024-03-31", "2024-10-27", "1968-10-27", "1940-06-15"),
    "Asia/Tokyo": ("2024-05-01", "1949-04-03", "1955-07-01"),
    "America/Los_Angeles": ("2024-03-10", "2024-11-03", "1935-01-01", "1883-11-18"),
    "Asia/Kolkata": ("2024-05-01", "1944-02-29"),
    "Africa/Monrovia": ("1972-01-07", "1960-01-01"),
    "UTC": ("2024-05-01", "1969-12-31"),
}
"""Days whose midnights are tested in each zone."""


def instants(zone: str) -> list[datetime]:
    """Return instants around the midnights of some days: to a microsecond, and each half hour."""
    near = [timedelta(minutes=30 * n) for n in range(-54, 55)]
    near += [timedelta(microseconds=n) for n in (-1, 1)]
    midnights = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in AROUND[zone]]
    shifts = [datetime(2024, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta()]
    return [at - shift + each for at in midnights for shift in shifts for each in near]


def instants_of(spark: SparkSession, zone: str) -> DataFrame:
    return spark.createDataFrame([(at,) for at in instants(zone)], "at timestamp")


def wrong_days(spark: SparkSession) -> list[tuple[str, datetime]]:
    """Return instants whose day in a zone differs from Python's."""
    given = [(zone, n, at) for zone in AROUND for n, at in enumerate(instants(zone))]
    rows = spark.createDataFrame(given, "zone string, n int, at timestamp")
    found = rows.select("zone", "n", *[day_of("at", zone).alias(zone) for zone in AROUND])
    days = {(row["zone"], row["n"]): row[row["zone"]] for row in found.collect()}
    return [
        (zone, at)
        for zone, n, at in given
        if days[(zone, n)] != at.astimezone(ZoneInfo(zone)).date()
    ]


def test_a_day_is_the_calendar_day_of_the_zone(spark: SparkSession) -> None:
    assert wrong_days(spark) == []


@pytest.mark.of_spark
def test_a_day_is_the_same_with_spark(spark: SparkSession) -> None:
    assert wrong_days(spark) == []


def test_a_null_time_has_no_day(spark: SparkSession) -> None:
    nothing = spark.createDataFrame([(None,)], "at timestamp")
    assert nothing.select(day_of("at", "Asia/Tokyo")).collect()[0][0] is None


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/St_Johns", "America/Sao_Paulo", "UTC"])
def test_rows_on_some_days_are_all_rows_with_one_of_these_days(
    spark: SparkSession, zone: str
) -> None:
    named = [date.fromisoformat(day) for day in AROUND[zone]]
    spans = [span for day in named for span in ((day, day), (day, None), (None, day))]
    inside = [on_days("at", zone, *span) for span in spans]
    for day, *found in instants_of(spark, zone).select(day_of("at", zone), *inside).collect():
        assert found == [(first or day) <= day <= (last or day) for first, last in spans]


def test_a_plan_in_utc_equals_a_plan_without_zones(
    spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    def plan_of(rows: DataFrame) -> str:
        rows.explain()
        return re.sub(r"#\d+L?", "", capsys.readouterr().out)

    rows, days = instants_of(spark, "UTC"), (date(2024, 5, 1), date(2024, 5, 2))
    inside = (F.col("at") >= F.lit(days[0]).cast("timestamp")) & (
        F.col("at") < F.lit(date(2024, 5, 3)).cast("timestamp")
    )
    plain = plan_of(rows.withColumn("day", F.to_date("at")).where(inside))
    in_utc, in_tokyo = (
        plan_of(rows.withColumn("day", day_of("at", zone)).where(on_days("at", zone, *days)))
        for zone in ("UTC", "Asia/Tokyo")
    )
    assert in_utc == plain
    assert in_tokyo != plain
