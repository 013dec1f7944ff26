"""Train the churn model on earlier dates, test it at as_of, and let the gate decide."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import CHURN, EXPERIMENTS
from pipelines._command import run_script
from pipelines._options import add_as_of, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "test origin (default: the latest with a complete label window)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Train the model."""
    from goldrun.jobs.train import outcome, train

    outcome.finish(train.train(ctx, CHURN, given.as_of))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, CHURN, EXPERIMENTS[CHURN]))
