"""Process micro-batches through all layers, in order, until the stream's limit is reached."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pyspark.sql import DataFrame

from goldrun.contracts.entity_mapping import Kind
from goldrun.io.streaming.readers import Enough
from goldrun.io.tracking.series import Series
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.refine.refine import refine
from goldrun.jobs.refine.tables import fate_table_names
from goldrun.jobs.stream.file_stream import FileStream
from goldrun.jobs.stream.messages import IngestedBatch, ingest_messages
from goldrun.medallion.refinement import Refined
from goldrun.monitoring.freshness import freshness
from goldrun.monitoring.stream_counts import Totals


class _Layers:
    """Measure the duration of each layer."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, layer: str) -> None:
        """Record the duration of a layer; the next layer begins now."""
        now = time.monotonic()
        self.seconds[layer], self._since = now - self._since, now


class MicroBatches:
    """The handler of a query's micro-batches.

    Spark repeats a micro-batch whose handler failed or was killed. Therefore each layer adds only
    rows that it does not have: bronze by position in the source, silver by record, gold by the
    versions of silver that it includes.
    """

    def __init__(
        self,
        ctx: Context,
        updater: GoldUpdater,
        series: Series,
        most: int | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Create the handler.

        Args:
            ctx: The context; each micro-batch has its own time.
            updater: Updates gold.
            series: Metrics over time.
            most: Number of records after which the stream ends; a file is read completely. No
                limit when None.
            clock: Returns the time, UTC.
        """
        self.totals = Totals()
        self.error: Exception | None = None
        self._ctx, self._updater, self._series = ctx, updater, series
        self._most, self._clock, self._files = most, clock, FileStream()
        self._begun: set[str] | None = None
        self._ending = threading.Event()
        self._working, self._turn = threading.Lock(), threading.Lock()
        self._number, self._logged = 0, 0

    @property
    def _has_files(self) -> bool:
        return self._ctx.source.kind is Kind.FILES

    def begin(self) -> None:
        """Find the files that are in bronze, before the first micro-batch.

        Raises:
            SourceError: A file has changed since it was read, and the source does not allow that.
        """
        if self._has_files:
            with step("stream: finding the files that are in bronze"):
                self._files.begin(self._ctx)

    @property
    def enough(self) -> bool:
        """Whether the stream's limit is reached, or its end was requested."""
        return self._ending.is_set()

    def handle(self, stream: DataFrame, number: int) -> None:
        """Process one micro-batch through all layers.

        Raises:
            Enough: The end was requested, or a part of the batch exceeds the limit; Spark repeats
                the batch when the stream is started again.
        """
        if self._ending.is_set() or not self._working.acquire(blocking=False):
            self.error = Enough()
            raise self.error
        try:
            with self._turn:
                self._number = number
                self._process(stream)
        except Exception as error:
            # Spark raises a Java error with the text of this error only.
            self.error = error
            raise
        finally:
            self._working.release()

    def read_overwritten(self) -> None:
        """Process files that were overwritten, which no micro-batch of Spark reports.

        Nothing happens during a micro-batch.

        Raises:
            Enough: A file can't be read (``error`` has the reason), or the end was requested and
                one is still being written.
        """
        if not self._has_files or not self._turn.acquire(blocking=False):
            return
        try:
            ctx = self._at_once()
            if found := self._files.find_overwritten(ctx):
                self._process_layers(ctx, found)
        except Exception as error:
            # Raised by ``run_query``, as the error of a micro-batch.
            self.error = error
            raise Enough from error
        finally:
            self._turn.release()

    def end(self, stop: Callable[[], None]) -> None:
        """Let the current micro-batch finish, start no other, and then call ``stop``."""
        self._ending.set()
        with self._working:
            stop()

    def _at_once(self) -> Context:
        return replace(self._ctx, now=self._clock())

    def _process(self, stream: DataFrame) -> None:
        if self._number == 0:
            self._begun = set()
        ctx = self._at_once()
        if self._has_files:
            found = self._files.find_new(ctx, stream, self._ending.is_set)
            self._process_layers(ctx, found)
        else:
            self._process_layers(ctx, stream)

    def _process_layers(
        self, ctx: Context, given: DataFrame | Mapping[str, Sequence[Path]]
    ) -> None:
        """Pass messages, or the records of some files, through all layers."""
        layers = _Layers()
        left = None if self._most is None else self._most - self.totals.rows
        # Locked before bronze has the records: another process that refines pending records could
        # give them a second fate.
        with ctx.lake.writing(*fate_table_names(ctx.source.with_files)):
            if isinstance(given, Mapping):
                batch = self._files.ingest(ctx, given, self._ending.is_set)
            else:
                batch = ingest_messages(ctx, given, left, self._begun)
            layers.done("bronze")
            refined = {
                entity: refine(ctx, entity, batch=batch.batch)
                for entity in ctx.source.with_files
                if batch.rows.get(entity)
            }
            layers.done("silver")
        customers = self._updater.update(ctx) if refined else 0
        layers.done("gold")
        self.totals.add(sum(batch.rows.values()), batch.repeated, refined)
        self._log(batch, refined, customers, layers.seconds)
        if self._most is not None and self.totals.rows >= self._most:
            self._ending.set()
        if batch.cut:
            raise Enough

    def _log(
        self,
        batch: IngestedBatch,
        refined: Mapping[str, Refined],
        customers: int,
        seconds: Mapping[str, float],
    ) -> None:
        """Log the metrics of a micro-batch, and one line with the main metrics."""
        one = Totals()
        one.add(sum(batch.rows.values()), batch.repeated, refined)
        if not one.rows and not one.repeated:
            return
        ages = freshness(batch.sent, self._clock())
        metrics = one.metrics(customers, seconds, ages)
        # Counted here, because files that were overwritten are no micro-batch of Spark.
        self._logged += 1
        self._series.log(metrics, self._logged)
        age = f", p95 of the records' age {next(iter(ages.values())):.1f} s" if ages else ""
        log.info(
            "  batch %s: %s rows in %.1f s (%s rows/s), %s rejected, %s duplicates%s",
            *(self._logged, f"{one.rows:,}", metrics["batch_seconds"]),
            *(f"{metrics['rows_per_second']:,.0f}", one.quarantined, one.duplicates, age),
        )
