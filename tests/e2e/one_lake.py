"""Compute a lake from files to gold with the engine that the environment names."""

import sys
from pathlib import Path

from goldrun.io.delta.lake import Lake
from goldrun.io.engines.choose import engine_for, open_engine
from goldrun.io.settings import load_source
from goldrun.io.tracking.runs import Tracker
from goldrun.jobs.aggregate import gold_tables
from goldrun.jobs.context import Context
from goldrun.jobs.ingest import bronze
from goldrun.jobs.refine import silver
from pipelines._console import log_to_console
from tests.conftest import NOW


def main(source: str, root: str) -> None:
    log_to_console()
    tracker = Tracker()
    with tracker.run("one lake", "one lake"), open_engine(engine_for(root)) as engine:
        ctx = Context(Lake(engine, root), tracker, load_source(source), NOW)
        bronze.run(ctx)
        silver.run(ctx)
        gold_tables.run(ctx)


if __name__ == "__main__":
    main(sys.argv[1], str(Path(sys.argv[2]).resolve()))
