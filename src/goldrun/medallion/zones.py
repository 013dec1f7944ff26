"""Convert local times of a zone to UTC, by the same rules in every engine.

A local time that occurs twice, when clocks are put back, is the earlier instant. A local time that
does not exist, when clocks are put forward, is moved forward by the skipped time. From 2100 on a
zone has the offset of the beginning of that year, because some engines lack its later changes.
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
        local: Timestamp whose text in UTC is the local time.
        zone: Name of the zone.
    """
    is_far = local >= F.lit(_FAR).cast(T.TimestampType())
    far = F.timestamp_micros(F.unix_micros(local) - far_offset(zone) * _MICROS)
    return F.when(is_far, far).otherwise(F.to_utc_timestamp(local, zone))
