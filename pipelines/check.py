"""Check a source on the first rows of its files: no lake and no run are written."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from pipelines._command import run_alone
from pipelines._console import show
from pipelines._options import add_rows, source_parser


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = source_parser(__doc__)
    add_rows(declared)
    return declared


def work(given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.io.engines.choose import open_engine
    from goldrun.io.engines.sail.engine import SailEngine
    from goldrun.io.settings import load_source
    from goldrun.jobs.check import report
    from goldrun.jobs.check.check import check_source
    from goldrun.medallion.source_columns import check_mapping

    source = load_source(given.source, given.path)
    check_mapping(source)
    with open_engine(SailEngine) as engine:
        checked = check_source(engine, source, given.rows, datetime.now(UTC))
        show(report.lines_of(checked))
    report.raise_too_many(checked)


if __name__ == "__main__":
    sys.exit(run_alone(options(), work))
