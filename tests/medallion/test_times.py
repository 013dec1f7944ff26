"""Times in ISO 8601, by pattern and zone, equal in every engine."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from goldrun.medallion.times import iso_text
from goldrun.medallion.zones import to_utc
from tests.medallion.test_parse import MOMENT, expected_outcomes, outcomes, utc


def written(
    spark: SparkSession, texts: list[str], pattern: str | None = None, zone: str | None = None
) -> dict[str, str | None]:
    frame = spark.createDataFrame([(text,) for text in texts], "raw string")
    rows = frame.select("raw", iso_text(F.col("raw"), pattern, zone).alias("iso")).collect()
    return {row["raw"]: row["iso"] for row in rows}


ISO = {
    "2024-07-01 00:30:00": "2024-07-01T00:30:00",
    "2024-07-01T00:30:00.1234567Z": "2024-07-01T00:30:00.1234567Z",
    "2024-07-01 00:30:00+01:00": "2024-07-01T00:30:00+01:00",
    "\u00a02024-7-1\ufeff": "2024-07-01T00:00:00",
    "2024-7-1 1:05": "2024-07-01T01:05:00",
    "2024-07-01T10:00+0530": "2024-07-01T04:30:00Z",
    "2024-07-01 10:00:00.5 UTC+5": "2024-07-01T05:00:00.5Z",
    "2024-06-01 03:00:00 GMT": "2024-06-01T03:00:00Z",
    "2024-06-01 03:00:00 Europe/Paris": "2024-06-01T01:00:00Z",
    "2024-06-01 03:00:00 Mars/Base": None,
    "2150-06-01 03:00:00 Europe/Paris": None,
    "2024-06-01 03:00:00 IST": None,
    "2024-02-30": None,
    "0000-01-01": None,
    "2024-07-01T25:00:00": None,
    "2024-07-01T10:00.5": None,
    "2024-07-01T10:00:00+18:30": None,
    "10:00:00": None,
    "\u0662\u0660\u0662\u0664-07-01": None,
    "": None,
}


def test_a_time_is_iso_8601_or_null(spark: SparkSession) -> None:
    assert written(spark, list(ISO)) == ISO


def test_an_abbreviation_is_read_as_that_of_the_declared_zone(spark: SparkSession) -> None:
    times = {
        "2024-06-01 03:00:00 BST": "2024-06-01T03:00:00+01:00",
        "2024-06-01 03:00 BST": "2024-06-01T03:00:00+01:00",
        "2024-10-27 01:30:00.25 BST": "2024-10-27T01:30:00.25+01:00",
        "2024-10-27 01:30:00 GMT": "2024-10-27T01:30:00Z",
        "2024-06-01 03:00:00 GMT": "2024-06-01T03:00:00Z",
        "2024-01-01 03:00:00 BST": None,
        "2024-03-31 01:30:00 BST": None,
        "2024-06-01 03:00:00 IST": None,
        "2024-06-01 03:00:00 EST": None,
        "2150-06-01 03:00:00 BST": None,
    }
    assert written(spark, list(times), None, "Europe/London") == times
    pattern = "yyyy-MM-dd HH:mm[:ss][.SS] z"
    assert written(spark, list(times), pattern, "Europe/London") == times
    american = {
        "2024-06-01 03:00:00 EDT": "2024-06-01T03:00:00-04:00",
        "2024-01-01 03:00:00 EST": "2024-01-01T03:00:00-05:00",
        "2024-06-01 03:00:00 BST": None,
    }
    assert written(spark, list(american), None, "America/New_York") == american


PATTERNS = {
    ("d MMMM yyyy", "1 December 2010"): "2010-12-01T00:00:00",
    ("d MMMM yyyy", "1 Dec 2010"): None,
    ("d MMM yyyy", "29 FEB 2000"): "2000-02-29T00:00:00",
    ("d MMM yyyy", "29 Feb 1900"): None,
    ("d MMM yyyy", "1 December 2010"): None,
    ("M/d/yy h:mm a", "12/1/10 12:26\u202fAM"): "2010-12-01T00:26:00",
    ("M/d/yy h:mm a", "12/1/10 12:26 pm"): "2010-12-01T12:26:00",
    ("yyyyMMddHHmmssSSS", "20240701123456789"): "2024-07-01T12:34:56.789",
    ("yyyy-MM", "2024-07"): "2024-07-01T00:00:00",
    ("XXX kk:mm yyyy-MM-dd", "+02:00 24:30 2024-07-01"): "2024-06-30T22:30:00Z",
    ("yyyy-MM-dd HH:mm['Z']", "2024-07-01 10:00Z"): "2024-07-01T10:00:00",
    ("yyyy-MM-dd HH:mm[ VV][XXX]", "2024-07-01 10:00 Europe/Paris"): "2024-07-01T08:00:00Z",
    ("yyyy-MM-dd HH:mm[ VV][XXX]", "2024-07-01 10:00-03:00"): "2024-07-01T13:00:00Z",
    ("yyyy-MM-dd HH:mm[ VV][XXX]", "2024-07-01 10:00"): "2024-07-01T10:00:00",
    ("dd/MM/yyyy HH:mm", "\u0660\u0661/12/2010 10:00"): None,
    ("dd/MM/yyyy HH:mm", "2010-12-01 10:00:00"): None,
}


def test_a_pattern_reads_its_fields_and_the_zone_of_the_value(
    spark: SparkSession,
) -> None:
    for pattern in dict.fromkeys(pattern for pattern, _ in PATTERNS):
        expected = {text: iso for (its, text), iso in PATTERNS.items() if its == pattern}
        assert written(spark, list(expected), pattern) == expected


OPTIONAL = "yyyy-MM-dd HH:mm:ss[XXX]"


def test_a_value_without_the_optional_zone_is_a_local_time(spark: SparkSession) -> None:
    zoned = {"2024-07-01 00:30:00+01:00": utc("2024-06-30 23:30:00")}
    shop = zoned | {"2024-07-01 00:30:00": utc("2024-06-30 23:30:00")}
    assert outcomes(spark, MOMENT, list(shop), "Europe/London", OPTIONAL) == expected_outcomes(shop)
    unknown = zoned | {"2024-07-01 00:30:00": {"t_without_zone"}}
    assert outcomes(spark, MOMENT, list(unknown), None, OPTIONAL) == expected_outcomes(unknown)


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_gaps_and_overlaps_follow_one_rule(spark: SparkSession, zone: str) -> None:
    """The earlier of two instants, and forward over a gap, as ``fold=0``."""
    place, hour = ZoneInfo(zone), timedelta(hours=1)
    hours = [datetime(2024, 1, 1, tzinfo=UTC) + n * hour for n in range(366 * 24)]
    changes = [
        moment
        for moment in hours
        if moment.astimezone(place).utcoffset() != (moment - hour).astimezone(place).utcoffset()
    ]
    assert len(changes) > 1
    local = [
        (change + timedelta(minutes=minutes)).astimezone(place).replace(tzinfo=None, fold=0) + back
        for change in changes
        for minutes in (-61, -31, -1, 0, 1, 29, 31, 61)
        for back in (-hour, timedelta(0), hour)
    ]
    local += [datetime(1895, 6, 1, 12), datetime(1944, 7, 1), datetime(2099, 7, 1)]  # noqa: DTZ001
    texts = sorted({f"{time:%Y-%m-%d %H:%M:%S}" for time in local})
    expected = {
        text: datetime.fromisoformat(text).replace(tzinfo=place).astimezone(UTC) for text in texts
    }
    assert outcomes(spark, MOMENT, list(texts), zone) == expected_outcomes(expected)


def test_a_zone_has_one_offset_from_2100_on(spark: SparkSession) -> None:
    frame = spark.createDataFrame([("2150-07-01 12:00:00",)], "t string")
    moment = F.unix_micros(to_utc(F.col("t").try_cast("timestamp"), "America/New_York"))
    expected = datetime(2150, 7, 1, 17, tzinfo=UTC).timestamp() * 1_000_000
    assert frame.select(moment).collect()[0][0] == expected
