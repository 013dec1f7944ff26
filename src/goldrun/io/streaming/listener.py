"""What Spark says of a query's progress, logged over time."""

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
    """Logs the progress of each micro-batch that had rows, by the micro-batch's number."""

    def __init__(self, series: Series) -> None:
        """Log to a run's series."""
        super().__init__()
        self._series = series

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802
        """Nothing to log yet."""

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802
        """Nothing came."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802
        """Who started the query tells how it ended."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802
        """Log rates, durations and state of a micro-batch."""
        if event.progress.numInputRows:
            self._series.log(numbers_of(event.progress), int(event.progress.batchId))


def numbers_of(progress: StreamingQueryProgress) -> dict[str, float]:
    """Rates in rows a second, durations in seconds, state in rows and bytes.

    Of Kafka also how many messages of the partition that is furthest behind were not read yet.
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
    """Log the progress of the session's queries."""
    listener = ProgressListener(series)
    spark.streams.addListener(listener)
    try:
        yield
    finally:
        spark.streams.removeListener(listener)
