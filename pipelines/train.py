"""Train a model of the registry of models by its name, and let the gate decide."""

import argparse
import sys
from typing import TYPE_CHECKING

from goldrun.jobs.names import EXPERIMENTS
from goldrun.learning.models import MODELS, check_name
from pipelines._command import run_script
from pipelines._options import add_as_of, parser

if TYPE_CHECKING:
    from goldrun.jobs.context import Context


def options() -> argparse.ArgumentParser:
    """Options of the command."""
    declared = parser(__doc__)
    add_as_of(declared, "date that the model is measured at (default: the model's own)")
    declared.add_argument("--model", required=True, help=f"one of {', '.join(MODELS)}")
    return declared


def model_of(given: argparse.Namespace) -> str:
    """Return the name of the model, which its run has as well."""
    return check_name(given.model)


def experiment_of(given: argparse.Namespace) -> str:
    """Return the experiment of the model."""
    return EXPERIMENTS[check_name(given.model)]


def work(ctx: "Context", given: argparse.Namespace) -> None:
    """Train the model."""
    from goldrun.jobs.train import outcome, train

    outcome.finish(train.train(ctx, given.model, given.as_of))


if __name__ == "__main__":
    sys.exit(run_script(options(), work, model_of, experiment_of))
