"""Refine the bronze records that have no fate yet: silver, history, duplicates, quarantine."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines._command import run_script
from pipelines._options import add_flag, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_flag(declared, "replay", "validate quarantine again (default: false)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.monitor import rejections
    from goldrun.jobs.refine import silver

    rejections.log_above_share(ctx, silver.run(ctx, replay=given.replay))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "silver"))
