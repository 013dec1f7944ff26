"""Kafka to gold: how many rows a second, and how fresh gold is at a steady rate.

    make bench-stream ROWS=1500000 SECONDS=180

Starts a broker in a folder of its own, and adds a line to benchmarks/stream.md. That page
explains the method.
"""

import argparse
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.results import add_line, machine, today
from goldrun.contracts import lineage
from goldrun.contracts.entities import TRANSACTION_DATE, TRANSACTIONS
from goldrun.contracts.ops import GOLD_PROGRESS, MEASURED_AT
from goldrun.devtools.kafka_broker import KafkaBroker
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.settings import load_source
from goldrun.io.streaming.readers import read_stream, start
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.context import Context, step
from goldrun.jobs.refine import silver
from goldrun.jobs.stream import stream
from goldrun.jobs.stream.limits import Limits
from goldrun.jobs.stream.messages import ingest_messages
from pipelines._console import log_to_console
from tests.kafka import create_topic, running_broker

log = logging.getLogger("goldrun")

RESULTS = Path(__file__).with_suffix(".md")
TOPIC = "transactions"
PARTITIONS = 2
SETTLING = 30
"""First seconds of the steady feed, in which the stream starts; they are not measured."""
_SHARES = (0.5, 0.95, 1.0)


@dataclass(frozen=True)
class Drained:
    """Rows of a backlog, and the seconds that they took."""

    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


@contextlib.contextmanager
def sending(broker: KafkaBroker, rows: int, first: int = 0, rate: int = 0) -> Iterator[None]:
    """Send messages in another process during the block; SystemExit unless all are accepted."""
    command = [sys.executable, "-m", "benchmarks.messages", f"--brokers={broker.address}"]
    command += [f"--topic={TOPIC}", f"--rows={rows}", f"--first={first}", f"--rate={rate}"]
    with subprocess.Popen(command) as producer:
        try:
            yield
        except BaseException:
            producer.terminate()
            raise
    if producer.returncode:
        raise SystemExit("the broker did not take all messages")


def drain_to_bronze(ctx: Context) -> Drained:
    """Ingest the backlog into bronze only, in a lake of its own."""
    rows = 0

    def handle(batch: DataFrame, _: int) -> None:
        nonlocal rows
        rows += sum(ingest_messages(replace(ctx, now=datetime.now(UTC)), batch, None).rows.values())

    began = time.monotonic()
    opened = read_stream(ctx.lake.session, ctx.source, Limits().batch_rows)
    query = start(opened, handle, ctx.lake.path("_checkpoint"), available_now=True, every_seconds=1)
    query.awaitTermination()
    return Drained(rows, time.monotonic() - began)


def drain(ctx: Context) -> Drained:
    """Process the backlog through all layers, as ``-e stream -P available_now=true`` does."""
    began = time.monotonic()
    totals = stream.run(ctx, Limits(available_now=True))
    return Drained(totals.rows, time.monotonic() - began)


def freshness(
    ctx: Context, broker: KafkaBroker, first: int, rate: int, seconds: int
) -> list[float]:
    """Stream a steady feed; return p50, p95 and maximum of the seconds from sending to gold.

    They are computed without the stream's own figures: a transaction's time is when its message was
    sent, silver has its micro-batch, and the file with a micro-batch's progress is written after
    all of its gold.
    """
    began = datetime.now(UTC)
    with sending(broker, rate * seconds, first, rate):
        # A few seconds more, so that the last messages get to gold as well.
        stream.run(ctx, Limits(seconds=seconds + 15))
    return seconds_to_gold(ctx, began + timedelta(seconds=SETTLING))


