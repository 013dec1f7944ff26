"""Calendar days of instants in a shop's time zone."""

from datetime import date, timedelta

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from goldrun.contracts.source import UTC


def day_of(at: str | SparkColumn, zone: str) -> SparkColumn:
    """Return the calendar day of an instant.

    Args:
        at: A timestamp.
        zone: Name of the time zone (``Source.zone``).

    Returns:
        The date that a calendar in the zone shows at the instant; null for null.
    """
    return F.to_date(at if zone == UTC else F.from_utc_timestamp(at, zone))


def on_days(at: str, zone: str, first: date | None = None, last: date | None = None) -> SparkColumn:
    """Return the condition that an instant is within a range of calendar days.

    The condition compares the instant itself, so that files of other days are skipped by their
    statistics. For zones other than UTC these bounds are one day wider on each side, which covers
    the offset of every zone, and ``day_of`` decides: where clocks are put back over midnight, a day
    is not one span of time.

    Args:
        at: Name of a timestamp.
        zone: Name of the time zone.
        first: First day of the range; None for no lower bound.
        last: Last day of the range; None for no upper bound.
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
    """Return the instant at which a day begins in UTC."""
    return F.lit(day).cast("timestamp")
