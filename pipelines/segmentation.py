"""Group the customers by recency, frequency and spend, and write each one's segment to gold."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import EXPERIMENTS, SEGMENTATION
from pipelines._command import run_script
from pipelines._options import add_as_of, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the features (default: the day after the observed end)")
    return declared


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Train the model."""
    from goldrun.jobs.train import outcome, train

    outcome.finish(train.train(ctx, SEGMENTATION, given.as_of))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, SEGMENTATION, EXPERIMENTS[SEGMENTATION]))
