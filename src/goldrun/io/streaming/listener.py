"""Log the progress of streaming queries as metrics over time."""

import contextlib
from collections.abc import Iterator

from pyspark.sql import SparkSession
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
    StreamingQueryProgress,
)

from goldrun.io.tracking.series import Series

_BEHIND = "maxOffsetsBehindLatest"


class ProgressListener(StreamingQueryListener):
    """Logs the progress of each micro-batch with rows; the step is the number of the batch."""

    def __init__(self, series: Series) -> None:
        """Create a listener that logs to the series of a run."""
        super().__init__()
        self._series = series

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802
        """Log nothing."""

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802
        """Log nothing."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802
        """Log nothing; the job that starts the query reports its end."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802
        """Log rates, durations and state of a micro-batch."""
        if event.progress.numInputRows:
            self._series.log(numbers_of(event.progress), int(event.progress.batchId))


def numbers_of(progress: StreamingQueryProgress) -> dict[str, float]:
    """Return rates (rows/s), durations (s) and state (rows, bytes) of a micro-batch.

    For Kafka, ``spark.messages_behind`` is the largest number of unread messages of a partition.
    """
    behind = [float(s.metrics[_BEHIND]) for s in progress.sources if _BEHIND in (s.metrics or {})]
    return {
        **({"spark.messages_behind": max(behind)} if behind else {}),
        "spark.input_rows_per_second": float(progress.inputRowsPerSecond),
        "spark.processed_rows_per_second": float(progress.processedRowsPerSecond),
        "spark.state_rows": float(sum(s.numRowsTotal for s in progress.stateOperators)),
        "spark.state_bytes": float(sum(s.memoryUsedBytes for s in progress.stateOperators)),
        **{f"spark.{name}_seconds": ms / 1e3 for name, ms in progress.durationMs.items()},
    }


@contextlib.contextmanager
def listening(spark: SparkSession, series: Series) -> Iterator[None]:
    """Log the progress of the session's queries within the context."""
    listener = ProgressListener(series)
    spark.streams.addListener(listener)
    try:
        yield
    finally:
        spark.streams.removeListener(listener)
