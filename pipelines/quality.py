"""Measure data quality on what was written: rules, duplicates, nulls, and every record's fate."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines._command import parser, run_script
from pipelines.steps.names import DATA_QUALITY

if TYPE_CHECKING:
    from pipelines.steps.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    return parser(__doc__)


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Do what the options say."""
    from pipelines.steps import quality, refusals

    report = quality.measure(ctx)
    quality.record(ctx, report)
    refusals.raise_verdict(ctx, report)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, DATA_QUALITY))
