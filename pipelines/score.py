"""Score all customers anew with a model's champion, and list them in a CSV file."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import EXPERIMENTS
from goldrun.learning.models import MODELS, check_name
from pipelines._command import run_script
from pipelines._options import add_as_of, add_flag, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date of the features (default: the day after the observed end)")
    declared.add_argument("--model", default="churn", help=f"one of {', '.join(MODELS)}")
    declared.add_argument(
        "--csv", default="", help="file to list the scores in, for a spreadsheet (default: none)"
    )
    add_flag(
        declared,
        "accept-alias",
        "score with the version that has the alias although it is not champion by the ledger",
    )
    return declared


def experiment_of(given: argparse.Namespace) -> str:
    """Return the experiment of the model."""
    return EXPERIMENTS[check_name(given.model)]


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Run the command with its options."""
    from goldrun.jobs.score import score

    score.run(ctx, given.model, given.as_of, given.csv, accept_alias=given.accept_alias)


if __name__ == "__main__":
    sys.exit(run_script(options(), work, "score", experiment_of))
