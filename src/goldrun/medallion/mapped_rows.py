"""Count the accepted rows of an entity by the settings that they were accepted under."""

from collections.abc import Sequence
from typing import Any

from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.medallion.bronze import batch_id_of
from goldrun.medallion.fates import Fates
from goldrun.medallion.quarantine import RELEASED

_PERIOD = "_period"
BEFORE = -1
"""Period of the batches before the first recorded one."""


def rows_by_period(fates: Fates, first_batches: Sequence[str]) -> dict[int, int]:
    """Count accepted rows by the period in which they were accepted.

    A row was accepted with its batch, or when it was released from quarantine.

    Args:
        fates: The fates of the entity's records.
        first_batches: First batch of each period, ascending.

    Returns:
        Number of rows of silver and its history by the position of their period in
        ``first_batches``; ``BEFORE`` for earlier batches.
    """
    ids = (lineage.RECORD_ID, lineage.BATCH_ID)
    rows = fates.silver.select(*ids).unionByName(fates.history.select(*ids))
    released = fates.quarantine.where(F.col(lineage.STATE) == RELEASED)
    released = released.select(lineage.RECORD_ID, lineage.RELEASED_AT)
    accepted = F.coalesce(batch_id_of(lineage.RELEASED_AT), F.col(lineage.BATCH_ID))
    period: Any = F
    for position, first in reversed([*enumerate(["", *first_batches], BEFORE)]):
        period = period.when(accepted >= first, F.lit(position))
    joined = rows.join(released, lineage.RECORD_ID, "left")
    counted = joined.groupBy(period.alias(_PERIOD)).agg(F.count("*")).collect()
    return {row[0]: row[1] for row in counted}
