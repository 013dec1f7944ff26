"""goldrun itself: bronze, silver and gold in one session, as the workflow runs them."""

import contextlib
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.contenders import Steps
from benchmarks.feed import settings_of
from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from pipelines._console import log_to_console


def main(feed: Path, lake: Path, as_of: date) -> None:
    """Build the lake and report the seconds."""
    log_to_console()
    steps = Steps()
    with steps.step("start"):
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{lake}/mlflow.db"
        source = load_source(str(settings_of(feed)))
        tracker = Tracker()
    with tracker.run("benchmark", "benchmark"), contextlib.ExitStack() as opened:
        with steps.step("start"):
            engine = opened.enter_context(open_engine(engine_for(str(lake))))
        ctx = Context(Lake(engine, str(lake)), tracker, source, datetime.now(UTC))
        with steps.step("bronze"):
            bronze.run(ctx)
        with steps.step("silver"):
            silver.run(ctx)
            if any(not account.closed for account in silver.accounts(ctx).values()):
                raise SystemExit("the accounting is not closed")
        with steps.step("gold"):
            gold_tables.run(ctx, as_of)
    steps.report()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
