"""Remove one person from every table, old file and log of the lake, and prove it by decoding."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines._command import run_script
from pipelines._options import parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    declared.add_argument("--customer-id", required=True, help="who, as silver has the id")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.erase import erase

    erase.run(ctx, given.customer_id)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "erase"))
