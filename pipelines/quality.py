"""Measure data quality on what was written: rules, duplicates, nulls, and every record's fate."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import DATA_QUALITY
from pipelines._command import run_script
from pipelines._options import parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    return parser(__doc__)


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.monitor import quality, rejections

    report = quality.measure(ctx)
    quality.record(ctx, report)
    rejections.raise_verdict(ctx, report)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, DATA_QUALITY))
