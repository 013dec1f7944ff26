"""Local times of a zone converted to UTC, by one rule in every engine.

A local time that the clocks show twice, as they are put back, is the earlier moment. One that they
skip, as they are put forward, is moved forward by what they skip. From 2100 on a zone keeps the
offset with which that year begins: not every engine knows its changes from then on.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from goldrun.contracts.zones import far_offset

_FAR = "2100-01-01"
_MICROS = 1_000_000


def to_utc(local: Column, zone: str) -> Column:
    """Convert a local time to UTC.

    Args:
        local: Timestamp that shows in UTC what the clocks of the zone show.
        zone: Name of the zone.
    """
    is_far = local >= F.lit(_FAR).cast(T.TimestampType())
    far = F.timestamp_micros(F.unix_micros(local) - far_offset(zone) * _MICROS)
    return F.when(is_far, far).otherwise(F.to_utc_timestamp(local, zone))
