"""Calendar days of instants in a shop's time zone."""

from datetime import date, timedelta

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts.source import UTC


def day_of(at: str | SparkColumn, zone: str) -> SparkColumn:
    """Find the calendar day of an instant.

    Args:
        at: A timestamp.
        zone: Name of the time zone (``Source.zone``).

    Returns:
        The date that a calendar in the zone shows at the instant; null for null.
    """
    return F.to_date(at if zone == UTC else F.from_utc_timestamp(at, zone))


def on_days(at: str, zone: str, first: date | None = None, last: date | None = None) -> SparkColumn:
    """Express that an instant is on one of some calendar days.

    The instant itself is compared, so that files of other days are skipped by their statistics.
    Outside UTC that bound leaves a day to spare on either side, and ``day_of`` decides: no zone is
    further from UTC, and where clocks go back over midnight a day is not one span of time.

    Args:
        at: Name of a timestamp.
        zone: Name of the time zone.
        first: The first of the days; None for all earlier ones.
        last: The last of the days; None for all later ones.
    """
    spare = timedelta(0 if zone == UTC else 1)
    instant, day, inside = F.col(at), day_of(at, zone), F.lit(True)
    if first is not None:
        inside = inside & (instant >= _midnight(first - spare))
        inside = inside if zone == UTC else inside & (day >= F.lit(first))
    if last is not None:
        inside = inside & (instant < _midnight(last + spare + timedelta(1)))
        inside = inside if zone == UTC else inside & (day <= F.lit(last))
    return inside


def _midnight(day: date) -> SparkColumn:
    """When a day begins in UTC."""
    return F.lit(day).cast("timestamp")
