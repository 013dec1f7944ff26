"""Changes of customers from one segment to another."""

from datetime import datetime

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import gold
from goldrun.contracts.entities import CUSTOMER_ID

_STORED, _RECORDED = "_stored", "_recorded"
_KEY = (CUSTOMER_ID, gold.MODEL_VERSION)


def segment_changes(
    stored: DataFrame, recorded: DataFrame, scored: DataFrame, now: datetime
) -> DataFrame:
    """Find the customers whose segment differs from the stored one of the same model version.

    Segments of different versions are not comparable, so they give no change. A process that
    stopped after recording a change and before storing the segment has left an outdated segment in
    ``stored``: the last recorded change starts at that segment, and its end is the current one.

    Args:
        stored: Rows of ``gold/segments``.
        recorded: Rows of ``gold/segment_changes``.
        scored: New rows of ``gold/segments``.
        now: Time of the scoring.

    Returns:
        Rows of ``gold/segment_changes`` with ``changed_at`` = ``now``.
    """
    before = stored.select(*_KEY, _place(gold.SEGMENT, gold.SEGMENT_NAME).alias(_STORED))
    after = scored.select(
        *_KEY,
        F.col(gold.SEGMENT).alias(gold.TO_SEGMENT),
        F.col(gold.SEGMENT_NAME).alias(gold.TO_NAME),
    )
    last = _last_changes(recorded, scored)
    outdated = F.col(_RECORDED)["start"][gold.SEGMENT] == F.col(_STORED)[gold.SEGMENT]
    previous = F.when(outdated, F.col(_RECORDED)["end"]).otherwise(F.col(_STORED))
    both = after.join(before, list(_KEY)).join(last, list(_KEY), "left")
    return both.select(
        CUSTOMER_ID,
        previous[gold.SEGMENT].alias(gold.FROM_SEGMENT),
        previous[gold.SEGMENT_NAME].alias(gold.FROM_NAME),
        gold.TO_SEGMENT,
        gold.TO_NAME,
        gold.MODEL_VERSION,
        F.lit(now).cast("timestamp").alias(gold.CHANGED_AT),
    ).where(F.col(gold.FROM_SEGMENT) != F.col(gold.TO_SEGMENT))


def _last_changes(recorded: DataFrame, scored: DataFrame) -> DataFrame:
    """Return start and end of the last recorded change of each scored customer."""
    change = F.struct(
        _place(gold.FROM_SEGMENT, gold.FROM_NAME).alias("start"),
        _place(gold.TO_SEGMENT, gold.TO_NAME).alias("end"),
    )
    of_scored = recorded.join(scored, list(_KEY), "left_semi")
    return of_scored.groupBy(*_KEY).agg(F.max_by(change, gold.CHANGED_AT).alias(_RECORDED))


def _place(segment: str, name: str) -> SparkColumn:
    return F.struct(F.col(segment).alias(gold.SEGMENT), F.col(name).alias(gold.SEGMENT_NAME))
