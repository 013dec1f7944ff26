"""Read the files that are new into bronze: raw text with lineage, one commit an entity."""

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
    add_flag(declared, "reread", "read all files again, also those in bronze (default: false)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.ingest import bronze, reread

    if given.reread:
        reread.run(ctx)
    else:
        bronze.run(ctx)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "bronze"))
