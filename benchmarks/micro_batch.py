"""Measure a micro-batch of 1,000 rows with few and with many rows in silver.

    make bench-batch SIZES=100000,1000000,10000000

Adds lines to benchmarks/stream.md. That page explains the method.
"""

import argparse
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.filled_lake import fill, micro_batch
from benchmarks.results import add_line, machine, today
from benchmarks.stream import RESULTS, end_on_termination
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.base import Engine
from goldrun.io.engines.choose import open_engine
from goldrun.io.engines.spark.engine import SparkEngine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.aggregate.activity import tables_followed
from goldrun.jobs.aggregate.progress import find_state, record_progress, record_tables
from goldrun.jobs.aggregate.updater import GoldUpdater
from goldrun.jobs.context import Context, step
from goldrun.jobs.names import SEGMENTATION
from goldrun.jobs.refine import silver
from goldrun.jobs.score.scorer import Scorer
from goldrun.jobs.stream.micro_batch import MicroBatches
from pipelines._console import log_to_console

log = logging.getLogger("goldrun")

ROWS = 1_000
WARM_UP = 3
MEASURED = 7
KEYS = ("time-ordered", "random")
LAYERS = ("bronze", "silver", "gold")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Cost:
    """Median seconds of micro-batches: in all, and by layer."""

    seconds: float
    layers: dict[str, float]


def measure_one(ctx: Context, stored: int, *, random_keys: bool) -> Cost:
    """Process micro-batches through all layers."""
    spark, tracker = ctx.lake.session, ctx.tracker
    updater = GoldUpdater(tracker.run_id, Scorer(SEGMENTATION))
    updater.backfill(replace(ctx, now=_now()))
    batches = MicroBatches(ctx, updater, tracker.series(), None, _now)
    seconds = []
    for n in range(WARM_UP + MEASURED):
        # A multiple of a thousand, because the rejected and repeated rows depend on it.
        first = -(-stored // ROWS) * ROWS + n * ROWS
        rows = micro_batch(spark, first, ROWS, random_keys=random_keys)
        began = time.monotonic()
        batches.handle(rows, n)
        seconds.append(time.monotonic() - began)
    return Cost(median(seconds[WARM_UP:]), {name: _layer(tracker, name) for name in LAYERS})


def _layer(tracker: Tracker, name: str) -> float:
    """Compute the median seconds of a layer over the newest batches, as the stream logged them."""
    logged = tracker.client.get_metric_history(tracker.run_id, f"{name}_seconds")
    newest = sorted(logged, key=lambda metric: metric.timestamp)[-MEASURED:]
    return median(metric.value for metric in newest)


def measure_size(
    new_context: Callable[[str], Context], stored: int, kinds: Sequence[str]
) -> dict[str, Cost]:
    """Fill a lake for each kind of key and measure it.

    Gold has no keys of transactions, so it is computed once and copied for the other kinds.
    """
    found: dict[str, Cost] = {}
    for kind in kinds:
        ctx, random_keys = new_context(f"{stored}-{kind}"), kind == "random"
        with step(f"filling silver with {stored:,} rows, {kind} keys"):
            fill(ctx, stored, random_keys=random_keys)
        _compute_gold(ctx, Path(ctx.lake.root).parent / f"{stored}-gold")
        found[kind] = measure_one(ctx, stored, random_keys=random_keys)
        check_closed(ctx)
        shutil.rmtree(ctx.lake.root)
    return found


def _compute_gold(ctx: Context, kept: Path) -> None:
    """Copy gold from a folder, or compute it and keep a copy there."""
    gold = f"{ctx.lake.root}/gold"
    if kept.exists():
        shutil.copytree(kept, gold)
        record_tables(ctx, find_state(ctx), ctx.tracker.run_id)
        record_progress(ctx, ctx.lake.versions(tables_followed(ctx)), ctx.tracker.run_id)
    else:
        gold_tables.run(ctx)
        shutil.copytree(gold, kept)


def check_closed(ctx: Context) -> None:
    """Raise SystemExit when a record has no fate, or two."""
    with step("accounting"):
        if not all(account.closed for account in silver.accounts(ctx).values()):
            raise SystemExit("the accounting is not closed")


def measure(
    engine: Engine, tracker: Tracker, folder: Path, sizes: Sequence[int], kinds: Sequence[str]
) -> dict[str, list[Cost]]:
    """Measure the cost of a micro-batch by kind of key, one for each size."""
    source = load_source("kafka")

    def new_context(name: str) -> Context:
        return Context(Lake(engine, str(folder / name)), tracker, source, _now())

    found: dict[str, list[Cost]] = {kind: [] for kind in kinds}
    for stored in sizes:
        for kind, cost in measure_size(new_context, stored, kinds).items():
            found[kind].append(cost)
            log.info("  %s rows, %s keys: %s", f"{stored:,}", kind, cost)
    return found


def publish(found: Mapping[str, Sequence[Cost]], sizes: Sequence[int]) -> None:
    """Add a line for each kind of key, and one for each size with the layers' shares."""
    for kind, costs in found.items():
        cells = {"date": today(), "keys": kind}
        cells |= {f"{n:,} rows": f"{c.seconds:.2f} s" for n, c in zip(sizes, costs, strict=True)}
        ratio = f"{costs[-1].seconds / costs[0].seconds:.2f}"
        log.info("%s", add_line(RESULTS, cells | {"last / first": ratio, "machine": machine()}))
    for kind, costs in found.items():
        for n, cost in zip(sizes, costs, strict=True):
            cells = {"date": today(), "keys": kind, "rows in silver": f"{n:,}"}
            cells |= {name: f"{seconds:.2f} s" for name, seconds in cost.layers.items()}
            log.info("%s", add_line(RESULTS, cells | {"machine": machine()}))


def main() -> int:
    """Measure, and add a line for each kind of key."""
    log_to_console()
    end_on_termination()
    given = _options().parse_args()
    sizes, kinds = sorted(map(int, given.sizes.split(","))), given.keys.split(",")
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    folder = given.folder.resolve()
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    tracker = Tracker()
    with tracker.run("benchmark", "benchmark"), open_engine(SparkEngine, "benchmark") as engine:
        found = measure(engine, tracker, folder, sizes, kinds)
    publish(found, sizes)
    shutil.rmtree(given.folder)
    return 0


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", default="100000,1000000,10000000", help="rows in silver")
    options.add_argument("--keys", default=",".join(KEYS), help=" and ".join(KEYS))
    options.add_argument("--folder", type=Path, default=Path("bench-batch-lake"))
    return options


if __name__ == "__main__":
    sys.exit(main())
