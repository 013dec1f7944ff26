"""Move the models of a lake from the names that all shops shared to the names of their source."""

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
    declared.add_argument(
        "--lake-was",
        default="",
        help="folder or URI of the lake when the models were trained, if it was moved since",
    )
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.promote import migration

    migration.run(ctx, given.lake_was)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "migrate_registry", mend=True))