def seconds_to_gold(ctx: Context, since: datetime) -> list[float]:
    """Compute quantiles of the seconds to gold, of rows sent at a moment or later."""
    # Batch.at, in SQL: a collected time would depend on the machine's zone.
    batch = F.date_format(MEASURED_AT, "yyyyMMdd'T'HHmmss.SSSSSS'Z'").alias(lineage.BATCH_ID)
    written = F.col("_metadata.file_modification_time").alias("done")
    done = ctx.lake.read(GOLD_PROGRESS.name).select(batch, written)
    sent = F.col(TRANSACTION_DATE)
    rows = ctx.lake.read(TRANSACTIONS.name).where(sent >= F.lit(since))
    took = (F.unix_micros("done") - F.unix_micros(sent)) / 1e6
    found = rows.join(done, lineage.BATCH_ID).agg(
        F.count("*"), F.percentile(took, F.array(*map(F.lit, _SHARES)))
    )
    count, shares = found.collect()[0]
    if not count:
        raise SystemExit("no message of the steady feed got to gold: is the machine this busy?")
    log.info("  %s messages, p50 %.1f s, p95 %.1f s, most %.1f s", f"{count:,}", *shares)
    return list(shares)


def measure(given: argparse.Namespace, folder: Path) -> dict[str, str]:
    """Measure all; return the cells of the table's line."""
    with running_broker(folder / "broker") as broker, opened_context(broker, folder, given) as ctx:
        with step("Kafka to gold"):
            whole = drain(ctx)
        with step("Kafka to bronze alone"):
            apart = replace(ctx, lake=Lake(ctx.lake.engine, str(folder / "bronze-lake")))
            bronze_only = drain_to_bronze(apart)
        with step(f"{given.rate:,} messages a second for {given.seconds} s"):
            shares = freshness(ctx, broker, given.rows, given.rate, given.seconds)
        if not all(account.closed for account in silver.accounts(ctx).values()):
            raise SystemExit("the accounting is not closed")
    return _cells(given, whole, bronze_only, shares)


@contextlib.contextmanager
def opened_context(
    broker: KafkaBroker, folder: Path, given: argparse.Namespace
) -> Iterator[Context]:
    """Fill the topic with the backlog, and open a lake and a run to process it."""
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    os.environ["GOLDRUN_KAFKA"] = broker.address
    tracker, source = Tracker(), load_source("kafka")
    create_topic(broker, TOPIC, PARTITIONS)
    with step(f"sending {given.rows:,} messages"), sending(broker, given.rows):
        pass
    with (
        tracker.run("benchmark", "benchmark"),
        open_engine(SparkEngine, "benchmark", kafka=True) as engine,
    ):
        yield Context(Lake(engine, str(folder / "lake")), tracker, source, datetime.now(UTC))


def _cells(
    given: argparse.Namespace, whole: Drained, bronze_only: Drained, shares: Sequence[float]
) -> dict[str, str]:
    middle, p95, most = shares
    return {
        "date": today(),
        "backlog": f"{whole.rows:,}",
        "Kafka to gold": f"{whole.seconds:,.0f} s",
        "rows a second": f"{whole.rate:,.0f}",
        "bronze alone, rows a second": f"{bronze_only.rate:,.0f}",
        "steady": f"{given.rate:,} a second, {given.seconds} s",
        "p50": f"{middle:.1f} s",
        "p95": f"{p95:.1f} s",
        "most": f"{most:.1f} s",
        "machine": machine(),
    }


def end_on_termination() -> None:
    """Turn SIGTERM into an ordinary exit, so that the broker is stopped."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def main() -> int:
    """Measure and add the line."""
    log_to_console()
    end_on_termination()
    options = _options()
    given = options.parse_args()
    if given.seconds <= SETTLING:
        options.error(f"--seconds must be more than {SETTLING}: those are left out")
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    line = add_line(RESULTS, measure(given, given.folder.resolve()))
    shutil.rmtree(given.folder)
    log.info("%s", line)
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_500_000, help="messages of the backlog")
    options.add_argument("--rate", type=int, default=1_000, help="messages a second, then")
    options.add_argument("--seconds", type=int, default=180, help="how long")
    options.add_argument("--folder", type=Path, default=Path("bench-stream-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
