"""Compute gold from silver: activity per day, features as of a date, the users' table."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines._command import run_script
from pipelines._options import add_as_of, add_flag, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the feature snapshot (default: the day after the observed end)")
    add_flag(declared, "rebuild", "compute all activity again, not what changed (default: false)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.aggregate import gold_tables

    gold_tables.run(ctx, given.as_of, rebuild=given.rebuild)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "gold"))
