"""Train the churn model on earlier dates, test it at as_of, and let the gate decide."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import CHURN, CHURN_EXPERIMENT
from pipelines._command import add_as_of, parser, run_script

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "test origin (default: the latest with a complete label window)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Do what the options say."""
    from goldrun.jobs.train import churn, training

    training.tell(churn.train(ctx, given.as_of))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, CHURN, CHURN_EXPERIMENT))
