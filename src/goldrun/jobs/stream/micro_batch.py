"""Micro-batches on their way through all layers, one after the other, until enough has come."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pyspark.sql import DataFrame

from goldrun.contracts.source import Kind
from goldrun.io.streaming.readers import Enough
from goldrun.io.tracking.series import Series
from goldrun.jobs.aggregate.updater import Follower
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.refine.refine import refine
from goldrun.jobs.refine.tables import fate_table_names
from goldrun.jobs.stream.file_stream import FileStream
from goldrun.jobs.stream.messages import IngestedBatch, arrive
from goldrun.medallion.refinement import Refined


@dataclass
class Totals:
    """What a stream has taken so far; ``rejected`` counts by rule, ``refined`` by entity."""

    rows: int = 0
    repeated: int = 0
    quarantined: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    refined: dict[str, Refined] = field(default_factory=dict)

    def add(self, arrival: IngestedBatch, refined: Mapping[str, Refined]) -> None:
        """Count one micro-batch more."""
        self.rows += sum(arrival.rows.values())
        self.repeated += arrival.repeated
        for entity, one in refined.items():
            self.refined[entity] = self.refined.get(entity, Refined()) + one
            self.quarantined += one.quarantined
            self.duplicates += one.duplicates
            self.rejected.update(one.rejected)


class _Layers:
    """How long each layer takes, one after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def done(self, layer: str) -> None:
        """Note that a layer is done, and the next one begins."""
        now = time.monotonic()
        self.seconds[layer], self._since = now - self._since, now


class MicroBatches:
    """The handler of a query's micro-batches.

    Spark gives a micro-batch again when its handler has failed or was killed. So each layer takes
    in only what it does not have: bronze by position in the source, silver by record, gold by the
    versions that it has followed.
    """

    def __init__(
        self,
        ctx: Context,
        follower: Follower,
        series: Series,
        most: int | None,
        clock: Callable[[], datetime],
    ) -> None:
        """Take none yet.

        Args:
            ctx: The context; each micro-batch has its own moment.
            follower: Keeps gold up to date.
            series: Where numbers over time go.
            most: How many records to take in all, files whole; no limit when None.
            clock: Tells the time, UTC.
        """
        self.totals = Totals()
        self.error: Exception | None = None
        self._ctx, self._follower, self._series = ctx, follower, series
        self._most, self._clock, self._files = most, clock, FileStream()
        self._begun: set[str] | None = None
        self._ending = threading.Event()
        self._working = threading.Lock()

    @property
    def _has_files(self) -> bool:
        return self._ctx.source.kind is Kind.FILES

    def begin(self) -> None:
        """Look at what was read before the first micro-batch comes.

        Raises:
            SourceError: A file has changed since it was read.
        """
        if self._has_files:
            with step("looking at the files that were read before"):
                self._files.begin(self._ctx)

    @property
    def enough(self) -> bool:
        """Whether all that was asked for has come."""
        return self._ending.is_set()

    def handle(self, stream: DataFrame, number: int) -> None:
        """Take one micro-batch through all layers.

        Raises:
            Enough: It is to come again when the stream is started again.
        """
        if self._ending.is_set() or not self._working.acquire(blocking=False):
            self.error = Enough()
            raise self.error
        try:
            self._take(stream, number)
        except Exception as error:
            # Spark tells it as a Java error with this one's text inside.
            self.error = error
            raise
        finally:
            self._working.release()

    def end(self, stop: Callable[[], None]) -> None:
        """Take no more micro-batches, and stop when the one at work is whole."""
        self._ending.set()
        with self._working:
            stop()

    def _take(self, stream: DataFrame, number: int) -> None:
        layers, ctx = _Layers(), replace(self._ctx, now=self._clock())
        if number == 0:
            self._begun = set()
        files = self._has_files
        settled = self._files.settle(ctx, stream, self._ending.is_set) if files else {}
        left = None if self._most is None else self._most - self.totals.rows
        # Held before bronze has the records: another process that refines what has no fate yet
        # would give them one as well.
        with ctx.lake.writing(*fate_table_names(ctx.source.with_files)):
            if files:
                arrival = self._files.arrive(ctx, settled, self._ending.is_set)
            else:
                arrival = arrive(ctx, stream, left, self._begun)
            layers.done("bronze")
            refined = {
                entity: refine(ctx, entity, batch=arrival.batch)
                for entity in ctx.source.with_files
                if arrival.rows.get(entity)
            }
            layers.done("silver")
        touched = self._follower.follow(ctx) if refined else 0
        layers.done("gold")
        self.totals.add(arrival, refined)
        self._tell(arrival, refined, touched, number, layers.seconds)
        if self._most is not None and self.totals.rows >= self._most:
            self._ending.set()
        if arrival.cut:
            raise Enough

    def _tell(
        self,
        arrival: IngestedBatch,
        refined: Mapping[str, Refined],
        touched: int,
        number: int,
        layers: Mapping[str, float],
    ) -> None:
        """Log the numbers of a micro-batch, and say them in a line."""
        one, seconds = Totals(), sum(layers.values())
        one.add(arrival, refined)
        if not one.rows and not one.repeated:
            return
        now = self._clock()
        lag = [(now - sent).total_seconds() for sent in arrival.sent]
        metrics = {
            "rows_in": one.rows,
            "rows_accepted": one.rows - one.quarantined - one.duplicates,
            "rows_quarantined": one.quarantined,
            "rows_duplicate": one.duplicates,
            "rows_repeated": one.repeated,
            "customers_touched": touched,
            "batch_seconds": seconds,
            **{f"{layer}_seconds": spent for layer, spent in layers.items()},
            "rows_per_second": one.rows / seconds,
            **{f"refused.{rule}": n for rule, n in one.rejected.items()},
            **dict(zip(("freshness_p95_seconds", "freshness_p50_seconds"), lag, strict=False)),
        }
        self._series.log(metrics, number)
        log.info(
            "  batch %s: %s rows in %.1f s (%s rows/s), %s refused, %s duplicates%s",
            *(number, f"{one.rows:,}", seconds, f"{one.rows / seconds:,.0f}"),
            *(one.quarantined, one.duplicates, f", {lag[0]:.1f} s behind" if lag else ""),
        )
