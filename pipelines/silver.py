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
    add_flag(declared, "remap", "validate all records again (default: false)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.monitor import rejections
    from goldrun.jobs.refine import mappings, silver

    refined = silver.run(ctx, replay=given.replay, remap=given.remap)
    mappings.report(ctx)
    rejections.log_reasons(ctx, refined)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "silver"))
