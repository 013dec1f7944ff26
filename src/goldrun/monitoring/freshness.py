"""Compute the age of the records of a micro-batch at the time when they are in gold."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_SHARES = (0.05, 0.5)
"""Quantiles of the sending times; the ages of the oldest 5 % and 50 % are p95 and p50."""
_METRICS = ("freshness_p95_seconds", "freshness_p50_seconds")


def sent_quantiles(messages: DataFrame, sent_at: str) -> tuple[datetime, ...]:
    """Compute the 0.05 and 0.5 quantiles of the times at which messages were sent, approximately.

    Args:
        messages: The messages of a micro-batch.
        sent_at: Name of the column with the sending time.

    Returns:
        Two times, UTC; empty if there are no messages.
    """
    micros = F.percentile_approx(F.unix_micros(sent_at), F.array(*map(F.lit, _SHARES)))
    found = messages.agg(micros.alias("sent")).collect()[0]["sent"] or []
    return tuple(datetime.fromtimestamp(each / 1e6, UTC) for each in found)


def written_quantiles(written: Sequence[float]) -> tuple[datetime, ...]:
    """Compute the 0.05 and 0.5 quantiles of the times at which files were written.

    Args:
        written: Seconds since 1970 by file.

    Returns:
        Two times, UTC; empty if there are no files.
    """
    ordered = sorted(written)
    found = [ordered[int(share * len(ordered))] for share in _SHARES if ordered]
    return tuple(datetime.fromtimestamp(each, UTC) for each in found)


def freshness(sent: Sequence[datetime], now: datetime) -> dict[str, float]:
    """Compute the ages of records as metrics, in seconds.

    Args:
        sent: Result of ``sent_quantiles`` or ``written_quantiles``.
        now: Time at which the records are in gold.
    """
    ages = [(now - each).total_seconds() for each in sent]
    return dict(zip(_METRICS, ages, strict=False))
