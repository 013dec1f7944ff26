"""Everything: raw files to bronze, silver and gold, then quality, drift, models and the gate."""

import argparse
import sys
from typing import TYPE_CHECKING

from pipelines._command import run_script
from pipelines._options import add_as_of, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "test origin of churn (default: the latest with complete labels)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.workflow import workflow

    workflow.run(ctx, given.as_of)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "workflow"))
